# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one QEMU and makes sure that it ends, however we end."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.lib.host.process import Closing, start
from tests.lib.machine.qmp import Qmp, QmpError

# A kernel writes this when it meets a bug, its own or ours.
TROUBLE = re.compile(r"\b(WARNING|BUG|Oops|Kernel panic)\b")


class QemuError(Exception):
    """The emulator did not start, was too slow, or ended badly."""


def find_trouble(log: str) -> list[str]:
    """Lines of a guest's console that report trouble, each once."""
    lines = (line.strip() for line in log.splitlines() if TROUBLE.search(line))
    return list(dict.fromkeys(lines))


class Qemu(Closing):
    """A running QEMU, to be used in a with statement, which ends it.

    RUN is a folder for the logs. With a TERMINAL, QEMU has ours. With TALK, which
    is options of a character device, `channel` is that device's other end.
    """

    def __init__(
        self, command: Sequence[str], run: Path, terminal: bool = False, talk: str = ""
    ) -> None:
        self._errors = run / "qemu.log"
        self._started = time.monotonic()
        ours, theirs = socket.socketpair()
        control = ["-chardev", f"socket,id=qmp,fd={theirs.fileno()}"]
        control += ["-mon", "chardev=qmp,mode=control"]
        self.channel, spoken = socket.socketpair() if talk else (None, None)
        passed = [end for end in (theirs, spoken) if end]
        if spoken:
            control += ["-chardev", f"socket,fd={spoken.fileno()},{talk}"]
        with ExitStack() as ends:
            for end in passed:
                ends.enter_context(end)
            self.process = start(
                [*command, *control],
                self._errors,
                pass_fds=[end.fileno() for end in passed],
                **({"stdin": None, "stdout": None} if terminal else {}),
            )
        self.qmp = Qmp(ours)

    def close(self) -> None:
        """End it now; harmless if it has ended."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.qmp.close()
        if self.channel:
            self.channel.close()

    def running(self) -> bool:
        """Is it still there?"""
        return self.process.poll() is None

    def seconds(self) -> float:
        """Time since it was started."""
        return time.monotonic() - self._started

    def wait(self, limit: float | None) -> None:
        """Wait for its end, at most LIMIT seconds from its start."""
        left = None if limit is None else max(0.0, limit - self.seconds())
        try:
            status = self.process.wait(left)
        except subprocess.TimeoutExpired:
            self.examine()
            self.close()
            raise QemuError(
                f"the guest had not ended after {limit:.0f} s and was killed"
            ) from None
        if status != 0:
            raise QemuError(f"QEMU ended with status {status}: {self.last_words()}")

    def examine(self) -> None:
        """Write the state of a guest that hangs to hung.log: its CPUs' registers, and
        interrupts that are pending or masked."""
        found = []
        for line in ("info registers -a", "info pic"):
            try:
                found.append(self.qmp.monitor(line))
            except QmpError as error:
                found.append(f"{line}: {error}\n")
        self._errors.with_name("hung.log").write_text("".join(found))

    def memory(self) -> Path:
        """The file of its memory-backend-memfd, for others to read."""
        for fd in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # it may have been closed meanwhile
                if os.readlink(fd).startswith("/memfd:memory-backend-memfd"):
                    return fd
        raise QemuError("cannot find the guest's memory: no memfd")

    def dump_tree(self, file: Path) -> None:
        """Write the machine's device tree as QEMU has it now."""
        self.qmp.command("dumpdtb", filename=str(file))

    def last_words(self) -> str:
        """The last line that QEMU itself has written."""
        lines = self._errors.read_text(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "no message")
