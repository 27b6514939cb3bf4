# SPDX-License-Identifier: GPL-2.0-or-later
"""report.html: a single file, light or dark as the reader's system is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from html import escape
from pathlib import Path

from bench import plot
from bench.results import BadResults, Results, Json, read
from bench.plot import PlotError, Series
from bench.summary import (
    BASE,
    MAIN,
    bases,
    compared,
    conclusions,
    costs,
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


def _rows(results: Results, base: str = BASE) -> list[Json]:
    """Workloads that a base has done."""
    return [row for row in results.workloads if results.values(base, row["name"])]


def _titles(rows: Sequence[Json]) -> list[str]:
    return [row["title"] for row in rows]


def _series(
    results: Results, names: Sequence[str], rows: Sequence[Json], cpu: bool = False
) -> list[Series]:
    """Configurations compared with their base, for a plot."""
    series = []
    for name in names:
        speed, calls, translations = [], [], []
        for row in rows:
            found = result(results, name, row["name"])
            counted = counts(results, name, row["name"])
            speed.append((found.cpu_ratio if cpu else found.speed) if found else None)
            calls.append(counted["dma_hypercalls"] if counted else None)
            translations.append(counted["translations"] if counted else None)
        if any(speed):
            series.append(Series(name, speed, calls, translations))
    return series


def speed_plot(results: Results, names: Sequence[str]) -> str:
    """The first plot: the cost of each I/O, and speed."""
    rows = _rows(results)
    series = _series(results, names, rows)
    if not series:
        return ""
    label = "Hypercalls and translations for each I/O, and speed of direct's"
    return _figure(
        partial(plot.overview, _titles(rows), series, label),
        "Hypercalls and translations: exact counts, and direct has none. Speed: medians; whiskers "
        "are their noise, and a point whose whiskers reach the line at 100% does not differ from "
        "direct as far as this session can tell.",
    )


def _cpu_plot(results: Results, names: Sequence[str]) -> str:
    rows = _rows(results)
    series = _series(results, names, rows, cpu=True)
    if not series:
        return ""
    title = "QEMU's CPU time for an I/O, direct = 100 %"
    figure = _figure(
        partial(plot.ratios, _titles(rows), series, title, "CPU time for an I/O"),
        "Host CPU time of all QEMU threads, guest included; less is better.",
    )
    return _section("CPU time", figure)


def secure_plots(results: Results) -> str:
    """Our pools compared with swiotlb, a plot for each number of CPUs."""
    figures = []
    for base in bases(results):
        rows = _rows(results, base) if base != BASE else []
        series = _series(results, compared(results, base), rows)
        if series:
            cpus = results.smp(base)
            title = f"speed, {base} = 100 %"
            caption = f"A guest with {cpus} CPU{'s' * (cpus > 1)}: our pools compared with swiotlb."
            label = f"Speed compared with {base}"
            draw = partial(plot.ratios, _titles(rows), series, title, label)
            figures.append(_figure(draw, caption))
    return _section("In a secure VM", *figures) if figures else ""


def _counts_table(results: Results) -> str:
    rows = []
    for row, name, cells, cpu in costs(results):
        time = f"{cpu.median:.0f} {noise(cpu)}" if cpu else "-"
        rows.append([row["title"], name, *cells, time])
    head = ["workload", "configuration", "hypercalls", "TCEs", "translations", "KiB copied"]
    return _table([*head, "copies of a byte", "CPU, µs"], rows)


def _speed_table(results: Results) -> str:
    rows = []
    for row in results.workloads:
        for name in results.ran():
            found = result(results, name, row["name"])
            if found is None:
                continue
            base = results.base(name)
            speed = [f"{percentage(found.speed)} of {base}", verdict(found.speed)]
            if base == name:
                speed = ["", ""]
            value = f"{short(found.value.median)} {row['unit']}"
            span = f"{short(found.value.low)} to {short(found.value.high)}"
            rows.append([row["title"], name, value, span, *speed])
    return _table(["workload", "configuration", "median", "interval", "compared", ""], rows)


def _setup_section(results: Results) -> str:
    lines = {}
    for row in results.configurations:
        line = [
            (entry["memory_mib"] / 1024, float(entry["table_bytes"]))
            for entry in results.setup
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
    for e in results.setup:
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


def _bare_section(results: Results) -> str:
    reads = [e for e in results.bare_metal if "instructions" in e]
    bounced = [e for e in results.bare_metal if "what" in e]
    first = [e for e in results.bare_metal if "ns" in e]
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


def _criteria(results: Results) -> str:
    rows = []
    for criterion in results.criteria:
        kind = {"met": "met", "not met": "unmet"}.get(criterion["state"], "none")
        if not criterion["decided"]:
            kind = "none"
        state = criterion["state"] + ("" if criterion["decided"] else ", within the noise")
        rows.append(
            f'<tr class="{kind}"><td class="state">{escape(state)}</td>'
            f'<td>{escape(criterion["name"])}</td><td>{escape(criterion["basis"])}: {escape(criterion["detail"])}</td></tr>'
        )
    return '<div class="scroll"><table class="criteria">' + "\n".join(rows) + "</table></div>"


def _missing(results: Results) -> str:
    cannot = [row for row in results.configurations if not row["ran"]]
    rows = [[row["name"], row["title"], row["why"]] for row in cannot]
    named = {row["name"] for row in cannot}
    rows += [[m["what"], "", m["why"]] for m in results.missing if m["what"] not in named]
    if not rows:
        return ""
    return _section("Not in this report", _table(["what", "", "why"], rows))


def _facts(results: Results) -> str:
    rows = [[key.replace("_", " "), str(value)] for key, value in results.environment.items()]
    rows += [
        ["started", results.started],
        ["took", f"{results.seconds:.0f} s"],
        ["profile", results.profile],
        ["seed", str(results.seed)],
    ]
    return _section("What it ran on", _table(["", ""], rows))


def page(results: Results) -> str:
    """The whole file."""
    names = [name for name in MAIN if name in compared(results)]
    said = "\n".join(
        f'<li>{escape(text)} <span class="basis">{BASIS[basis]}</span></li>'
        for text, basis in conclusions(results)
    )
    first, secure = speed_plot(results, names), secure_plots(results)
    rounds = 1 + max((sample["round"] for sample in results.samples), default=-1)
    accel = results.environment.get("accel", "?")
    meta = f"{results.started[:10]}, {accel}, {rounds} rounds, seed {results.seed}"
    if not results.complete:
        meta += "; not complete"
    parts = [
        f"<header><h1>{escape(headline(results))}</h1><p>{escape(meta)}</p></header>",
        first or secure or "<p>No configuration other than direct was measured.</p>",
        _section("What this session says", f"<ul>{said}</ul>" if said else "<p>Nothing.</p>"),
        _section("What was promised", _criteria(results)),
    ]
    if results.counts:
        parts.append(_section("For each I/O", _counts_table(results)))
    if results.samples:
        parts.append(_section("Speed", _speed_table(results)))
        parts.append(_cpu_plot(results, names))
        parts.append(secure if first else "")
    if results.setup:
        parts.append(_setup_section(results))
    if results.bare_metal:
        parts.append(_bare_section(results))
    parts += [_missing(results), _facts(results)]
    style = STYLE.read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>virtio DMA on POWER: benchmarks</title>\n<style>{style}</style></head>\n<body>"
        + "\n".join(filter(None, parts))
        + "</body></html>\n"
    )


def picture(results: Results) -> str:
    """The first picture alone, as an SVG file that a README can show."""
    names = [name for name in MAIN if name in compared(results)]
    rows = _rows(results)
    series = _series(results, names, rows)
    if not series:
        raise PlotError("no configuration other than direct was measured")
    svg = plot.overview(_titles(rows), series, headline(results))
    colours = STYLE.read_text(encoding="utf-8").partition("body {")[0].partition("*/\n")[2]
    # the second comment of the style sheet
    colours = colours.partition("*/\n")[2]
    style = "svg{background:var(--page);color:var(--ink)} text{fill:currentColor}"
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    svg = svg.replace("<svg ", f"<svg {spaces} ", 1)
    svg = svg.replace(">", f">\n<style>{colours}{style}</style>", 1)
    svg = " ".join(svg.split()).replace("> <g ", ">\n<g ")
    return f"<!-- SPDX-License-Identifier: GPL-2.0-or-later -->\n{svg}\n"


def write(results: Results, file: Path) -> None:
    """Write it whole or not at all; a name that ends in .svg gets the picture."""
    half = file.with_suffix(".new")
    text = picture(results) if file.suffix == ".svg" else page(results)
    half.write_text(text, encoding="utf-8")
    half.rename(file)


def main() -> int:
    """Write the report or the first plot of an earlier session."""
    if len(sys.argv) != 3:
        print("usage: bench.report BENCH.JSON REPORT.HTML|PICTURE.SVG", file=sys.stderr)
        return 2
    try:
        write(read(Path(sys.argv[1])), Path(sys.argv[2]))
    except (BadResults, PlotError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
