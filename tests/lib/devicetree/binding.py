# SPDX-License-Identifier: GPL-2.0-or-later
"""Device trees held against docs/abi/qemu,dma-bypass.yaml, by dt-validate."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP

FOLDER = TOP / "docs/abi"
SCHEMA = FOLDER / "qemu,dma-bypass.yaml"

# Debian 13 has no package of it.
AVAILABLE = pytest.mark.skipif(
    not shutil.which("dt-validate"), reason="dt-validate (package dt-schema) is not installed"
)


def validate(tree: Path) -> tuple[set[str], dict[str, list[str]]]:
    """Paths of the nodes to which the binding applies, and errors by node.

    dt-validate ends with status 0 whatever it finds: only what it says counts.
    It takes a single file to be the output of dt-mk-schema, so it gets the folder; and
    -l leaves out its own schemas.
    """
    command = ["dt-validate", "-M", "-s", FOLDER, "-l", SCHEMA.name, tree]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done
    matched: set[str] = set()
    wrong: dict[str, list[str]] = {}
    for entry in re.split(r"\n(?!\t)", done.stderr.rstrip("\n")):
        if re.fullmatch(r"|qemu,dma-bypass: size \(\d+\) error for type uint32-array", entry):
            continue
        found = re.match(rf"{re.escape(str(tree))}: (\S+): (.*)", entry, re.DOTALL)
        assert found and SCHEMA.stem in entry, done.stderr
        if found[2].startswith("matched on schema"):
            matched.add(found[1])
        else:
            wrong.setdefault(found[1], []).append(found[2])
    return matched, wrong
