# SPDX-License-Identifier: GPL-2.0-or-later
"""Results of tests: read from JUnit files or from vdma-run's own JSON, merged, written.

Any JUnit will do: pytest's, cmocka's, that of mk/unit-run and mk/fuzz-run. A case is
known by its id, which is a property of it, or else made of its class and name. One file
may have a case twice, as pytest does when a test and its cleanup fail; two files may not.
"""

from __future__ import annotations

import errno
import json
import os
import re
import tempfile
import xml.etree.ElementTree as xml
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from vdma_run.shard import parse

PASSED, SKIPPED, UNJUDGED, FAILED = "passed", "skipped", "unjudged", "failed"
# The worst comes last.
OUTCOMES = (PASSED, SKIPPED, UNJUDGED, FAILED)

VERSION = 1
SUITE = "vdma-run"

# Characters that no XML file may have.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class BadResults(Exception):
    """Not a file of results, or results that do not go together."""


@dataclass
class Case:
    """One test. MESSAGE is a line; PROPERTIES has versions, and as "log" its folder."""

    id: str
    outcome: str = PASSED
    seconds: float = 0.0
    message: str = ""
    details: str = ""
    properties: dict[str, str] = field(default_factory=dict)

    def add(self, other: Case) -> None:
        """The same test once more: the worse outcome counts."""
        if OUTCOMES.index(other.outcome) > OUTCOMES.index(self.outcome):
            self.outcome, self.message = other.outcome, other.message
        self.seconds += other.seconds
        self.details = "\n".join(filter(None, (self.details, other.details)))
        self.properties.update(other.properties)


@dataclass
class Results:
    """Cases by id, in their order. PROPERTIES say what was run."""

    cases: dict[str, Case] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Case]:
        return iter(self.cases.values())

    def add(self, case: Case) -> None:
        """A case, or more about one."""
        if case.id in self.cases:
            self.cases[case.id].add(case)
        else:
            self.cases[case.id] = case

    def counts(self) -> dict[str, int]:
        """How many cases have each outcome."""
        found = Counter(case.outcome for case in self)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    def seconds(self) -> float:
        """All cases one after the other."""
        return sum(case.seconds for case in self)


def _properties(element: xml.Element) -> dict[str, str]:
    return {
        entry.get("name", ""): entry.get("value", entry.text or "")
        for entry in element.iterfind("properties/property")
    }


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _case(element: xml.Element, file: Path) -> Case:
    properties = _properties(element)
    where = element.get("classname") or file.stem
    case = Case(
        properties.pop("id", f"{where}::{element.get('name', '')}"),
        seconds=float(element.get("time") or 0),
        properties=properties,
    )
    for child in element:
        text = child.text or ""
        said = child.get("message") or _first_line(text)
        if child.tag in ("failure", "error"):
            # only what says so is no failure
            unjudged = child.get("type") == UNJUDGED or UNJUDGED in properties
            outcome = UNJUDGED if unjudged else FAILED
            case.add(Case(case.id, outcome, 0.0, _first_line(said), text))
        elif child.tag == "skipped":
            case.add(Case(case.id, SKIPPED, 0.0, _first_line(said)))
    properties.pop(UNJUDGED, None)
    return case


def read_junit(file: Path, text: str) -> Results:
    """The cases of all suites in a file."""
    try:
        root = xml.fromstring(text)
        if root.tag not in ("testsuites", "testsuite"):
            raise BadResults(f"cannot read {file}: <{root.tag}> is not JUnit")
        found = Results()
        for suite in root.iter("testsuite"):
            found.properties.update(_properties(suite))
            for element in suite.iterfind("testcase"):
                found.add(_case(element, file))
        return found
    except (xml.ParseError, ValueError) as error:
        raise BadResults(f"cannot read {file}: not JUnit: {error}") from error


def read_json(file: Path, text: str) -> Results:
    """What text_json() has made."""
    try:
        content = json.loads(text)
        if not isinstance(content, dict) or not isinstance(content.get("cases"), list):
            raise BadResults(f"cannot read {file}: not vdma-run's JSON")
        if content.get("version") != VERSION:
            version = content.get("version")
            raise BadResults(f"cannot read {file}: version {version}, want {VERSION}")
        found = Results(properties=dict(content.get("properties", {})))
        known = set(Case.__dataclass_fields__)
        for entry in content["cases"]:
            case = Case(**{key: value for key, value in entry.items() if key in known})
            if case.outcome not in OUTCOMES:
                raise BadResults(f"cannot read {file}: {case.id}: outcome {case.outcome}")
            found.add(case)
        return found
    except (ValueError, TypeError, AttributeError) as error:
        raise BadResults(f"cannot read {file}: not vdma-run's JSON: {error}") from error


