# SPDX-License-Identifier: GPL-2.0-or-later
"""report.html: one file with nothing beside it, light or dark as the reader's
system is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from html import escape
from pathlib import Path

from bench import plot
from bench.document import BadDocument, Document, Json, read
from bench.plot import PlotError, Series
from bench.summary import (
    BASE,
    MAIN,
    bases,
    compared,
    conclusions,
    copying,
    counts,
    headline,
    noise,
    percentage,
    result,
    short,
    verdict,
)
from tests.lib.build.parts import TOP

STYLE = TOP / "bench/report.css"
BASIS = {"counts": "exact counts", "samples": "larger than the noise", "noise": "noise"}


def _cells(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = "\n".join(_cells("td", row) for row in rows)
    return f'<div class="scroll"><table>{_cells("th", head)}\n{body}</table></div>'


def _section(title: str, *content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>\n" + "\n".join(content) + "\n</section>"


def _figure(draw: Callable[[int], str], caption: str) -> str:
    """A picture for each width of pages; the style sheet has one of them shown."""
    drawn = f'<div class="wide">{draw(plot.WIDTH)}</div>'
    drawn += f'<div class="narrow">{draw(plot.NARROW)}</div>'
    return f"<figure>{drawn}<figcaption>{escape(caption)}</figcaption></figure>"


def _rows(document: Document, base: str = BASE) -> list[Json]:
    """Workloads that a base has done."""
    return [row for row in document.workloads if document.values(base, row["name"])]


def _titles(rows: Sequence[Json]) -> list[str]:
    return [row["title"] for row in rows]


def _series(
    document: Document, names: Sequence[str], rows: Sequence[Json], cpu: bool = False
) -> list[Series]:
    """Configurations that were measured beside their base, for a picture."""
    series = []
    for name in names:
        speed, calls, translations = [], [], []
        for row in rows:
            found = result(document, name, row["name"])
            counted = counts(document, name, row["name"])
            speed.append((found.cpu_ratio if cpu else found.speed) if found else None)
            calls.append(counted["dma_hypercalls"] if counted else None)
            translations.append(counted["translations"] if counted else None)
        if any(speed):
            series.append(Series(name, speed, calls, translations))
    return series


def speed_plot(document: Document, names: Sequence[str]) -> str:
    """The first picture: what each I/O costs, and what becomes of speed."""
    rows = _rows(document)
    series = _series(document, names, rows)
    if not series:
        return ""
    label = "Hypercalls and translations for each I/O, and speed of direct's"
    return _figure(
        partial(plot.overview, _titles(rows), series, label),
        "Hypercalls and translations: exact counts, and direct has none. Speed: medians; whiskers "
        "are their noise, and a point whose whiskers reach the line at 100% does not differ from "
        "direct as far as this session can tell.",
    )


def _cpu_plot(document: Document, names: Sequence[str]) -> str:
    rows = _rows(document)
    series = _series(document, names, rows, cpu=True)
    if not series:
        return ""
    title = "QEMU's CPU time for an I/O, direct = 100 %"
    figure = _figure(
        partial(plot.ratios, _titles(rows), series, title, "CPU time for an I/O"),
        "Host CPU time of all of QEMU's threads, guest included; less is better.",
    )
    return _section("CPU time", figure)


def secure_plots(document: Document) -> str:
    """Our pools beside swiotlb, a picture for each number of CPUs."""
    figures = []
    for base in bases(document):
        rows = _rows(document, base) if base != BASE else []
        series = _series(document, compared(document, base), rows)
        if series:
            cpus = document.smp(base)
            title = f"speed, {base} = 100 %"
            caption = f"A guest with {cpus} CPU{'s' * (cpus > 1)}: our pools beside swiotlb."
            label = f"Speed beside {base}"
            draw = partial(plot.ratios, _titles(rows), series, title, label)
            figures.append(_figure(draw, caption))
    return _section("In a secure VM", *figures) if figures else ""


def _counts_table(document: Document) -> str:
    rows = []
    for row in document.workloads:
        for name in document.ran():
            found = counts(document, name, row["name"])
            timed = result(document, name, row["name"])
            if found is None:
                continue
            rows.append(
                [
                    row["title"],
                    name,
                    short(found["dma_hypercalls"]),
                    short(found["tce_written"]),
                    short(found["translations"]),
                    *copying(document, name, row["name"]),
                    f"{timed.cpu.median:.0f} {noise(timed.cpu)}" if timed else "-",
                ]
            )
    head = ["workload", "configuration", "hypercalls", "TCEs", "translations", "KiB copied"]
    return _table([*head, "copies of a byte", "CPU, µs"], rows)


def _speed_table(document: Document) -> str:
    rows = []
    for row in document.workloads:
        for name in document.ran():
            found = result(document, name, row["name"])
            if found is None:
                continue
            base = document.base(name)
            speed = [f"{percentage(found.speed)} of {base}", verdict(found.speed)]
            if base == name:
                speed = ["", ""]
            value = f"{short(found.value.median)} {row['unit']}"
            span = f"{short(found.value.low)} to {short(found.value.high)}"
            rows.append([row["title"], name, value, span, *speed])
    return _table(["workload", "configuration", "median", "interval", "compared", ""], rows)


def _setup_section(document: Document) -> str:
    lines = {}
    for row in document.configurations:
        line = [
            (entry["memory_mib"] / 1024, float(entry["table_bytes"]))
            for entry in document.setup
            if entry["configuration"] == row["name"]
            and entry["devices"] == 1
            and entry["kernel"] != "6.12"
        ]
        if len(line) > 1:
            lines[row["name"]] = sorted(line)
    parts = []
    if lines:
        draw = partial(plot.sizes, lines, "memory, GiB", "TCE tables", "Size of TCE tables")
        caption = "TCE tables that a device adds to the PHB's own 2 MiB, by size of memory."
        parts.append(_figure(draw, caption))
    keys = ("devices", "tce_calls", "tce_written", "table_bytes")
    rows = []
    for e in document.setup:
        memory = f"{e['memory_mib'] // 1024} GiB"
        rows.append([e["configuration"], e["kernel"], memory, *(str(e[key]) for key in keys)])
    head = ["configuration", "kernel", "memory", "devices", "TCE calls", "TCEs", "table bytes"]
    parts.append(_table(head, rows))
    parts.append(
        "<p>Whole boots, counted. 512 of the calls are the kernel's own: it clears the default "
        "window of each PHB. Debian's 6.12 binds virtio devices before any module can be loaded, "
        "and so makes its window first; 6.1 lets our module decide before that.</p>"
    )
    return _section("What it costs to set a device up", *parts)


def _bare_section(document: Document) -> str:
    reads = [e for e in document.bare_metal if "instructions" in e]
    bounced = [e for e in document.bare_metal if "what" in e]
    first = [e for e in document.bare_metal if "ns" in e]
    parts = []
    if reads:
        rows = [
            [e["mode"], e["ring"], f"{e['hypercalls'] / e['reads']:.3g}", str(e["instructions"])]
            for e in reads
        ]
        parts.append("<p>A read of 4 KiB, by our library without an operating system.</p>")
        parts.append(_table(["mode", "ring", "hypercalls", "instructions"], rows))
    if bounced:
        rows = [
            [e["what"], f"{e['hypercalls']} in {e['reads']}", f"{e['copied']} for {e['bytes']}"]
            for e in bounced
        ]
        parts.append("<p>Requests of a secure VM, bounced.</p>")
        parts.append(_table(["request", "hypercalls and ultracalls", "bytes copied"], rows))
    if first:
        rows = [
            [e["mode"], str(e["hypercalls"]), short(e["open_ns"]), short(e["ns"])] for e in first
        ]
        parts.append("<p>From reset to the first read.</p>")
        head = ["mode", "hypercalls for the device", "instructions for it", "since reset"]
        parts.append(_table(head, rows))
    return _section("Bare metal, counted by instruction", *parts)


def _bars(document: Document) -> str:
    rows = []
    for bar in document.bars:
        kind = {"met": "met", "not met": "unmet"}.get(bar["state"], "none")
        if not bar["decided"]:
            kind = "none"
        state = bar["state"] + ("" if bar["decided"] else ", within the noise")
        rows.append(
            f'<tr class="{kind}"><td class="state">{escape(state)}</td><td>{escape(bar["name"])}'
            f'</td><td>{escape(bar["basis"])}: {escape(bar["detail"])}</td></tr>'
        )
    return '<div class="scroll"><table class="bars">' + "\n".join(rows) + "</table></div>"


def _missing(document: Document) -> str:
    cannot = [row for row in document.configurations if not row["ran"]]
    rows = [[row["name"], row["title"], row["why"]] for row in cannot]
    named = {row["name"] for row in cannot}
    rows += [[m["what"], "", m["why"]] for m in document.missing if m["what"] not in named]
    if not rows:
        return ""
    return _section("Not in this report", _table(["what", "", "why"], rows))


def _facts(document: Document) -> str:
    rows = [[key.replace("_", " "), str(value)] for key, value in document.environment.items()]
    rows += [
        ["started", document.started],
        ["took", f"{document.seconds:.0f} s"],
        ["profile", document.profile],
        ["seed", str(document.seed)],
    ]
    return _section("What it ran on", _table(["", ""], rows))


def page(document: Document) -> str:
    """The whole file."""
    names = [name for name in MAIN if name in compared(document)]
    said = "\n".join(
        f'<li>{escape(text)} <span class="basis">{BASIS[basis]}</span></li>'
        for text, basis in conclusions(document)
    )
    first, secure = speed_plot(document, names), secure_plots(document)
    rounds = 1 + max((sample["round"] for sample in document.samples), default=-1)
    accel = document.environment.get("accel", "?")
    meta = f"{document.started[:10]}, {accel}, {rounds} rounds, seed {document.seed}"
    if not document.complete:
        meta += "; not complete"
    parts = [
        f"<header><h1>{escape(headline(document))}</h1><p>{escape(meta)}</p></header>",
        first or secure or "<p>No configuration was measured beside direct.</p>",
        _section("What this session says", f"<ul>{said}</ul>" if said else "<p>Nothing.</p>"),
        _section("What was promised", _bars(document)),
    ]
    if document.counts:
        parts.append(_section("For each I/O", _counts_table(document)))
    if document.samples:
        parts.append(_section("Speed", _speed_table(document)))
        parts.append(_cpu_plot(document, names))
        parts.append(secure if first else "")
    if document.setup:
        parts.append(_setup_section(document))
    if document.bare_metal:
        parts.append(_bare_section(document))
    parts += [_missing(document), _facts(document)]
    style = STYLE.read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>virtio DMA on POWER: benchmarks</title>\n<style>{style}</style></head>\n<body>"
        + "\n".join(filter(None, parts))
        + "</body></html>\n"
    )


def picture(document: Document) -> str:
    """The first picture alone, as an SVG file that a README can show."""
    names = [name for name in MAIN if name in compared(document)]
    rows = _rows(document)
    series = _series(document, names, rows)
    if not series:
        raise PlotError("no configuration was measured beside direct")
    svg = plot.overview(_titles(rows), series, headline(document))
    colours = STYLE.read_text(encoding="utf-8").partition("body {")[0].partition("*/\n")[2]
    # the second comment of the style sheet
    colours = colours.partition("*/\n")[2]
    style = "svg{background:var(--page);color:var(--ink)} text{fill:currentColor}"
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    svg = svg.replace("<svg ", f"<svg {spaces} ", 1)
    svg = svg.replace(">", f">\n<style>{colours}{style}</style>", 1)
    svg = " ".join(svg.split()).replace("> <g ", ">\n<g ")
    return f"<!-- SPDX-License-Identifier: GPL-2.0-or-later -->\n{svg}\n"


def write(document: Document, file: Path) -> None:
    """Write it whole or not at all; a name that ends in .svg gets the picture."""
    half = file.with_suffix(".new")
    text = picture(document) if file.suffix == ".svg" else page(document)
    half.write_text(text, encoding="utf-8")
    half.rename(file)


def main() -> int:
    """Write a report, or its first picture, of a session that was before."""
    if len(sys.argv) != 3:
        print("usage: bench.report BENCH.JSON REPORT.HTML|PICTURE.SVG", file=sys.stderr)
        return 2
    try:
        write(read(Path(sys.argv[1])), Path(sys.argv[2]))
    except (BadDocument, PlotError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
