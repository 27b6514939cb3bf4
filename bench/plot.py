# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures, by gnuplot, as SVG that stands in a page and takes its colours."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from bench.stats import Summary

# Widths of a plot: for a usual page, and for a telephone.
WIDTH, NARROW = 860, 400
HEAD, FOOT, NAME = 40, 56, 18
POINTS = (7, 5, 9, 13)

# gnuplot draws in colours that stand for ours: rgb(0,0,N) is the page's --cN.
PAINT = re.compile(r"""(stroke|fill|color)\s*=\s*['"]rgb\(\s*0,\s*0,\s*(\d+)\)['"]""")


class PlotError(Exception):
    """gnuplot is not there, or does not like what it got."""


def _run(script: str) -> str:
    try:
        done = subprocess.run(
            ["gnuplot"], input=script, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise PlotError("gnuplot is not installed (make bench installs it)") from error
    if done.returncode != 0 or "</svg>" not in done.stdout:
        raise PlotError(f"gnuplot: {done.stderr.strip().splitlines()[-1:] or ['no picture']}")
    return done.stdout


def _themed(tag: re.Match[str]) -> str:
    """A tag whose colours are the page's. Attributes can't say var(): style can."""
    styles = [f"{name}:var(--c{number})" for name, number in PAINT.findall(tag[0])]
    left = PAINT.sub("", tag[0])
    return f'{left[: -len(tag[1])]} style="{";".join(styles)}"{tag[1]}' if styles else left


def _inline(svg: str, label: str, width: int) -> str:
    """The picture as part of a page: no header, no size, no colours of its own."""
    size = re.search(r'viewBox="([0-9. ]+)"', svg)
    if not size:
        raise PlotError("gnuplot: a picture without a size")
    body = svg[svg.index("<g id=") :]
    body = re.sub(r"<(filter)\b.*?</\1>", "", body, flags=re.DOTALL)
    body = re.sub(r"'black'|\"black\"", '"currentColor"', body)
    body = re.sub(r"<[a-z][^<>]*?(/?>)", _themed, body)
    # names of one picture are not those of another
    prefix = re.sub(r"\W+", "-", f"{label.lower()}-{width}")
    body = re.sub(r"(id=['\"]|#)(gp|gnuplot)", rf"\g<1>{prefix}-\2", body)
    return f'<svg role="img" aria-label="{escape(label)}" viewBox="{size[1]}">\n{body}'


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "").replace('"', "'") + '"'


def _head(width: int, height: float) -> str:
    return (
        f"set terminal svg size {width},{height:.0f} dynamic noenhanced "
        'font "sans-serif,13"\n'
        "set border 1 lc rgb '#000006'\nset tics nomirror out scale 0.5\n"
        "set grid xtics lc rgb '#000005' lw 1 lt 1\n"
    )


@dataclass(frozen=True)
class Series:
    """One configuration, a value or None for each row. SPEED is of direct; CALLS and
    TRANSLATIONS are for each I/O."""

    name: str
    speed: Sequence[Summary | None]
    calls: Sequence[float | None] = ()
    translations: Sequence[float | None] = ()


@dataclass(frozen=True)
class Layout:
    """A plot with rows, named at their left, or above them if it is narrow."""

    names: Sequence[str]
    series: Sequence[Series]
    width: int

    @property
    def narrow(self) -> bool:
        """Is there no room at the left of the rows?"""
        return self.width < WIDTH

    @property
    def row(self) -> int:
        """Height of a row."""
        return 12 * max(2, len(self.series)) + 12 + (NAME if self.narrow else 0)

    @property
    def panel(self) -> int:
        """Height of a panel, with the axis below it."""
        return self.row * len(self.names) + FOOT

    @property
    def title(self) -> float:
        """Part of a row that its name takes."""
        return NAME / self.row if self.narrow else 0.0

    def offset(self, number: int) -> float:
        """Where a series is within a row that is 1 high."""
        of = len(self.series)
        return self.title / 2 + (number - (of - 1) / 2) * self.bar

    @property
    def bar(self) -> float:
        """What a series takes of a row."""
        return 0.8 * (1 - self.title) / max(len(self.series), 2)


