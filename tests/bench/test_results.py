# SPDX-License-Identifier: GPL-2.0-or-later
"""bench.json follows the schema, and can be read back."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import pytest

from bench import results
from tests.bench.sessions import GOOD, validate


def test_json(tmp_path: Path) -> None:
    """A file matches the schema, and reading it gives the same results."""
    file = tmp_path / "bench.json"
    GOOD.write(file)
    validate(file)
    assert vars(results.read(file)) == vars(GOOD)
    assert not file.with_suffix(".new").exists()


def test_version_1_is_read(tmp_path: Path) -> None:
    """A file of version 1, with its old key, gives the same results."""
    file = tmp_path / "bench.json"
    GOOD.write(file)
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"version": 1, "bars": content.pop("criteria")}))
    assert vars(results.read(file)) == vars(GOOD)


def test_each_kernel_is_named(tmp_path: Path) -> None:
    """Each kernel is listed once with its module; common parts are listed once."""
    found = copy.deepcopy(GOOD)
    shared = {"qemu": {"version": "10"}, "slof": {"sha256": "1"}, "tree": {"version": "a"}}
    module = {"module": {"build_id": "22"}}
    first = {"row": "6.12", "version": "6.12.8-1", "build_id": "11"}
    second = {"row": "secure-6.12", "version": "6.12.9-1", "build_id": "33"}
    for kernel, more in ((first, module), (second, {}), (first, module)):
        found.booted({"kernel": kernel, **more, **shared})
    found.write(tmp_path / "bench.json")
    environment = validate(tmp_path / "bench.json")["environment"]
    assert environment["kernel"] == "6.12.8-1 (6.12), 6.12.9-1 (secure-6.12)"
    assert environment["versions"] == {
        "kernel 6.12": {**first, "module_build_id": "22"},
        "kernel secure-6.12": {**second, "module_build_id": "none"},
        **shared,
    }


@pytest.mark.parametrize("key", ["samples", "version", "criteria"])
def test_schema_misses_nothing(tmp_path: Path, key: str) -> None:
    """The schema rejects a file without one of its keys."""
    file = tmp_path / "bench.json"
    GOOD.write(file)
    content = json.loads(file.read_text())
    del content[key]
    file.write_text(json.dumps(content))
    with pytest.raises(jsonschema.ValidationError):
        validate(file)
