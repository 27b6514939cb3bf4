# SPDX-License-Identifier: GPL-2.0-or-later
"""A Slurm of one node, with munge, that the test starts and ends."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol")
SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"
LIMIT = 30.0

CONFIGURATION = """
ClusterName=vdma
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
KillWait=5
SchedulerParameters=sched_interval=1
SlurmdParameters=config_overrides
NodeName=vdma NodeHostname={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=512
PartitionName=main Nodes=vdma Default=YES State=UP
"""


def lacks() -> list[str]:
    """Programs that are not installed."""
    return [name for name in PROGRAMS if not shutil.which(name, path=SBIN)]


def _ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return found


class Cluster:
    """Its daemons' output and logs are copied to RUN."""

    def __init__(self, run: Path) -> None:
        self._run = run
        # a socket's name has room for 108 bytes
        self._folder = Path(tempfile.mkdtemp(prefix="vdma-"))
        self._daemons: list[subprocess.Popen[bytes]] = []

    @property
    def environment(self) -> Mapping[str, str]:
        """By which Slurm's programs find it."""
        return {
            "SLURM_CONF": str(self._folder / "slurm.conf"),
            "PATH": f"{os.environ['PATH']}:{SBIN}",
        }

    def __enter__(self) -> Cluster:
        folder = self._folder
        for name in ("state", "spool"):
            (folder / name).mkdir()
        key = folder / "key"
        key.touch(0o600)
        key.write_bytes(os.urandom(128))
        user = pwd.getpwuid(os.geteuid()).pw_name
        text = CONFIGURATION.format(
            host=socket.gethostname(), user=user, ports=_ports(2), folder=folder
        )
        (folder / "slurm.conf").write_text(text, encoding="utf-8")
        files = {
            "key-file": "key",
            "socket": "munge",
            "pid-file": "pid",
            "log-file": "log",
            "seed-file": "seed",
        }
        options = [f"--{option}={folder}/{name}" for option, name in files.items()]
        try:
            self._start("munged", "--force", "--foreground", *options)
            self._until(lambda: (folder / "munge").exists())
            self._start("slurmctld", "-D")
            self._start("slurmd", "-D", "-N", "vdma")
            self._until(lambda: "idle" in self.said("sinfo", "--noheader"))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def said(self, *command: str) -> str:
        """A program of Slurm's; what it prints."""
        done = subprocess.run(
            command,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    def _start(self, name: str, *options: str) -> None:
        with (self._run / f"{name}.out").open("wb") as log:
            daemon = subprocess.Popen(
                [name, *options], env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._daemons.append(daemon)

    def _until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + LIMIT
        while not condition():
            assert time.monotonic() < end, "Slurm does not start"
            assert not [daemon.args for daemon in self._daemons if isinstance(daemon.poll(), int)]
            time.sleep(0.1)

    def _end(self) -> None:
        self.said("scancel", "--full", "--user", pwd.getpwuid(os.geteuid()).pw_name)
        for daemon in reversed(self._daemons):
            daemon.terminate()
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for log in self._folder.glob("*.log"):
            shutil.copy(log, self._run)
        shutil.rmtree(self._folder)
