# SPDX-License-Identifier: GPL-2.0-or-later
"""vdmactl's command line, its output for people, and bad input."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP
from tests.lib.devicetree.vdmactl import dump_tree, on_full_disk, one_line, vdmactl

TOOL = TOP / "tools/vdmactl"

USAGE = {
    "no command": ((), "missing command"),
    "no such command": (("explode",), "explode: unknown command"),
    "no such option": (("explain", "-x", "f"), "explain -x: unknown option or missing argument"),
    "no file": (("explain",), "explain: missing operand FILE"),
    "two files": (("explain", "a", "b"), "explain: missing operand FILE"),
    "file and QMP": (("explain", "--qmp", "s", "f"), "explain: --qmp takes no operand FILE"),
    "QMP without socket": (("explain", "--qmp"), "explain --qmp: unknown option or missing argument"),
    "status, QMP": (("status", "--qmp", "s"), "status --qmp: unknown option or missing argument"),
    "no such fact": (("explain", "-A", "g=1", "f"), "--assume g: unknown fact"),
    "no such value": (("explain", "-A", "f=2", "f"), "--assume f=2: invalid value"),
    "no value": (("explain", "-A", "f", "f"), "--assume f: missing =VALUE"),
    "mask of no bits": (("explain", "-A", "mask=0", "f"), "--assume mask=0"),
    "mask of 65 bits": (("explain", "-A", "mask=65", "f"), "--assume mask=65"),
    "no such mode": (("explain", "-A", "mode=fast", "f"), "--assume mode=fast"),
    "no such answer": (("explain", "-A", "hcall=1", "f"), "--assume hcall=1"),
    "no such windows": (("explain", "-A", "ddw=1", "f"), "--assume ddw=1"),
    "status, option": (("status", "--secure"), "status --secure: unknown option or missing argument"),
    "tag without device": (("tag", "--window", "0,1", "a", "b"), "tag: missing --device PATH"),
    "tag without window": (("tag", "--device", "/", "a", "b"), "tag: missing --window BASE,SIZE"),
    "tag, one file": (
        ("tag", "--device", "/", "--window", "0,1", "a"),
        "tag: missing operand IN or OUT",
    ),
    "untag, window": (
        ("untag", "--window", "0,1", "a", "b"),
        "untag --window: unknown option or missing argument",
    ),
}


@pytest.mark.parametrize("name", USAGE)
def test_usage(name: str) -> None:
    """A usage error exits 2 with a line that names the error and the help."""
    args, says = USAGE[name]
    line = one_line(vdmactl(*args), 2)
    assert says in line and line.endswith("; see vdmactl --help")


def test_help_and_version() -> None:
    """Help and version go to standard output with status 0."""
    for args in (("--help",), ("-h",)):
        done = vdmactl(*args)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("usage: vdmactl explain")
        assert max(map(len, done.stdout.splitlines())) < 80
    done = vdmactl("--version")
    assert re.fullmatch(r"vdmactl \d+\.\d+\.\d+\n", done.stdout)


def synopsis(mdoc: str) -> str:
    """A command's lines of the manual page's synopsis as the help has them."""
    words = []
    for line in mdoc.splitlines():
        text = re.sub(r"\bFl ", "-", re.sub(r"^\.|\b(Op|Ar|Cm) ", "", line))
        text = re.sub(r" Ns | (?=,|\.\.\.)|(?<=\|) | (?=\|)", "", text)
        words.append(f"[{text}]" if line.startswith(".Op ") else text)
    return " ".join(words)


def test_help_has_the_manual_pages_synopses() -> None:
    """Help and manual page list the same commands, options and operands."""
    usage = vdmactl("--help").stdout.partition("\n\n")[0].removeprefix("usage:")
    lines = [" ".join(line.split()).lower() for line in usage.splitlines()]
    page = (TOOL / "vdmactl.1").read_text().split(".Sh SYNOPSIS\n")[1].split(".Sh ")[0]
    wanted = [f"vdmactl {synopsis(text)}".lower() for text in page.split(".Nm\n")[1:]]
    assert lines == wanted


def keys() -> list[str]:
    """All that --assume takes, from the header."""
    text = (TOP / "include/vdma/dt.h").read_text()
    return re.findall(r'^\tX\(\w+,\s+"([\w-]+)"', text, re.MULTILINE)


def complete(*words: str) -> list[str]:
    """bash's completions of the last word."""
    script = (
        f'. {TOOL}/vdmactl.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vdmactl;'
        ' printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", script, "-", *words], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_completion() -> None:
    """bash completes commands, options, facts and their values."""
    assert complete("vdmactl", "t") == ["tag"]
    assert complete("vdmactl", "untag", "--") == ["--device"]
    assert complete("vdmactl", "explain", "-A", "h") == ["hcall="]
    assert complete("vdmactl", "explain", "-A", "hcall", "=", "m") == ["missing"]
    assert complete("vdmactl", "explain", "-A", "f", "=", "1,ddw", "=", "s") == ["small"]


def test_every_fact_is_documented() -> None:
    """Help, manual page and completion list every fact."""
    assert len(keys()) == 12
    text, page = vdmactl("--help").stdout, (TOOL / "vdmactl.1").read_text()
    for key in keys():
        assert re.search(rf"\b{key}=", text), key
        assert f"\n.It Cm {key} Ns =" in page, key
    assert complete("vdmactl", "explain", "-A", "") == [f"{key}=" for key in keys()]


def test_every_json_key_is_documented() -> None:
    """The manual page lists exactly the JSON keys that output.c writes."""
    page = (TOOL / "vdmactl.1").read_text().split(".Sh JSON\n")[1].split(".Sh ")[0]
    documented = re.findall(r"^\.It Cm (\w+)$", page, re.MULTILINE)
    written = re.findall(r'json_object_set_new\(o, "(\w+)"', (TOOL / "output.c").read_text())
    assert sorted(documented) == sorted(written)


@pytest.fixture(name="tree")
def _tree(run: Path) -> Path:
    return dump_tree(run / "guest.dtb", "-device", "virtio-rng-pci,disable-legacy=on")


def test_input_that_is_no_tree(run: Path, tree: Path) -> None:
    """Input that is not a device tree exits 3 with a line that names the file."""
    blob = tree.read_bytes()
    empty, short, text, big = (run / name for name in ("empty", "short", "text", "big"))
    empty.touch()
    short.write_bytes(blob[:-1])
    text.write_text("/dts-v1/;\n/ { };\n" * 9)
    with big.open("wb") as file:
        file.truncate(1 << 40)  # sparse
    unreadable = run / "unreadable"
    unreadable.symlink_to("unreadable")
    cases = {
        empty: "not a flattened device tree",
        text: "device tree source; compile it with dtc -O dtb",
        short: "device tree truncated or damaged",
        big: "File too large",
        run: "Is a directory",
        run / "missing": "No such file or directory",
        unreadable: "Too many levels of symbolic links",
    }
    for file, says in cases.items():
        assert one_line(vdmactl("explain", file), 3) == f"cannot read {file}: {says}"
    done = vdmactl("explain", "-", data=blob[: len(blob) // 2])
    assert one_line(done, 3) == "cannot read standard input: device tree truncated or damaged"
    assert vdmactl("explain", "-", data=blob).returncode == 0


def test_output_that_does_not_arrive(tree: Path) -> None:
    """Output to a full disk exits 3."""
    done = on_full_disk("explain", tree)
    assert done.returncode == 3
    assert done.stderr == "vdmactl: cannot write standard output: No space left on device\n"


def on_terminal(*args: str | Path, **env: str) -> str:
    """Its output on a terminal."""
    master, slave = pty.openpty()
    environ = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    subprocess.run(
        [vdmactl("-h").args[0], *args], stdout=slave, env=environ | env, check=False
    )
    os.close(slave)
    said = b""
    try:
        while chunk := os.read(master, 65536):
            said += chunk
    except OSError:  # all there was has been read
        pass
    os.close(master)
    return said.decode()


def test_colour(tree: Path) -> None:
    """Output has colours on a terminal only, and never with NO_COLOR."""
    assert "\033[" in on_terminal("explain", tree)
    assert "\033[" in on_terminal("explain", tree, NO_COLOR="")
    assert "\033[" not in on_terminal("explain", tree, NO_COLOR="1")
    assert "\033[" not in vdmactl("explain", tree).stdout


def test_verbose(tree: Path) -> None:
    """-v shows the row, modes passed over with advice, and each fact with its source."""
    done = vdmactl("explain", "-v", "-A", "f=1,ddw=small", tree)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].endswith(" virtio_rng")
    assert any("(default-window, row 11 of the table)" in line for line in lines)
    for mode, reason in (("bypass", "hcall-missing"), ("identity", "ddw-too-small")):
        index = next(i for i, line in enumerate(lines) if line.startswith(f"  not {mode}:"))
        assert lines[index].endswith(f"({reason})")
        assert lines[index + 1].startswith("      to change that: ")
    for key in keys():
        assert any(re.match(rf"  {key} +.* \((given|assumed|device tree)\): ", x) for x in lines)


def reasoning(tree: Path, assume: str) -> list[str]:
    """Lines of explain -v, without indentation."""
    done = vdmactl("explain", "-v", "-A", assume, tree)
    assert done.stderr == ""
    return [line.strip() for line in done.stdout.splitlines()]


def test_verbose_says_what_is_refused_and_asked(tree: Path) -> None:
    """-v explains a refusal, a request and a device bound before the module."""
    said = reasoning(tree, "secure=1,quirk=0")
    assert said[2].startswith("mode refuse: ")
    assert said[3].startswith("to change that: iommu_platform=on")
    said = reasoning(tree, "secure=1,f=1")
    assert any(line.endswith("(secure-veto)") for line in said)
    said = reasoning(tree, "f=1,hcall=no,mode=direct")
    assert any(line.startswith("not direct: ") for line in said)
    assert "hcall      refuses (given): hypervisor's answer to H_DMA_BYPASS" in said
    said = reasoning(tree, "f=1,live=tce,ddw=no,mask=32,coherent=0,pool=0")
    assert any(line.endswith("(default-window, bound before)") for line in said)
    assert "live       tce (given): mode that a bound driver runs with" in said