def read(file: Path) -> Results:
    """A file of either form; else BadResults with a line."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise BadResults(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadResults(f"cannot read {file}: not text") from error
    return read_junit(file, text) if text.lstrip().startswith("<") else read_json(file, text)


def files(paths: Iterable[Path]) -> list[Path]:
    """These files, and the JUnit in these folders."""
    found: list[Path] = []
    for path in paths:
        found += sorted(path.rglob("*.xml")) if path.is_dir() else [path]
    return found


def merge(parts: Iterable[tuple[str, Results]]) -> Results:
    """All of them as one; each has a name for messages. None of shards of a selection may
    be missing or there twice, and no case."""
    merged, owner = Results(), dict[str, str]()
    # by how many there are, and of what
    shards: dict[tuple[int, str], dict[int, str]] = {}
    for name, part in parts:
        for case in part:
            if case.id in owner:
                raise BadResults(f"cannot merge {name}: {case.id} is in {owner[case.id]}, too")
            owner[case.id] = name
            merged.add(case)
        properties = dict(part.properties)
        if properties.pop("complete", "yes") != "yes":
            raise BadResults(f"cannot merge {name}: its run did not end")
        if text := properties.pop("shard", ""):
            shard = parse(text)
            there = shards.setdefault((shard.count, json.dumps(properties, sort_keys=True)), {})
            if shard.number in there:
                raise BadResults(
                    f"cannot merge {name}: {there[shard.number]} is shard {shard}, too"
                )
            there[shard.number] = name
        merged.properties.update(properties)
    if len(shards) > 1:
        raise BadResults("cannot merge: the shards differ in selection, kernel or QEMU")
    for (count, _), there in shards.items():
        if missing := set(range(1, count + 1)) - set(there):
            listed = ", ".join(f"{number}/{count}" for number in sorted(missing))
            raise BadResults(f"cannot merge: shard {listed} is missing")
    return merged


def _element(parent: xml.Element, tag: str, text: str = "", **attributes: str) -> xml.Element:
    clean = {key: NOT_XML.sub("?", value) for key, value in attributes.items()}
    element = xml.SubElement(parent, tag, clean)
    # a parser takes each of these ends of lines for the one
    element.text = NOT_XML.sub("?", "\n".join(text.split("\r\n"))).replace("\r", "\n") or None
    return element


def _write_properties(parent: xml.Element, properties: dict[str, str]) -> None:
    if properties:
        group = _element(parent, "properties")
        for name, value in properties.items():
            _element(group, "property", name=name, value=value)


def text_junit(results: Results) -> str:
    """One suite, which says what was run, with all cases."""
    counts = results.counts()
    numbers = {
        "tests": str(len(results.cases)),
        "failures": str(counts[FAILED]),
        "errors": str(counts[UNJUDGED]),
        "skipped": str(counts[SKIPPED]),
        "time": f"{results.seconds():.3f}",
    }
    root = xml.Element("testsuites", {"name": SUITE, **numbers})
    suite = _element(root, "testsuite", name=SUITE, **numbers)
    _write_properties(suite, results.properties)
    for case in results:
        where, mark, name = case.id.partition("::")
        if not mark:
            where, _, name = case.id.rpartition("/")
        seconds = f"{case.seconds:.3f}"
        element = _element(suite, "testcase", classname=where, name=name, time=seconds)
        _write_properties(element, {"id": case.id, **case.properties})
        if case.outcome == FAILED:
            _element(element, "failure", case.details, message=case.message)
        elif case.outcome == UNJUDGED:
            _element(element, "error", case.details, message=case.message, type=UNJUDGED)
        elif case.outcome == SKIPPED:
            _element(element, "skipped", message=case.message)
    xml.indent(root, " ")
    return xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def text_json(results: Results, **more: object) -> str:
    """The same with MORE about the run, for programs."""
    content = {
        "version": VERSION,
        **more,
        "properties": results.properties,
        "counts": results.counts(),
        "cases": [asdict(case) for case in results],
    }
    return json.dumps(content, indent=1) + "\n"


def need_writable(files: Iterable[Path | None]) -> None:
    """Say before a run what could not be written after it."""
    for file in filter(None, files):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=file.parent):
                pass
            if file.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        except OSError as error:
            raise BadResults(f"cannot write {file}: {error.strerror}") from error


def write(file: Path, text: str) -> None:
    """Write a file whole or not at all, also when the run is killed, or another writes the
    same."""
    half = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(text, encoding="utf-8")
        half.rename(file)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise BadResults(f"cannot write {file}: {error.strerror}") from error
