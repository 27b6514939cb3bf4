# SPDX-License-Identifier: GPL-2.0-or-later
"""Criteria, conclusions, page and text of a session."""

from __future__ import annotations

import copy
import re
import xml.etree.ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bench import criteria, plot, report, summary, text_report
from bench.results import Results
from bench.config import read
from tests.bench.sessions import EVEN, GOOD, NOISY, SLOW, secure, session, validate

def state(found: Results, name: str) -> tuple[str, bool]:
    """State of the only criterion with these words."""
    (criterion,) = [criterion for criterion in criteria.judge(found) if name in criterion["name"]]
    return criterion["state"], criterion["decided"]


def test_criteria_of_speed() -> None:
    """The median decides whether a speed is met, the noise whether that is certain."""
    name = "read-4k-1: bypass reaches 97%"
    assert state(GOOD, name) == ("met", True)
    assert state(session({"direct": (1.0,) * 5, "bypass": SLOW}), name) == ("not met", True)
    assert state(session({"direct": (1.0,) * 5, "bypass": NOISY}), name) == ("not met", False)
    assert state(session({"direct": (1.0,) * 5}), name) == ("not measured", True)


def test_criteria_within_the_noise_has_no_colour() -> None:
    """Only a certain result is green or red."""
    speeds = {"direct": (1.0,) * 5, "bypass": NOISY}
    page = report.page(session(speeds))
    assert page.count('<tr class="none"><td class="state">not met, within the noise') == 2
    assert '<tr class="unmet"><td class="state">not met<' in report.page(
        session({**speeds, "bypass": SLOW})
    )


def test_criteria_of_counts() -> None:
    """One translation in any workload misses the criterion of none."""
    name = "0 IOMMU translations per I/O in bypass"
    assert state(GOOD, name) == ("met", True)
    other = copy.deepcopy(GOOD)
    entry = next(e for e in other.counts if e["configuration"] == "bypass")
    entry["translations"] = 1
    assert state(other, name) == ("not met", True)
    other.counts = []
    assert state(other, name) == ("not measured", True)


@pytest.mark.parametrize(
    "table_bytes, calls, states",
    [
        ((0, 0), (512, 512), ("met", "met")),
        ((0, 8), (512, 512), ("not met", "met")),
        ((0, 0), (512, 513), ("met", "not met")),
        ((0,), (512,), ("not measured", "not measured")),
    ],
)
def test_criteria_of_memory(
    table_bytes: tuple[int, ...], calls: tuple[int, ...], states: tuple[str, str]
) -> None:
    """Tables and calls that grow with memory miss their criteria."""
    other = copy.deepcopy(GOOD)
    for gib, (size, call) in enumerate(zip(table_bytes, calls), 1):
        entry = {"configuration": "bypass", "kernel": "6.1", "memory_mib": 1024 * gib}
        entry |= {"devices": 1, "tce_calls": call, "tce_written": 0, "windows": 0}
        other.setup.append(entry | {"table_bytes": size})
    assert state(other, "0 bytes of TCE tables")[0] == states[0]
    assert state(other, "same number of TCE calls")[0] == states[1]


FAST = (1.5, 1.4, 1.6, 1.7, 1.3)


@pytest.mark.parametrize(
    "speeds, smp, name, want",
    [
        (FAST, 1, "read-4k-1: secure-bounce is as fast as secure-swiotlb", ("met", True)),
        (FAST, 4, "read-4k-1: secure-bounce is faster than secure-swiotlb", ("met", True)),
        (EVEN, 1, "read-4k-1: secure-bounce is as fast", ("met", False)),
        (NOISY, 4, "net-rr: secure-bounce is faster", ("not met", False)),
        (SLOW, 1, "net-rr: secure-bounce is as fast", ("not met", True)),
    ],
)
def test_criteria_of_bouncing(
    speeds: tuple[float, ...], smp: int, name: str, want: tuple[str, bool]
) -> None:
    """A pool must be as fast as swiotlb, and faster with 4 CPUs."""
    assert state(secure(speeds, smp), name) == want


def test_criteria_of_copies() -> None:
    """Only pools must copy each byte once and share little memory."""
    copies, shared = "copies each byte to or from a disk once", "shares less than 10%"
    assert state(secure(EVEN), copies) == ("met", True)
    assert state(secure(EVEN), shared) == ("met", True)
    assert state(secure(EVEN), "0 hypercalls per I/O in secure-bounce") == ("met", True)
    assert state(secure(EVEN, copied=1.06), copies) == ("not met", True)
    assert state(secure(EVEN, copied=0.5), copies) == ("not met", True)
    other = secure(EVEN)
    other.shared("secure-bounce", 7 << 20)
    assert state(other, shared) == ("not met", True)
    del other.row("secure-bounce")["shared_bytes"]
    assert state(other, shared) == ("not measured", True)


