# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions made up for tests: direct, bypass and tce with two workloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench import bars
from bench.document import Document

# Of direct's speed, round by round.
EVEN = (1.0, 1.01, 0.99, 1.02, 0.98)
SLOW = (0.5, 0.52, 0.49, 0.55, 0.47)
NOISY = (0.7, 1.4, 0.9, 1.1, 0.8)

BASE = (1000.0, 1100.0, 900.0, 1050.0, 950.0)

Speeds = Mapping[str, Sequence[float]]

WORKLOADS = (
    {"name": "read-4k-1", "title": "disk: 4 KiB random reads, depth 1", "device": "disk"},
    {"name": "net-rr", "title": "network: TCP request and response", "device": "net"},
)


def session(speeds: Speeds, translations: Mapping[str, int] | None = None) -> Document:
    """Every configuration in every workload; TRANSLATIONS for each I/O."""
    document = Document("2026-01-02T03:04:05+00:00", "quick", 7, {"accel": "tcg"}, 12.5, True)
    document.workloads = [{**row, "unit": "IOPS"} for row in WORKLOADS]
    for name, rounds in speeds.items():
        document.configurations.append(
            {"name": name, "title": name, "mode": "direct", "ran": True, "why": ""}
        )
        for row in WORKLOADS:
            for number, part in enumerate(rounds):
                document.samples.append(
                    {
                        "configuration": name,
                        "workload": row["name"],
                        "round": number,
                        "position": 0,
                        "value": BASE[number] * part,
                        "ios": 1000,
                        "bytes": 4096000,
                        "seconds": 0.5,
                        "cpu": 0.25 / part,
                        "wall": 0.6,
                    }
                )
            each = (translations or {}).get(name, 0)
            document.counts.append(
                {
                    "configuration": name,
                    "workload": row["name"],
                    "ios": 500,
                    "hypercalls": {"H_CEDE": 3},
                    "dma_hypercalls": 250 * each,
                    "tce_written": 500 * each,
                    "tce_cleared": 500 * each,
                    "translations": 500 * each,
                    "bounced_bytes": 0,
                }
            )
    document.bars = bars.judge(document)
    return document


GOOD = session({"direct": (1.0,) * 5, "bypass": EVEN, "tce": SLOW}, {"tce": 16})
