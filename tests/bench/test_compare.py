# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions side by side: differences, noise, and unreadable files."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from bench import compare as sessions
from bench.results import BadResults, Results, read
from tests.bench.sessions import EVEN, GOOD, NOISY, SLOW, session


def compare(*them: Results) -> str:
    """All with the first, as text."""
    return sessions.compare(them).text()


def lines(text: str, *words: str) -> list[str]:
    """The lines that have all these words."""
    return [line for line in text.splitlines() if all(word in line for word in words)]


def test_the_same() -> None:
    """A session does not differ from itself."""
    text = compare(GOOD, GOOD)
    assert not lines(text, "DIFFERS")
    assert "0 of 12 figures differ by more than the noise." in text


def test_slower() -> None:
    """Half the speed exceeds the noise, and only the slower configuration is reported."""
    other = session({"direct": (1.0,) * 5, "bypass": SLOW, "tce": SLOW}, {"tce": 16})
    text = compare(GOOD, other)
    assert len(lines(text, "bypass", "IOPS", "DIFFERS")) == 2
    assert not lines(text, "tce", "DIFFERS")
    assert lines(text, "read-4k-1 bypass", "-50%")


def test_noise() -> None:
    """A difference that varies from round to round is reported as noise."""
    other = session({"direct": (1.0,) * 5, "bypass": NOISY, "tce": SLOW}, {"tce": 16})
    assert lines(compare(GOOD, other), "bypass", "IOPS", "within the noise")
    assert not lines(compare(GOOD, other), "bypass", "DIFFERS")


def test_counts_have_no_noise() -> None:
    """One more translation for each I/O is a difference, whatever the speed."""
    other = session({"direct": (1.0,) * 5, "bypass": EVEN, "tce": SLOW}, {"tce": 17})
    text = compare(GOOD, other)
    assert lines(text, "tce", "16 -> 17 translations", "DIFFERS (counts)")
    assert not lines(text, "bypass", "DIFFERS")


def test_counts_of_passes_that_disagree() -> None:
    """Two sessions do not differ if their own passes differ by more."""
    first, second = copy.deepcopy(GOOD), copy.deepcopy(GOOD)
    # 16 and 17 for an I/O, then 17.9 and 18.9
    for results, offset in ((first, 0), (second, 950)):
        for entry in [e for e in results.counts if e["configuration"] == "tce"]:
            entry["translations"] += offset
            results.counts.append({**entry, "translations": entry["translations"] + 500})
    assert not lines(compare(first, second), "translations", "DIFFERS")


def test_too_few_rounds() -> None:
    """Four rounds are too few to decide."""
    few = copy.deepcopy(GOOD)
    few.samples = [s for s in few.samples if s["round"] < 4]
    assert not lines(compare(few, GOOD), "within the noise")
    assert lines(compare(few, GOOD), "too few rounds")


def test_what_was_measured() -> None:
    """A different environment is named."""
    other = copy.deepcopy(GOOD)
    other.environment = {"accel": "kvm"}
    assert "accel: tcg -> kvm" in compare(GOOD, other)


def test_slower_is_bad() -> None:
    """Less speed and more CPU are bad, the reverse is not; a count may go neither way."""
    slow = session({"direct": (1.0,) * 5, "bypass": SLOW, "tce": SLOW}, {"tce": 16})
    assert sessions.compare([GOOD, slow]).bad(["speed"])
    assert not sessions.compare([slow, GOOD]).bad(["speed"])
    other = session({"direct": (1.0,) * 5, "bypass": EVEN, "tce": SLOW}, {"tce": 17})
    for pair in ([GOOD, other], [other, GOOD]):
        assert sessions.compare(pair).bad(["counts"]) and not sessions.compare(pair).bad(
            ["speed", "cases"]
        )
    few = copy.deepcopy(slow)
    few.samples = [s for s in few.samples if s["round"] < 4]
    assert not sessions.compare([GOOD, few]).bad(["speed"])


def test_three_sessions() -> None:
    """Each is compared with the first; what one has not measured is no difference."""
    slow = session({"direct": (1.0,) * 5, "bypass": SLOW, "tce": SLOW}, {"tce": 16})
    less = session({"direct": (1.0,) * 5, "tce": SLOW}, {"tce": 17})
    text = compare(GOOD, slow, less)
    (line,) = lines(text, "net-rr bypass", "IOPS")
    assert "-> -" in line and "DIFFERS, not measured" in line
    assert not lines(text, "bypass", "DIFFERS (counts)")
    (line,) = lines(text, "net-rr tce", "translations")
    assert "16 -> 16 -> 17" in line and "the same, DIFFERS (counts)" in line


def test_nothing_in_common() -> None:
    """Sessions without a common cell give a line that says so."""
    empty = Results("now", "quick", 1, {})
    assert "nothing in common" in compare(GOOD, empty)


@pytest.mark.parametrize(
    "content, line",
    [
        (None, "No such file or directory"),
        ("{", "not JSON"),
        ("[]", "not a bench.json"),
        ('{"version": 99}', "version 99; this program reads 2"),
        ('{"version": 1}', "not a whole bench.json"),
    ],
    ids=["absent", "cut", "else", "newer", "empty"],
)
def test_bad_file(tmp_path: Path, content: str | None, line: str) -> None:
    """An unreadable file gives one line that names it."""
    file = tmp_path / "a.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BadResults) as caught:
        read(file)
    assert str(caught.value).startswith(f"{file}: {line}")


def test_part_of_a_file(tmp_path: Path) -> None:
    """A key missing from an entry is reported when the file is read."""
    file = tmp_path / "a.json"
    GOOD.write(file)
    content = json.loads(file.read_text())
    del content["counts"][1]["copied_bytes"]
    file.write_text(json.dumps(content))
    with pytest.raises(BadResults) as caught:
        read(file)
    line = "not a whole bench.json (counts without copied_bytes)"
    assert str(caught.value) == f"{file}: {line}"
