# SPDX-License-Identifier: GPL-2.0-or-later
"""A client for QMP, QEMU's control channel: one JSON object a line."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterable
from typing import Any


class QmpError(Exception):
    """QEMU refused a command, or is gone."""


class Qmp:
    """The other end of a socket that QEMU has inherited."""

    def __init__(self, channel: socket.socket, limit: float = 60.0) -> None:
        self._socket = channel
        self._socket.settimeout(limit)
        self._lines = channel.makefile("r", encoding="utf-8")
        self._events: list[dict[str, Any]] = []
        self._ready = False

    def command(self, name: str, /, **arguments: Any) -> Any:
        """Run a command and return what QEMU returns for it."""
        if not self._ready:
            self._ready = True
            self._read()  # the greeting
            self.command("qmp_capabilities")
        request = {"execute": name, "arguments": arguments}
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise QmpError(f"{name}: {error}") from error
        while True:
            answer = self._read()
            if "error" in answer:
                raise QmpError(f"{name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
            self._events.append(answer)

    def monitor(self, line: str) -> str:
        """The output of a command of the human monitor."""
        text = self.command("human-monitor-command", **{"command-line": line})
        return str(text).replace("\r", "")

    def wait_event(self, name: str) -> dict[str, Any]:
        """The next event of a kind; earlier events are dropped."""
        while True:
            message = self._events.pop(0) if self._events else self._read()
            if message.get("event") == name:
                return message

    def wait_deleted(self, names: Iterable[str], limit: float = 60.0) -> None:
        """Wait until QEMU says of all these devices that they are gone."""
        left = set(names)
        end = time.monotonic() + limit
        while left and time.monotonic() < end:
            left.discard(str(self.wait_event("DEVICE_DELETED")["data"].get("device")))
        assert not left

    def close(self) -> None:
        """Close the channel; QEMU goes on."""
        self._lines.close()
        self._socket.close()

    def _read(self) -> dict[str, Any]:
        try:
            line = self._lines.readline()
        except OSError as error:
            raise QmpError(f"no answer: {error}") from error
        if not line:
            raise QmpError("QEMU closed the channel")
        message: dict[str, Any] = json.loads(line)
        return message