def test_secure_session(tmp_path: Path) -> None:
    """A session of secure VMs has a headline and plots of its own, compared with swiotlb."""
    found = secure(FAST)
    found.write(tmp_path / "bench.json")
    validate(tmp_path / "bench.json")
    said = "In a secure VM, bouncing copies 1.02 bytes for each of a disk's"
    assert summary.headline(found) == f"{said}, swiotlb 2.02."
    # compared with direct, which has not run
    stray = {**found.configurations[0], "name": "swiotlb", "base": "direct"}
    found.configurations.append(stray)
    assert "of secure-swiotlb's speed: faster in 2 of 2" in text_report.text(found)
    assert "direct's" not in text_report.text(found)
    page = report.page(found)
    Page(page)
    body = page[page.index("<body>") :]
    assert body.index("<h1>In a secure VM") < body.index("<svg") < body.index("What this session")
    assert "other than direct" not in page
    assert not [criterion["name"] for criterion in found.criteria if "bypass" in criterion["name"]]


def test_each_with_its_base() -> None:
    """In a session with both, a pool is compared with swiotlb and not with direct."""
    both = copy.deepcopy(GOOD)
    for name, rows in vars(secure(FAST, 4)).items():
        if name in ("configurations", "samples", "counts"):
            getattr(both, name).extend(rows)
    assert summary.compared(both) == ["bypass", "tce"]
    assert summary.compared(both, "secure-swiotlb") == ["secure-bounce"]
    text = text_report.text(both)
    assert "bypass runs at 100% of direct's speed" in text
    assert "secure-bounce runs at 150% of secure-swiotlb's speed" in text
    page = report.page(both)
    Page(page)
    assert "A guest with 4 CPUs: our pools compared with swiotlb." in page
    assert "In a secure VM" not in report.page(GOOD)


def test_copies_that_could_not_be_counted() -> None:
    """Copies that were not counted are shown as "-", not as 0."""
    found = secure(EVEN)
    for entry in found.counts:
        if entry["configuration"] == "secure-swiotlb":
            entry["copied_bytes"] = None
    assert summary.headline(found).endswith("copies 1.02 bytes for each of a disk's.")
    assert summary.copying(found, "secure-swiotlb", "read-4k-1") == ("-", "-")
    assert summary.copying(found, "secure-bounce", "read-4k-1") == ("4.08", "1.02")
    Page(report.page(found))
    for entry in found.counts:
        entry["bytes"] = entry["ios"]
    assert summary.copying(found, "secure-bounce", "read-4k-1") == ("4.08", "-")


def test_headline() -> None:
    """The headline says what the IOMMU costs each device and what bypass saves."""
    assert summary.headline(GOOD) == (
        "The IOMMU costs a disk 8 hypercalls and 16 translations for each 4 KiB random read, "
        "a network card 8 hypercalls and 16 translations for each TCP request and response; "
        "bypass costs none of it."
    )
    bad = session({"direct": EVEN, "bypass": EVEN, "tce": SLOW}, {"tce": 16, "bypass": 2})
    assert "bypass costs 1 hypercalls and 2 translations." in summary.headline(bad)
    stock = session({"direct": EVEN, "tce": SLOW}, {"tce": 16})
    assert "; this session has not counted what bypass costs." in summary.headline(stock)
    assert "not counted what the IOMMU costs" in summary.headline(session({"direct": EVEN}))


def test_noise_of_a_few_rounds_is_not_known() -> None:
    """Two equal values give no noise and no conclusion."""
    few = session({"direct": (1.0, 1.0), "bypass": (1.0, 1.0)})
    text = text_report.text(few)
    assert "100% ±?" in text and "±0" not in text
    assert "too few rounds to tell" in text


def test_conclusions_say_what_they_rest_on() -> None:
    """A difference is reported only if it exceeds the noise."""
    speeds = {"direct": (1.0,) * 5, "bypass": NOISY, "tce": SLOW}
    said = dict(summary.conclusions(session(speeds, {"tce": 16})))
    assert [basis for text, basis in said.items() if text.startswith("bypass runs")] == ["noise"]
    assert [basis for text, basis in said.items() if text.startswith("tce runs")] == ["samples"]
    counted = [text for text, basis in said.items() if basis == "counts"]
    assert counted == ["bypass made no DMA hypercall and no translation in 1000 I/Os"]