def _colour(number: int) -> str:
    return f"lc rgb '#00000{number % 4 + 1}'"


def _margins(left: float, right: float, top: float, bottom: float) -> str:
    """Of a panel, as parts of the picture, from its left and from its bottom."""
    places = zip(("lmargin", "rmargin", "tmargin", "bmargin"), (left, right, top, bottom))
    return "".join(f"set {name} at screen {place:.4f}\n" for name, place in places)


def _rows(layout: Layout, labels: bool) -> str:
    names = layout.names
    left = names if labels and not layout.narrow else [""] * len(names)
    tics = ", ".join(f"{_quote(name)} {i}" for i, name in enumerate(left))
    script = f"set yrange [{len(names) - 0.5}:-0.5]\nset ytics ({tics}) scale 0\n"
    # a thin line between rows only
    for row in range(1, len(names)):
        script += f"set arrow from graph 0, first {row - 0.5} to graph 1, first {row - 0.5} "
        script += "nohead back lc rgb '#000005' lw 1\n"
    for row, name in enumerate(names if layout.narrow else ()):
        script += f"set label {200 + row} {_quote(name)} at graph 0, "
        script += f"first {row - 0.5 + layout.title / 2:.3f} left font ',12'\n"
    return script


def _speed_panel(layout: Layout, title: str) -> str:
    series = layout.series
    most = max((s.high for one in series for s in one.speed if s), default=1.0)
    script = f"set xrange [0:{max(1.1, min(most * 1.05, 2.5)):.2f}]\n"
    script += f"set xlabel {_quote(title)} offset 0,0.6\n"
    # a label is a format, too
    marks = ", ".join(f"'{part} %%' {part / 100}" for part in (0, 50, 100, 150, 200, 250))
    script += f"set xtics ({marks})\n"
    script += "set arrow from 1,graph 0 to 1,graph 1 nohead lc rgb '#000006' lw 2\n"
    plots = []
    for number, one in enumerate(series):
        script += f"$speed{number} << EOD\n"
        for row, value in enumerate(one.speed):
            if value:
                y = row + layout.offset(number)
                script += f"{value.median} {y:.3f} {value.low} {value.high}\n"
        script += "EOD\n"
        plots.append(
            f"$speed{number} using 1:2:3:4 with xerrorbars pt {POINTS[number % 4]} ps 0.8 "
            f"lw 1.8 {_colour(number)} notitle"
        )
    return script + "plot " + ", ".join(plots) + "\n"


def _count_panel(layout: Layout, title: str) -> str:
    series = layout.series
    sums = [
        (a or 0) + (b or 0) for one in series for a, b in zip(one.calls, one.translations)
    ]
    most = max([1.0, *sums])
    script = f"set xrange [0:{most * 1.3:.1f}]\nset xtics auto\n"
    script += f"set xlabel {_quote(title)} offset 0,0.6\n"
    half = 0.45 * layout.bar
    plots = []
    for number, one in enumerate(series):
        script += f"$count{number} << EOD\n"
        for row, (calls, translations) in enumerate(zip(one.calls, one.translations)):
            if calls is not None and translations is not None:
                y = row + layout.offset(number)
                text = f"{calls + translations:.3g}"
                script += f"{calls} {calls + translations} {y:.3f} {text}\n"
        script += "EOD\n"
        box = f"($3-{half:.3f}):($3+{half:.3f}) with boxxyerror fs solid"
        plots += [
            f"$count{number} using 1:3:(0):1:{box} 1.0 noborder {_colour(number)} notitle",
            f"$count{number} using 1:3:1:2:{box} 0.45 noborder {_colour(number)} notitle",
            f"$count{number} using 2:3:4 with labels left offset 0.4,0 font ',11' notitle",
        ]
    return script + "plot " + ", ".join(plots) + "\n"


