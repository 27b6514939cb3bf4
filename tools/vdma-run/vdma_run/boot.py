# SPDX-License-Identifier: GPL-2.0-or-later
"""vdma-run boot and vdma-run secure: boot, do I/O on every device, print the table.

Exit status: 0 good; 1 bad, a line for each problem; 125 cannot be judged: a
part does not build, the guest did not get to its script, no device could be tried;
128 wrong usage, or a file or folder that cannot be used; 129 internal error; 128 + N ended
by signal N, 130 is Ctrl-C.
"""

from __future__ import annotations

import argparse
import math
import os
import shlex
import sys
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread

from tests.lib.build import kernels, policy, rows
from tests.lib.build.kernels import Kernel
from tests.lib.build.modules import KernelModules
from tests.lib.build.parts import RUNS, Missing, Unfit, Wrong
from tests.lib.guest import secure as secure_guests
from tests.lib.guest.device_table import format_table, write_json
from tests.lib.guest.linux import HARD_LIMIT, Guest, GuestImage, Result
from tests.lib.host import runs
from tests.lib.machine import emulators, versions
from tests.lib.machine.devices import Device
from tests.lib.machine.emulators import Emulator
from tests.lib.machine.pseries import Machine
from vdma_run import boot_results, choice, results, status
from vdma_run.boot_results import Outcome
from vdma_run.program import Parser

END_OF_FILE = b"\4"

# How a problem begins: the kernel has refused our module.
NOT_LOADED = "guest: insmod virtio_dma_policy:"

# The option of the kernel that a device's driver has, and its module.
DRIVERS = {
    "virtio_blk": "VIRTIO_BLK",
    "virtio_net": "VIRTIO_NET",
    "virtio_scsi": "SCSI_VIRTIO",
    "virtio_rng": "HW_RANDOM_VIRTIO",
    "virtio_pci": "VIRTIO_PCI",
    "e1000": "E1000",
}


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


def parser(name: str) -> argparse.ArgumentParser:
    """The command line."""
    found = Parser(prog=f"vdma-run {name}", description=(__doc__ or "").partition("\n")[0])
    add = found.add_argument
    default = rows.kernels(rows.EVERYDAY, secure_ones=name == "secure")[0]
    choice.add_options(found, default, emulators.USUAL, no_module=True)
    add("--firmware", choices=("rom", "nvramrc", "none"), default="",
        help="how our plugin gets into SLOF (rom if it is in the image, else nvramrc)")
    add("--append", default=os.environ.get("VDMA_APPEND", ""), metavar="TEXT",
        help="for the kernel's command line ($VDMA_APPEND)")
    add("--cpu", help="(power9; with --accel kvm, host)")
    add("--smp", type=_number, default=Machine.smp, metavar="N", help="CPUs (%(default)s)")
    add("--memory", type=_number, default=Machine.mem_mib, metavar="MIB", help="(%(default)s)")
    add("--accel", choices=("tcg", "kvm"), default="tcg", help="(%(default)s)")
    add("--run", type=Path, metavar="DIR", help=f"folder for the logs (a fresh one in {RUNS}/boot)")
    boot_results.add_options(found)
    add("--script", type=Path, metavar="FILE", help="have the guest run this instead of boot.sh")
    add("--shell", action="store_true", help="stay at a prompt")
    add("--gdb", action="store_true", help="have QEMU wait for a debugger")
    add("--limit", type=_seconds, default=HARD_LIMIT, metavar="SECONDS",
        help="kill a guest that runs longer (%(default).0f; not with --shell or --gdb)")
    return found  # fmt: skip


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: want a number from 1 on")
    return int(text)


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: want a number of seconds")
    return found


@dataclass
class Boot:
    """A machine to boot. SKIPPED are the devices that these parts cannot try, with reasons."""

    options: argparse.Namespace
    kernel: Kernel
    emulator: Emulator
    machine: Machine
    skipped: dict[str, str] = field(default_factory=dict)


def _kernel(found: Mapping[str, str], secure: bool) -> Kernel:
    default = kernels.default_secure() if secure else kernels.default()
    asked = found.get("kernel", default)
    kernel = kernels.of(kernels.secure(asked) if secure else asked)
    if "modules" in found:
        kernel = kernels.with_modules(kernel, Path(found["modules"]))
    if "module" in found:
        kernel = kernels.with_module(kernel, Path(found["module"]))
    return kernel


def _emulator(found: Mapping[str, str]) -> Emulator:
    asked = found.get("qemu", emulators.USUAL)
    if rows.has("qemus", asked) and rows.flavour(asked) == "tsan":
        raise Wrong(f"QEMU {asked} boots only in make check-tsan")
    emulator = emulators.named(asked)
    return emulators.with_slof(emulator, Path(found["slof"])) if "slof" in found else emulator


def _lacks(kernel: Kernel, driver: str) -> str:
    """Why a kernel has no such driver; empty if it has, or nothing tells."""
    name = DRIVERS[driver]
    value = kernel.option(name)
    if not kernel.config or value == "y":
        return ""
    if not value:
        return f"the kernel has no CONFIG_{name}"
    if not kernel.modules:
        raise Wrong(f"kernel {kernel.name} has {driver} as a module, and no modules (--modules)")
    there = any(True for _ in KernelModules(kernel).closure(driver))
    return "" if there else f"{kernel.modules} has no {driver}"


def _why_not(kernel: Kernel, device: Device, secure: bool) -> str:
    """Why a device cannot be tried."""
    if secure and device.f is None:
        return "Linux shares no rings of a device with 32 address bits"
    return _lacks(kernel, device.driver)


