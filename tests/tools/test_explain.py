# SPDX-License-Identifier: GPL-2.0-or-later
"""vdmactl explain with tests/data/explain.cases: every row of the decision table and
every reason, each from a readable device tree."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.lib.build.parts import TOP
from tests.lib.devicetree.trees import DATA, ExplainCase, Function, cases, compile_tree
from tests.lib.devicetree.vdmactl import one_line, vdmactl

CASES = list(cases(DATA / "explain.cases"))

# One tree with a tag and one without: what must be assumed of a function, unless
# it is given. Of the tagged one, that it offers F is in the tree.
ASSUMED = {"hcall", "ddw", "mask", "secure", "quirk", "pool", "mode", "live"}


def explain(tree: Path, *args: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit status and JSON; nothing may be said on standard error."""
    done = vdmactl("explain", "--json", *args, tree)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def function(said: dict[str, Any]) -> Function:
    """An object of the JSON in the words of the cases."""
    return Function(
        said["device"] or said["path"],
        said["driver"],
        {True: "F", False: "-", None: "?"}[said["f"]],
        {True: "tag", False: "-"}[said["property"]],
        said["row"],
        said["mode"],
        said["reason"],
        tuple(said["passed_over"]),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: ExplainCase, run: Path) -> None:
    """explain reports exactly the functions of the case, each with its facts and mode."""
    status, said = explain(compile_tree(case.tree, run), *case.args)
    assert [function(item) for item in said] == case.functions
    assert status == case.status


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case_in_words(case: ExplainCase, run: Path) -> None:
    """explain -v says of each mode passed over what would have to change."""
    done = vdmactl("explain", "-v", *case.args, compile_tree(case.tree, run))
    assert (done.returncode, done.stderr) == (case.status, "")
    paragraphs = done.stdout.split("\n\n") if done.stdout else []
    for paragraph, item in zip(paragraphs, case.functions, strict=True):
        assert paragraph.startswith(f"{item.where} " if item.where[0] != "/" else item.driver)
        lines = paragraph.splitlines()
        for passed_over in item.passed_over:
            mode, reason = passed_over.split(":")
            (index,) = (
                i
                for i, line in enumerate(lines)
                if line.startswith(f"  not {mode}: ") and line.endswith(f"({reason})")
            )
            assert re.fullmatch(r"      to change that: \w.{10,}", lines[index + 1])


def words(macro: str) -> set[str]:
    """The second argument of each entry of a list in policy.h."""
    source = f"#include <vdma/policy.h>\n#define W(name, word, ...) word\n{macro}(W)\n"
    command = ["gcc", "-E", "-P", "-I", str(TOP / "include"), "-x", "c", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
    lines = done.stdout[done.stdout.rindex(";") :]
    return set(re.findall(r'"([a-z-]+)"', lines))


def rows() -> set[int]:
    """Rows of the decision table, as documented, and row 0."""
    text = (TOP / "docs/abi/policy.md").read_text(encoding="utf-8")
    return {0, *map(int, re.findall(r"^\| (\d+) \|", text, re.MULTILINE))}


def test_cases_are_complete() -> None:
    """The cases reach each row, mode and reason."""
    functions = [item for case in CASES for item in case.functions if item.mode != "-"]
    assert words("VDMA_REASONS") == set().union(*(item.reasons() for item in functions))
    assert words("VDMA_MODES") == {item.mode for item in functions}
    assert rows() == {item.row for item in functions}
    assert len(rows()) == 12


def test_every_tree_is_used() -> None:
    """Every tree in tests/data has a case."""
    assert {case.tree for case in CASES} == set(DATA.glob("*.dts"))


def test_path_and_secure(run: Path) -> None:
    """Paths and --secure, which the cases leave out, are right."""
    tree = compile_tree(DATA / "bridges.dts", run)
    _, said = explain(tree)
    phb = "/pci@800000020000000"
    below = ["scsi@1", "ethernet@5", "pci@2/scsi@1f", "pci@2/pci@3/scsi@4"]
    assert [item["path"] for item in said] == [f"{phb}/{name}" for name in below]
    assert not any(item["secure"] for item in said)
    _, said = explain(tree, "-s")
    assert all(item["secure"] for item in said)


def test_assumed(run: Path) -> None:
    """"assumed" lists the facts that neither the tree nor the command line gives."""
    tree = compile_tree(DATA / "two-phbs.dts", run)
    _, (tagged, untagged) = explain(tree)
    assert set(tagged["assumed"]) == ASSUMED
    assert set(untagged["assumed"]) == ASSUMED | {"f"}
    given = "f=1 v1=1 hcall=yes ddw=yes mask=64 coherent=1 secure=0 quirk=1 pool=1".split()
    for pair in [*given, "mode=auto", "live=auto"]:
        _, (tagged, untagged) = explain(tree, "-A", pair)
        key = pair.partition("=")[0]
        assert set(tagged["assumed"]) == ASSUMED - {key}
        assert set(untagged["assumed"]) == (ASSUMED | {"f"}) - {key}
    _, said = explain(compile_tree(DATA / "transitional.dts", run))
    assert all(set(item["assumed"]) == ASSUMED | {"v1"} for item in said)
    _, said = explain(compile_tree(DATA / "strangers.dts", run), "--all")
    assert said[0]["assumed"] == []


def nest(depth: int) -> str:
    """A tree with a function on a level; the root is level 0, the PHB level 1."""
    nodes = depth - 2
    return (
        '/dts-v1/;\n/include/ "pseries.dtsi"\n&phb { '
        + "".join(f"n{i} {{ " for i in range(nodes))
        + 'scsi@1 { reg = <0x800 0 0 0 0>; /include/ "blk.dtsi"\n}; '
        + "}; " * nodes
        + "};\n"
    )


def test_too_deep(run: Path) -> None:
    """A tree of 32 levels is read; one more exits 3 with a line."""
    source = run / "nest.dts"
    for name in ("pseries.dtsi", "phb.dtsi", "blk.dtsi"):
        (run / name).symlink_to(DATA / name)
    source.write_text(nest(31), encoding="ascii")
    status, said = explain(compile_tree(source, run))
    assert (status, len(said)) == (0, 1)
    source.write_text(nest(32), encoding="ascii")
    tree = compile_tree(source, run)
    why = "nodes below a PHB nested too deeply, or paths too long"
    assert one_line(vdmactl("explain", tree), 3) == f"cannot read {tree}: {why}"
