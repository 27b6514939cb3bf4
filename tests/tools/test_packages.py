# SPDX-License-Identifier: GPL-2.0-or-later
"""mk/install, with the system's package tools replaced."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.lib.build.parts import TOP
from tests.lib.host.stubtree import StubTree

# Optional: to be installed where the release has it.
OPTIONAL = "dt-schema"

INSTALLED = f"""#!/bin/sh
sed -n 's/^[a-z]*\t\\([a-z0-9.+-]*\\).*/installed \\1 999/p' {TOP}/mk/packages |
    grep -v ' {OPTIONAL} '
"""
# What says yes goes on writing for longer than anyone reads.
POLICY = """#!/bin/sh
echo "$2:"
echo "  Candidate: 1"
sleep 0.2
yes "  more" | head -n 100000
"""
RECORD = """#!/bin/sh
echo "$*" >>"$RECORD"
"""


def test_optional_package_that_the_release_has(run: Path) -> None:
    """An optional package is installed however long the package tool's answer is."""
    tools = {"dpkg-query": INSTALLED, "apt-cache": POLICY, "apt-get": RECORD, "sudo": RECORD}
    folder = run / "bin"
    folder.mkdir()
    for name, text in tools.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    env = {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "VDMA_CACHE": str(run / "cache"),
        "RECORD": str(run / "record"),
    }
    subprocess.run([TOP / "mk/install", "check"], env=env, capture_output=True, check=False)
    asked = (run / "record").read_text().splitlines() if (run / "record").exists() else []
    assert any(line.endswith(f" {OPTIONAL}") for line in asked), asked


def test_each_system_has_lists_of_its_own(run: Path) -> None:
    """Systems that share a cache each fetch their own package lists."""
    tree = StubTree(run)
    tree.stub("bin/dpkg-query")
    tree.stub("bin/apt-get")
    (run / "lists").mkdir()
    other = f"mount --bind {run}/lists /var/lib/apt/lists; exec mk/install boot"
    path = f"{tree.top}/bin:{os.environ['PATH']}"
    for script in ("exec mk/install boot", other, other):
        tree.run("unshare", "--map-root-user", "--mount", "sh", "-ec", script, PATH=path)
    verbs = [word for call in tree.calls("bin/apt-get") for word in call.args if word.isalpha()]
    assert [verb for verb in verbs if verb in ("update", "install")] == [
        "update", "install", "update", "install", "install",
    ]  # fmt: skip