def prepare(options: argparse.Namespace, secure: bool) -> Boot:
    """The machine that the command line describes."""
    found = choice.parts(options)
    # a row that is for secure VMs only
    asked = found.get("kernel", "")
    secure = secure or (rows.has("kernels", asked) and rows.is_secure(asked))
    kernel, emulator = _kernel(found, secure), _emulator(found)
    if reason := _lacks(kernel, "virtio_pci"):
        raise Unfit(f"cannot boot kernel {kernel.name}: {reason}")
    skipped = {d.name: why for d in Machine.devices if (why := _why_not(kernel, d, secure))}
    if len(skipped) == len(Machine.devices):
        raise Unfit(f"no device can be tried: {next(iter(skipped.values()))}")
    machine = Machine(
        kernel=kernel,
        qemu=emulator,
        firmware=options.firmware,
        append=options.append,
        accel="kvm" if options.accel == "kvm" else Machine.accel,
        cpu=options.cpu or ("host" if options.accel == "kvm" else Machine.cpu),
        smp=options.smp,
        mem_mib=options.memory,
        devices=tuple(device for device in Machine.devices if device.name not in skipped),
    )
    machine = secure_guests.secured(machine) if secure else machine
    machine.check_fits()
    if not options.no_module:
        policy.module(kernel)
    return Boot(options, kernel, emulator, machine, skipped)


def _wait_for_debugger(boot: Boot, folder: Path) -> Boot:
    socket = folder / "gdb"
    socket.unlink(missing_ok=True)
    print(f"gdb {shlex.quote(str(boot.kernel.image))} -ex 'target remote {socket}'", flush=True)
    args = (*boot.machine.args, "-S", "-gdb", f"unix:{socket},server=on,wait=off")
    return replace(boot, machine=replace(boot.machine, args=args))


def run(boot: Boot, folder: Path) -> Result:
    """Boot; FOLDER gets the logs."""
    options = boot.options
    if options.gdb:
        boot = _wait_for_debugger(boot, folder)
    image = GuestImage(
        policy=not options.no_module,
        script=options.script.read_bytes() if options.script else None,
        interactive=options.shell,
        piped=options.shell and not os.isatty(0),
    )
    typist = Typist() if image.piped else None
    limit = None if options.shell or options.gdb else options.limit
    with Guest(boot.machine, folder, image) as guest:
        if typist and guest.until(lambda: bool(guest.report().all("ready")), options.limit):
            typist.start()
        elif typist:
            limit = options.limit
        result = guest.finish(limit, partial=bool(options.script))
    if boot.machine.secure():
        seen = [violation.text() for violation in secure_guests.violations(folder)]
        result.problems[:] = result.left(secure_guests.KNOWN_WARNINGS) + seen
    return result


def judge(result: Result) -> int:
    """The exit status."""
    if not result.problems:
        return status.GOOD
    judged = result.begun and not any(p.startswith(NOT_LOADED) for p in result.problems)
    return status.BAD if judged else status.UNJUDGED


def tell(boot: Boot, result: Result, folder: Path) -> int:
    """Say what came of it; the exit status."""
    if not boot.options.shell:
        write_json(result.rows, result.versions, folder / "devices.json")
        if result.rows:
            print(format_table(result.rows), versions.text(result.versions), sep="\n\n")
    for name, why in boot.skipped.items():
        print(f"vdma-run: skipped {name}: {why}", file=sys.stderr)
    for problem in result.problems:
        print(f"vdma-run: {problem}", file=sys.stderr)
    code = judge(result)
    if code:
        print(f"vdma-run: log: {folder}/console.log", file=sys.stderr)
    return code


def session(options: argparse.Namespace, secure: bool, outcome: Outcome) -> int:
    """Boot and judge; OUTCOME gets all that is known."""
    boot = prepare(options, secure)
    outcome.skipped = boot.skipped
    if "," in str(options.run or RUNS):
        raise Wrong(f"cannot use {options.run or RUNS}: QEMU takes no comma in the name of a file")
    with runs.use(options.run, RUNS / "boot") as folder:
        (folder / "devices.json").unlink(missing_ok=True)
        outcome.log = str(folder)
        try:
            result = run(boot, folder)
        except OSError as error:
            # writing does not say where
            error.filename = error.filename or str(folder)
            raise
        # without our module no device can be right
        refused = [line for line in result.problems if line.startswith(NOT_LOADED)]
        result.problems[:] = refused or result.problems
        if options.script:
            seen = {row.device for row in result.rows}
            silent = [d.name for d in boot.machine.devices if d.address not in seen]
            boot.skipped.update(dict.fromkeys(silent, f"{options.script} does not report it"))
        outcome.rows, outcome.versions = result.rows, result.versions
        outcome.problems, outcome.seconds = result.problems, result.seconds
        return tell(boot, result, folder)


def whole(name: str, arguments: Sequence[str]) -> int:
    """One command, reports included."""
    options = parser(name).parse_args(arguments)
    results.need_writable([options.json, options.junit, options.tap])
    outcome = Outcome(name, arguments, Machine.devices)
    terminal = termios.tcgetattr(0) if options.shell and os.isatty(0) else None
    try:
        code = session(options, name == "secure", outcome)
    except (Missing, Unfit) as error:
        outcome.problems = [str(error)]
        outcome.write(options, status.UNJUDGED)
        raise
    finally:
        if terminal is not None:
            # QEMU makes it raw, and cannot restore it when it is killed
            termios.tcsetattr(0, termios.TCSADRAIN, terminal)
    outcome.write(options, code)
    return code


def boot(arguments: Sequence[str]) -> int:
    """vdma-run boot."""
    return whole("boot", arguments)


def secure(arguments: Sequence[str]) -> int:
    """vdma-run secure."""
    return whole("secure", arguments)
