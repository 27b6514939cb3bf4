# SPDX-License-Identifier: GPL-2.0-or-later
"""`make boot` and `make shell`: boot, do I/O on every device, print the table.

Run from the top of the tree: python3 -m tests.lib.guest.boot --help
Exit status: 0 all is right, 1 something is not (a line each), 2 cannot boot.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import termios
from dataclasses import replace
from pathlib import Path
from threading import Thread

from tests.lib.build import parts, rows
from tests.lib.guest import secure
from tests.lib.guest.device_table import format_table, write_json
from tests.lib.guest.linux import HARD_LIMIT, Guest, GuestImage, Result
from tests.lib.host import runs
from tests.lib.machine import versions
from tests.lib.machine.pseries import Machine

END_OF_FILE = b"\4"


class Typist:
    """Types a pipe's or a file's commands at a guest's shell.

    SLOF discards keys while it starts, so they are held back until the guest is ready.
    QEMU does not tell a guest that its input has ended: a Ctrl-D does
    (tests/linux/boot.sh). QEMU has to be started after this, which replaces standard
    input.
    """

    def __init__(self) -> None:
        self._source = os.dup(0)
        theirs, self._keys = os.pipe()
        os.dup2(theirs, 0)
        os.close(theirs)

    def start(self) -> None:
        """Type, in the background; there is somebody who reads."""
        Thread(target=self._type, daemon=True).start()

    def _type(self) -> None:
        last = b"\n"
        while text := os.read(self._source, 1024):
            self._press(text)
            last = text[-1:]
        # at the end of a line only, it is the end
        self._press(END_OF_FILE if last == b"\n" else b"\n" + END_OF_FILE)

    def _press(self, keys: bytes) -> None:
        while keys:
            keys = keys[os.write(self._keys, keys) :]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="boot", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--kernel",
        choices=rows.kernels(),
        default=rows.default_kernel(),
        metavar="ROW",
        help=f"of mk/kernels: {' '.join(rows.kernels())} (%(default)s)",
    )
    parser.add_argument(
        "--qemu",
        choices=rows.qemus(),
        default="vdma",
        metavar="ROW",
        help=f"of mk/qemus: {' '.join(rows.qemus())} (%(default)s)",
    )
    parser.add_argument(
        "--firmware",
        choices=("rom", "nvramrc", "none"),
        default="",
        help="how our plugin gets into SLOF (vdma: rom, stock: nvramrc)",
    )
    parser.add_argument(
        "--append",
        default=os.environ.get("VDMA_APPEND", ""),
        help="for the kernel's command line ($VDMA_APPEND)",
    )
    parser.add_argument("--cpu", default=Machine.cpu, help="(%(default)s)")
    parser.add_argument("--smp", type=int, default=Machine.smp, help="(%(default)s)")
    parser.add_argument(
        "--mem", type=int, default=Machine.mem_mib, metavar="MIB", help="(%(default)s)"
    )
    parser.add_argument(
        "--no-policy", action="store_true", help="boot without our module"
    )
    parser.add_argument("--script", type=Path, help="run this instead of boot.sh")
    parser.add_argument("--shell", action="store_true", help="stay at a prompt")
    parser.add_argument(
        "--limit",
        type=float,
        default=HARD_LIMIT,
        metavar="SECONDS",
        help="kill a guest that runs longer (%(default).0f; not with --shell)",
    )
    parser.add_argument(
        "--run", type=Path, metavar="DIR", help="folder for the logs (a fresh one in build/boot)"
    )
    options = parser.parse_args()
    os.environ["VDMA_QEMU"] = options.qemu
    if rows.role(options.qemu) == "tsan":
        parser.error(f"QEMU {options.qemu} boots only in make check-tsan")
    if rows.is_secure(options.kernel) and rows.role(options.qemu) != "vdma":
        parser.error(f"QEMU {options.qemu} has no ultravisor")
    return options


def run(options: argparse.Namespace, folder: Path) -> Result:
    """Boot as the command line says; FOLDER gets the logs."""
    machine = Machine(
        kernel=options.kernel,
        qemu=rows.role(options.qemu),
        firmware=options.firmware,
        append=options.append,
        cpu=options.cpu,
        smp=options.smp,
        mem_mib=options.mem,
    )
    if rows.is_secure(options.kernel):
        # Linux shares no rings of a device with 32 address bits, such as the e1000
        virtio = tuple(device for device in machine.devices if device.f is not None)
        machine = secure.secured(replace(machine, devices=virtio))
    image = GuestImage(
        policy=not options.no_policy,
        script=options.script.read_text() if options.script else None,
        interactive=options.shell,
        piped=options.shell and not os.isatty(0),
    )
    typist = Typist() if image.piped else None
    limit = None if options.shell else options.limit
    with Guest(machine, folder, image) as guest:
        if typist and guest.until(lambda: bool(guest.report().all("ready")), options.limit):
            typist.start()
        elif typist:
            limit = options.limit
        result = guest.finish(limit)
    if machine.secure():
        seen = [violation.text() for violation in secure.violations(folder)]
        result.problems[:] = result.left(secure.KNOWN_WARNINGS) + seen
    return result


def stop(number: int, _frame: object) -> None:
    """End by way of the with statements, which end QEMU."""
    sys.exit(128 + number)


def tell(result: Result, options: argparse.Namespace, folder: Path) -> int:
    """Say what came of it; the exit status."""
    if not options.shell:
        write_json(result.rows, result.versions, folder / "devices.json")
        if result.rows:
            print(format_table(result.rows), versions.text(result.versions), sep="\n\n")
    for problem in result.problems:
        print(f"boot: {problem}", file=sys.stderr)
    if result.problems:
        print(f"boot: log: {folder}/console.log", file=sys.stderr)
    return 1 if result.problems else 0


def main() -> int:
    """Run, then say what came of it."""
    options = arguments()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    terminal = termios.tcgetattr(0) if options.shell and os.isatty(0) else None
    try:
        with runs.use(options.run, parts.BUILD / "boot") as folder:
            (folder / "devices.json").unlink(missing_ok=True)
            result = run(options, folder)
            return tell(result, options, folder)
    except KeyboardInterrupt:
        print("boot: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except (parts.Missing, OSError) as error:
        print(f"boot: {error}", file=sys.stderr)
        return 2
    finally:
        if terminal is not None:
            # QEMU makes it raw, and cannot restore it when it is killed
            termios.tcsetattr(0, termios.TCSADRAIN, terminal)


if __name__ == "__main__":
    sys.exit(main())