def _key(layout: Layout, height: int) -> str:
    """Names and colours of the series, on a line of their own."""
    script, x = "", 9.0
    # what a letter takes, and what a name takes besides
    letter, more = (7.0, 34.0) if layout.narrow else (8.2, 60.0)
    for number, one in enumerate(layout.series):
        script += f"set label {100 + number} {_quote(one.name)} at "
        script += f"screen {(x + 19) / layout.width:.3f}, "
        script += f"screen {1 - 14 / height:.4f} left point pt {POINTS[number % 4]} ps 1.1 "
        script += f"{_colour(number)} offset character 0.9,-0.35\n"
        x += more + letter * len(one.name)
    return script


def overview(
    rows: Sequence[str], series: Sequence[Series], label: str, width: int = WIDTH
) -> str:
    """Counts on the left, or above, and speed on the right; a row for each name."""
    layout = Layout(rows, series, width)
    counted = any(value is not None for one in series for value in one.calls)
    stacked = counted and layout.narrow
    height = HEAD + layout.panel * (2 if stacked else 1)
    top, bottom = 1 - HEAD / height, FOOT / height
    script = _head(width, height) + "set multiplot\n" + _key(layout, height)
    left, right = (0.04, 0.96) if layout.narrow else (0.35, 0.965)
    if counted:
        above = bottom + layout.panel / height if stacked else bottom
        script += _margins(left, right if stacked else 0.60, top, above)
        script += _rows(layout, True)
        script += _count_panel(layout, "hypercalls (solid) and translations for each I/O")
        script += "unset arrow\nunset label\n"
        left, top = (left, layout.panel / height) if stacked else (0.62, top)
    script += _margins(left, right, top, bottom)
    script += _rows(layout, not counted) + _speed_panel(layout, "speed, direct = 100 %")
    return _inline(_run(script + "unset multiplot\n"), label, width)


def ratios(
    rows: Sequence[str], series: Sequence[Series], title: str, label: str, width: int = WIDTH
) -> str:
    """One panel: points with their intervals, and a line where direct is."""
    layout = Layout(rows, series, width)
    height = HEAD + layout.panel
    script = _head(width, height) + _key(layout, height)
    left = 0.04 if layout.narrow else 0.35
    script += _margins(left, 0.96, 1 - HEAD / height, FOOT / height)
    script += _rows(layout, True) + _speed_panel(layout, title)
    return _inline(_run(script), label, width)


def sizes(
    lines: Mapping[str, Sequence[tuple[float, float]]],
    x: str,
    y: str,
    label: str,
    width: int = WIDTH,
) -> str:
    """Lines over sizes of memory in GiB; bytes, on a logarithmic scale that has 0."""
    script = _head(width, 300 if width == WIDTH else 300 + 20 * len(lines))
    script += f"set border 3\nset xlabel {_quote(x)}\nset ylabel {_quote(y)}\n"
    script += "set logscale x 2\nset xrange [0.8:24]\nset xtics (1, 4, 16)\n"
    # log2 of KiB plus 1: 0 stays 0
    script += "f(b) = log(1 + b / 1024.0) / log(2)\nset yrange [-0.6:16]\n"
    script += "set ytics ('0' 0, '1 KiB' f(1024), '16 KiB' f(16384), '256 KiB' f(262144), "
    script += "'4 MiB' f(4194304), '32 MiB' f(33554432))\n"
    script += "set grid ytics lc rgb '#000005' lw 1 lt 1\n"
    place = "right" if width == WIDTH else "bottom center vertical maxcols 1"
    script += f"set key outside {place} top Left reverse samplen 1.5\n"
    plots = []
    for number, (name, line) in enumerate(lines.items()):
        script += f"$s{number} << EOD\n" + "".join(f"{a} {b}\n" for a, b in line) + "EOD\n"
        plots.append(
            f"$s{number} using 1:(f($2)) with linespoints pt {POINTS[number % 4]} ps 0.9 "
            f"lw 2 {_colour(number)} title {_quote(name)}"
        )
    return _inline(_run(script + "plot " + ", \\\n".join(plots) + "\n"), label, width)