class Page(HTMLParser):
    """Checks that tags are nested; collects ids and all that is loaded."""

    VOID = ("meta", "link", "img", "br", "hr", "input")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href", "xlink:href") and not (value or "").startswith("#"):
                self.loads.append(f"{tag} {value}")
            if name == "id":
                self.ids.append(value or "")
            assert len([n for n, _ in attrs if n == name]) == 1, (tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, (tag, self.open[-3:])
        self.open.pop()


def test_page_stands_alone() -> None:
    """The page is well formed, loads nothing, has unique ids and its own colours."""
    text = report.page(GOOD)
    page = Page(text)
    assert not page.open
    assert not page.loads
    assert len(page.ids) == len(set(page.ids))
    assert "@import" not in text and "url(" not in text
    assert "prefers-color-scheme: dark" in text
    colours = set(re.findall(r"var\((--\w+)\)", text))
    defined = re.findall(r"(--\w+):", text)
    assert colours <= set(defined)
    # each twice: light and dark
    assert all(defined.count(colour) == 2 for colour in colours)
    assert not re.search(r"rgb\(|=.black.", text)


# Width of a letter as a share of its height in the fonts that browsers have for sans-serif.
LETTER = 0.52
TEXT = re.compile(
    r'<g transform="translate\(([\d.]+),([\d.]+)\)"[^>]*?font-size="([\d.]+)"[^>]*?'
    r'text-anchor="(\w+)"[^>]*>\s*<text>(.*?)</text>'
)


def cut(svg: str) -> list[str]:
    """Texts of a picture that reach beyond its edges."""
    found = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert found
    found_cut = []
    for x, y, size, anchor, text in TEXT.findall(svg):
        span = len(text) * float(size) * LETTER
        left = float(x) - {"start": 0.0, "middle": span / 2, "end": span}[anchor]
        if left < 0 or left + span > int(found[1]) or not 0 < float(y) < int(found[2]):
            found_cut.append(text)
    return found_cut


def test_pictures_are_for_wide_and_narrow_pages() -> None:
    """Each plot exists for wide and narrow pages, and no text is cut off."""
    other = copy.deepcopy(GOOD)
    names = sorted((row.title for row in read().workloads), key=len)
    other.workloads[0]["title"] = names[-1]
    for number in range(4):
        entry = {"configuration": ("bypass", "tce")[number % 2], "kernel": "6.1", "devices": 1}
        entry |= {"memory_mib": 1024 << number // 2, "tce_calls": 0, "tce_written": 0}
        other.setup.append(entry | {"windows": 0, "table_bytes": 1 << 20})
    page = report.page(other)
    pictures = re.findall(r'<div class="(wide|narrow)"><svg(.*?)</svg>', page, re.DOTALL)
    assert [width for width, _ in pictures] == 3 * ["wide", "narrow"]
    for width, svg in pictures:
        assert len(TEXT.findall(svg)) >= 8 and not cut(svg)
        if width == "narrow":
            across = re.search(r'viewBox="0 0 (\d+) ', svg)
            assert across and int(across[1]) <= 400
    style = page.partition("<style>")[2].partition("</style>")[0]
    assert "min-width" not in style


def test_no_word_is_wrong_in_the_dark() -> None:
    """The text names no colour that differs between the light and the dark page."""
    body = report.page(GOOD).partition("<body>")[2]
    assert not re.search(r"\b(dark|light)\b", re.sub(r"<[^>]*>", " ", body))
    assert "hypercalls (solid)" in body


def test_page_begins_with_the_answer() -> None:
    """The page starts with the headline and a plot."""
    text = report.page(GOOD)
    body = text[text.index("<body>") :]
    assert body.index("<h1>The IOMMU costs a disk 8 hypercalls") < body.index("<svg")
    assert body.index("<svg") < body.index("<h2>")


def test_missing_is_listed() -> None:
    """Page and table list each missing cell with its reason, once."""
    other = copy.deepcopy(GOOD)
    other.complete = False
    other.miss("tce net-rr", "the guest did not answer in time")
    other.miss("tce net-rr", "the guest did not answer in time")
    why = "this QEMU's machine has no option <x-ultravisor>"
    row = {**other.configurations[0], "name": "secure", "ran": False, "why": why}
    other.configurations.append(row)
    text = text_report.text(other)
    assert text.count("tce net-rr: the guest did not answer in time") == 1
    assert f"secure: cannot run here: {why}" in text
    page = report.page(other)
    Page(page)
    assert "the guest did not answer in time" in page
    assert "no option &lt;x-ultravisor&gt;" in page
    assert "not complete" in page


@pytest.mark.parametrize("keep", ["nothing", "counts", "samples"])
def test_page_of_a_session_that_ended_early(keep: str) -> None:
    """A session without counts or samples still gives a page and a table."""
    early = copy.deepcopy(GOOD)
    if keep != "counts":
        early.counts = []
    if keep != "samples":
        early.samples = []
    early.criteria = criteria.judge(early)
    Page(report.page(early))
    assert text_report.text(early)


def test_picture_alone(tmp_path: Path) -> None:
    """The picture is valid SVG with its own colours; a session without one gives an error."""
    file = tmp_path / "sample.svg"
    report.write(GOOD, file)
    text = file.read_text()
    assert xml.etree.ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme: dark" in text
    assert set(re.findall(r"var\((--\w+)\)", text)) <= set(re.findall(r"(--\w+):", text))
    with pytest.raises(plot.PlotError, match="no configuration other than direct"):
        report.write(session({"direct": EVEN}), file)


def test_no_gnuplot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without gnuplot one error is raised and no file is left."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(plot.PlotError, match="gnuplot is not installed"):
        report.write(GOOD, tmp_path / "report.html")
    assert not list(tmp_path.iterdir())
