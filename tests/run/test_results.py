# SPDX-License-Identifier: GPL-2.0-or-later
"""vdma-run's results: read whatever JUnit there is, written, merged without a loss."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.run.cases import random_results
from vdma_run import results
from vdma_run.results import BadResults, Case, Results

PYTEST = """<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest"
errors="1" failures="1" skipped="1" tests="5" time="3.1">
<testcase classname="tests.a" name="test_good[1]" time="0.25"><properties>
<property name="log" value="/x"/><property name="id" value="tests/a.py::test_good[1]"/>
<property name="kernel.row" value="6.12"/></properties></testcase>
<testcase classname="tests.a" name="test_bad" time="1">
<failure message="assert 1 == 2&#10;+ more">E  assert 1 == 2</failure></testcase>
<testcase classname="tests.a" name="test_bad" time="0.5">
<error message="in the cleanup">then</error></testcase>
<testcase classname="tests.a" name="test_none" time="0"><properties>
<property name="unjudged" value="yes"/></properties>
<error message="part x is not there">E</error></testcase>
<testcase classname="tests.a" name="test_not" time="0">
<skipped type="pytest.skip" message="no dtc">a.py:1</skipped></testcase>
</testsuite></testsuites>"""

CMOCKA = """<?xml version="1.0" encoding="UTF-8" ?>
<testsuites>
  <testsuite name="grp" time="0.000" tests="3" failures="1" errors="0" skipped="1" >
    <testcase classname="unit/test_x" name="good" time="0.000" >
    </testcase>
    <testcase classname="unit/test_x" name="bad" time="0.000" >
      <failure><![CDATA[0x1 != 0x2
t.c:8: error: Failure!]]></failure>
    </testcase>
    <testcase classname="unit/test_x" name="not" time="0.000" >
      <skipped/>
    </testcase>
  </testsuite>
</testsuites>"""


def put(folder: Path, name: str, text: str) -> Path:
    """A file with this text."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_junit_of_pytest(tmp_path: Path) -> None:
    """Ids and versions from properties; a test whose cleanup fails too is one case."""
    found = results.read(put(tmp_path, "a.xml", PYTEST))
    assert found.counts() == {"passed": 1, "skipped": 1, "unjudged": 1, "failed": 1}
    good, bad, none, skipped = found
    assert (good.id, good.seconds) == ("tests/a.py::test_good[1]", 0.25)
    assert good.properties == {"log": "/x", "kernel.row": "6.12"}
    assert (bad.id, bad.seconds, bad.message) == ("tests.a::test_bad", 1.5, "assert 1 == 2")
    assert bad.details == "E  assert 1 == 2\nthen"
    assert (none.message, none.properties) == ("part x is not there", {})
    assert skipped.message == "no dtc"


def test_junit_of_cmocka(tmp_path: Path) -> None:
    """A failure has no message of its own: its first line is."""
    found = results.read(put(tmp_path, "a.xml", CMOCKA))
    assert [(c.id, c.outcome) for c in found] == [
        ("unit/test_x::good", "passed"),
        ("unit/test_x::bad", "failed"),
        ("unit/test_x::not", "skipped"),
    ]
    assert found.cases["unit/test_x::bad"].message == "0x1 != 0x2"


@pytest.mark.parametrize("seed", range(20))
def test_what_is_written_is_read(tmp_path: Path, seed: int) -> None:
    """Any results, in either form."""
    there = random_results(random.Random(seed), 30)
    for name, text in (("a.xml", results.text_junit(there)), ("a.json", results.text_json(there))):
        found = results.read(put(tmp_path, name, text))
        assert found.properties == there.properties
        assert list(found) == list(there)


def test_what_no_xml_may_have(tmp_path: Path) -> None:
    """A console's escapes and NULs do not make a file that nobody reads."""
    case = Case("a::b", "failed", message="\x1b[1m\0", details="x\x1b\r\ny\ud800]]>&")
    found = results.read(put(tmp_path, "a.xml", results.text_junit(Results({case.id: case}))))
    assert (found.cases["a::b"].message, found.cases["a::b"].details) == ("?[1m?", "x?\ny?]]>&")


