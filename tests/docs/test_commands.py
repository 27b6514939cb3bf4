# SPDX-License-Identifier: GPL-2.0-or-later
"""Every command in README, docs/ and the manual pages works as written, or stands in
commands.toml with the reason why it is not run here.

The commands of a page run in order, in a copy of the tree, so that one can use what
another has made. What takes a minute or more is left to the tests marked `extended`.
"""

from __future__ import annotations

import functools
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.docs import blocks
from tests.docs.blocks import Command
from tests.docs.scratch import add_examples, environment, run_in, scratch
from tests.lib.build.parts import TOP

LIST = Path(__file__).with_name("commands.toml")
KEYS = {
    "not-run": {"command", "reason", "by"},
    "slow": {"command"},
    "expect": {"command", "status", "output"},
}
# Make builds in this tree itself: in a copy, the kernel's build would leave links into it.
IN_TREE = re.compile(r"(echo .* \| )?make [^-]")
# A failed test on bare metal; its exit status does not tell.
FAILURES = r"^\s*not ok|^Bail out!"


@functools.cache
def listed() -> dict[str, list[dict[str, Any]]]:
    """The tables of commands.toml."""
    return tomllib.loads(LIST.read_text(encoding="utf-8"))


def entry(kind: str, command: Command) -> dict[str, Any] | None:
    """The entry of a table that a command has."""
    found = (e for e in listed().get(kind, []) if re.fullmatch(e["command"], command.name))
    return next(found, None)


@functools.cache
def all_commands() -> list[Command]:
    """Of all pages."""
    return [command for page in blocks.pages() for command in blocks.commands(page)]


def to_run(page: Path, slow: bool) -> list[Command]:
    """A page's commands that are run, less calls of make that another page has too."""
    found = []
    for command in blocks.commands(page):
        first = next(c for c in all_commands() if c.name == command.name)
        repeated = command.name.startswith("make ") and first != command
        if not entry("not-run", command) and not repeated:
            found.append(command)
    if slow:
        return found if any(entry("slow", command) for command in found) else []
    return [command for command in found if not entry("slow", command)]


def pages(slow: bool) -> list[str]:
    """Those that have commands to run."""
    return [str(p.relative_to(TOP)) for p in blocks.pages() if to_run(p, slow)]


def script(commands: list[Command]) -> str:
    """All commands, each followed by a check of its status."""
    lines = ["set -o pipefail"]
    for command in commands:
        status = (entry("expect", command) or {}).get("status", 0)
        lines.append(f"echo {shlex.quote('@ ' + command.place)}")
        here = IN_TREE.match(command.name)
        lines.append(f"(cd {TOP} &&\n{command.text}\n)" if here else command.text)
        lines.append(f'status=$?; [ $status = {status} ] || {{ echo "@ status $status"; exit 1; }}')
    return "\n".join(lines) + "\n"


def run_page(page: Path, log: Path, slow: bool) -> None:
    """Run the commands of a page; each must end as expected, with the expected output."""
    commands = to_run(page, slow)
    with scratch() as tree, log.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            ["bash", "-c", script(commands)],
            cwd=tree,
            env=environment(tree),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    said = log.read_text(encoding="utf-8", errors="replace").replace("\r", "")
    assert done.returncode == 0, said[said.rindex("@ ", 0, said.rindex("@ ")) :]
    assert not re.search(FAILURES, said, re.MULTILINE), said
    for command in commands:
        expected = (entry("expect", command) or {}).get("output", "")
        part_of = said.split(f"@ {command.place}\n", 1)[1].split("\n@ ", 1)[0]
        assert re.search(expected, part_of, re.MULTILINE), f"{command.place}: {part_of}"


def missing(page: Path) -> list[str]:
    """Programs of Debian's dt-schema, which not every release has, that a page wants."""
    wanted = {command.name.split()[0] for command in to_run(page, False)}
    return [name for name in sorted(wanted) if name.startswith("dt-") and not shutil.which(name)]


@pytest.mark.parametrize("page", pages(slow=False))
def test_commands(page: str, run: Path) -> None:
    """They work as written, in their order."""
    if names := missing(TOP / page):
        pytest.skip(f"not installed: {' '.join(names)}")
    run_page(TOP / page, run / "output.log", slow=False)


@pytest.mark.extended
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("page", pages(slow=True))
def test_slow_commands(page: str, run: Path) -> None:
    """So do all of a page that has some that boot Linux or build."""
    run_page(TOP / page, run / "output.log", slow=True)


def test_list() -> None:
    """Each entry is complete, is about a command that there is, and tells the truth about
    who runs it; no command is both run and not run."""
    assert listed().keys() == KEYS.keys()
    for kind, entries in listed().items():
        for e in entries:
            about = f"{kind}: {e['command']}"
            assert e.keys() <= KEYS[kind], about
            assert any(re.fullmatch(e["command"], c.name) for c in all_commands()), about
            if kind == "not-run":
                assert e["reason"], about
                assert (TOP / e.get("by", ".")).exists(), about
    for command in all_commands():
        if entry("not-run", command):
            assert not entry("slow", command) and not entry("expect", command), command.place


def dry_runs() -> list[str]:
    """Commands that are not run, but that make or pytest can be asked about."""
    names = {c.name for c in all_commands() if entry("not-run", c)}
    names = {name.removeprefix("taskset -c 0 ") for name in names}
    return sorted(n for n in names if re.match(r"make [^-]|\S*python3 -m pytest", n))


@pytest.mark.extended
def test_not_run_commands_exist() -> None:
    """Make knows the targets and takes the variables; pytest finds tests."""
    with scratch() as tree:
        add_examples(tree)
        for name in dry_runs():
            command = name.replace("=NAME", "=6.12")
            command += " -q --collect-only -p no:cacheprovider" if "pytest" in command else " -n"
            status, said = run_in(tree, "sh", "-c", command)
            assert status == 0, f"{command}: {said[-1000:]}"
