# SPDX-License-Identifier: GPL-2.0-or-later
"""DPDK's testpmd, as the other end of a network card over vhost-user.

It sends each frame back with its two addresses swapped, and has an IOTLB of its own: a
data plane that was not made for our tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.lib.build.parts import Missing
from tests.lib.host.process import start, until

# It polls: it must not take the guest's CPU from it.
NICE = 5
START_LIMIT = 60.0

# On a miss in its IOTLB it does not wait for the answer: without more tries it
# would drop the frame.
COMMANDS = """\
set fwd macswap retry
set burst tx delay 50 retry 20000
start
"""


class Testpmd:
    """For one card: at PATH, and at OTHER for the QEMU that the card moves to. (DPDK
    looks for a new socket once a second; these two are there from the start.) Needs
    neither huge pages nor root."""

    __test__ = False

    def __init__(self, run: Path) -> None:
        program = shutil.which("dpdk-testpmd")
        if program is None:
            raise Missing("Debian's package dpdk-dev is not installed")
        # A socket's path is short.
        self._folder = Path(tempfile.mkdtemp(prefix="vdma-"))
        self.path, self.other = (self._folder / name for name in ("net0", "net1"))
        command = ["nice", "-n", str(NICE), program, "--no-huge", "-m", "64", "--no-pci"]
        command += ["--no-telemetry", f"--file-prefix={self._folder.name}"]
        for number, path in enumerate((self.path, self.other)):
            command += ["--vdev", f"net_vhost{number},iface={path},iommu-support=1"]
        script = self._folder / "commands"
        script.write_text(COMMANDS, encoding="ascii")
        command += ["--", "--interactive", f"--cmdline-file={script}"]
        command += ["--port-topology=loop", "--total-num-mbufs=4096"]
        self._process = start(
            command,
            run / "testpmd.log",
            stdin=subprocess.PIPE,
            env={**os.environ, "XDG_RUNTIME_DIR": str(self._folder)},
        )
        until(lambda: self.other.exists() or self._process.poll() is not None, START_LIMIT)
        if not self.other.exists():
            self.close()
            raise Missing(f"testpmd has not started; see {run}/testpmd.log")

    def move(self) -> None:
        """Exchange the two."""
        self.path, self.other = self.other, self.path

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdin
        self._process.stdin.close()
        shutil.rmtree(self._folder, ignore_errors=True)
