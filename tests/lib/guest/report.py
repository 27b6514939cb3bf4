# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads what a guest reports: a line each, a word, then fields KEY=VALUE.

The field "json" is what vdmactl says, and becomes a field for each key. The field
"what" goes on to the line's end.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field

Fields = dict[str, str]


@dataclass
class Report:
    """Everything that a guest has said so far, by the lines' first words."""

    lines: dict[str, list[Fields]] = field(default_factory=dict)

    def all(self, word: str) -> list[Fields]:
        """All lines that start with a word."""
        return self.lines.get(word, [])

    def one(self, word: str) -> Fields | None:
        """The last line that starts with a word."""
        return self.all(word)[-1] if self.all(word) else None

    def device(self, address: str) -> Fields | None:
        """The last that was said about a function."""
        found = [line for line in self.all("device") if line.get("address") == address]
        return found[-1] if found else None

    def addresses(self) -> list[str]:
        """Functions that something was said about, in order of address."""
        return sorted({line["address"] for line in self.all("device")})


def from_status(text: str) -> Fields:
    """What vdmactl said about one function, as fields."""
    try:
        said = json.loads(base64.b64decode(text))[0]
    except (ValueError, IndexError):
        return {}
    flag = {True: "1", False: "0", None: "-"}
    return {
        "driver": said["driver"],
        "f": flag[said["f"]],
        "property": "yes" if said["property"] else "-",
        "secure": flag[said["secure"]],
        "mode": said["mode"],
        "reason": said["reason"],
        "passed_over": ",".join(said["passed_over"]) or "-",
        "disagreement": said["disagreement"] or "-",
    }


def parse(text: str) -> Report:
    """Parse a report; a last line that is not complete yet does not count."""
    report = Report()
    # the guest's terminal makes CR LF
    for line in text.replace("\r", "").split("\n")[:-1]:
        start, what, rest = line.partition(" what=")
        word, *texts = start.split(" ")
        if not word:
            continue
        pairs = (text.partition("=") for text in texts)
        fields = {key: value for key, _, value in pairs}
        if what:
            fields["what"] = rest
        fields |= from_status(fields.pop("json", ""))
        report.lines.setdefault(word, []).append(fields)
    return report