@pytest.mark.parametrize("seed", range(20))
def test_merged_shards_are_the_whole(seed: int) -> None:
    """However the cases are dealt out; neither a case nor a shard may be lost or twice."""
    rng = random.Random(seed)
    whole, count = random_results(rng, 40), rng.randint(2, 5)
    parts = [
        Results(properties={"shard": f"{n}/{count}", "selection": "s"}) for n in range(1, count + 1)
    ]
    for case in whole:
        rng.choice(parts).add(case)
    named = [(f"file{n}", part) for n, part in enumerate(parts)]
    rng.shuffle(named)
    merged = results.merge(named)
    assert sorted(merged, key=lambda c: c.id) == sorted(whole, key=lambda c: c.id)
    assert merged.properties == {"selection": "s"}
    lost = rng.randrange(count)
    with pytest.raises(BadResults, match="is missing"):
        results.merge(named[:lost] + named[lost + 1 :])
    again = Results(properties=named[lost][1].properties)
    with pytest.raises(BadResults, match=f"{named[lost][0]} is shard "):
        results.merge([*named, ("again", again)])
    case = next(iter(whole))
    with pytest.raises(BadResults, match="cannot merge more: .* is in file"):
        results.merge([*named, ("more", Results({case.id: case}))])


@pytest.mark.parametrize(
    "properties, line",
    [
        ({"shard": "2/2", "selection": "other"}, "the shards differ in selection"),
        ({"shard": "2/3", "selection": "s"}, "the shards differ in selection"),
        ({"shard": "2/2", "selection": "s", "kernel": "6.1"}, "the shards differ in selection, kernel or"),
        ({"shard": "2/2", "selection": "s", "complete": "no"}, "its run did not end"),
    ],
)
def test_what_does_not_go_together(properties: dict[str, str], line: str) -> None:
    """Shards of another tree's tests, of another count or kernel, or of a run that was
    stopped."""
    first = Results(properties={"shard": "1/2", "selection": "s"})
    with pytest.raises(BadResults, match=line):
        results.merge([("a", first), ("b", Results(properties=properties))])


@pytest.mark.parametrize(
    "text, line",
    [
        ("", "No such file or directory"),
        (" ", "not vdma-run's JSON"),
        ("<testsuites>", "not JUnit: no element found"),
        ("<html/>", "<html> is not JUnit"),
        ("[]", "not vdma-run's JSON"),
        ('{"version": 9, "cases": []}', "version 9, want 1"),
        ('{"version": 1, "cases": [{"id": "a", "outcome": "maybe"}]}', "a: outcome maybe"),
        ('{"version": 1, "cases": [{}]}', "not vdma-run's JSON"),
    ],
)
def test_bad_file(tmp_path: Path, text: str, line: str) -> None:
    """One line that names the file."""
    file = put(tmp_path, "a", text) if text else tmp_path / "none"
    with pytest.raises(BadResults) as caught:
        results.read(file)
    assert str(caught.value).startswith(f"cannot read {file}: {line}")


@pytest.mark.parametrize("seed", range(5))
def test_another_reader_agrees(tmp_path: Path, seed: int) -> None:
    """junitparser, which others merge with, reads the same from a file and merges the same."""
    parser = pytest.importorskip("junitparser")
    rng = random.Random(seed)
    whole = random_results(rng, 30)
    halves = [Results(), Results()]
    for case in whole:
        rng.choice(halves).add(case)
    files = [put(tmp_path, f"{n}.xml", results.text_junit(half)) for n, half in enumerate(halves)]
    theirs = parser.JUnitXml.fromfile(str(files[0])) + parser.JUnitXml.fromfile(str(files[1]))
    theirs.update_statistics()
    counts = whole.counts()
    assert (theirs.tests, theirs.failures) == (30, counts["failed"])
    assert (theirs.errors, theirs.skipped) == (counts["unjudged"], counts["skipped"])
    theirs.write(str(tmp_path / "all.xml"))
    assert sorted(results.read(tmp_path / "all.xml").cases) == sorted(whole.cases)
