# SPDX-License-Identifier: GPL-2.0-or-later
"""The other end of the guests' networks: netserver on the host's loopback device."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from tests.lib.build import parts
from tests.lib.host.process import Closing, start

START_LIMIT = 10.0


class Netserver(Closing):
    """Runs while the with statement does. `port` is where."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        root = parts.part("bench-ppc64le") / "host"
        command: list[str | Path] = [root / "ld.so", "--library-path", root, root / "netserver"]
        command += ["-D", "-4", "-L", "127.0.0.1", "-p", str(self.port)]
        self._process = start(command, folder / "netserver.log")
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def _wait(self) -> None:
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1.0).close()
                return
            except OSError:
                time.sleep(0.05)
        raise parts.Missing("netserver did not start (netserver.log)")

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
