# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions made up for tests, with two workloads: direct, bypass and tce; or bounce
and swiotlb."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema

from bench import criteria
from bench.results import Results
from tests.lib.build.parts import TOP

SCHEMA = json.loads((TOP / "bench/schema.json").read_text())

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


def validate(file: Path) -> dict[str, Any]:
    """The content of a bench.json that must be as the schema says."""
    content: dict[str, Any] = json.loads(file.read_text())
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.validate(content, SCHEMA)
    return content


def session(
    speeds: Speeds,
    translations: Mapping[str, int] | None = None,
    base: str = "direct",
    smp: int = 1,
    copies: Mapping[str, float] | None = None,
) -> Results:
    """Every configuration in every workload; TRANSLATIONS for each I/O, COPIES of each
    byte. All are compared with BASE, in guests with SMP CPUs."""
    results = Results("2026-01-02T03:04:05+00:00", "quick", 7, {"accel": "tcg"}, 12.5, True)
    results.workloads = [{**row, "unit": "IOPS"} for row in WORKLOADS]
    for name, rounds in speeds.items():
        results.configurations.append(
            {
                "name": name,
                "title": name,
                "mode": name.removeprefix("secure-"),
                "base": base,
                "smp": smp,
                "workloads": [row["name"] for row in WORKLOADS],
                "ran": True,
                "why": "",
            }
        )
        for row in WORKLOADS:
            for number, part in enumerate(rounds):
                results.samples.append(
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
            results.counts.append(
                {
                    "configuration": name,
                    "workload": row["name"],
                    "ios": 500,
                    "hypercalls": {"H_CEDE": 3},
                    "dma_hypercalls": 250 * each,
                    "tce_written": 500 * each,
                    "tce_cleared": 500 * each,
                    "translations": 500 * each,
                    "bytes": 500 * 4096,
                    "copied_bytes": int(500 * 4096 * (copies or {}).get(name, 0)),
                }
            )
    results.criteria = criteria.judge(results)
    return results


def secure(ours: Sequence[float], smp: int = 1, copied: float = 1.02) -> Results:
    """A pool compared with swiotlb."""
    speeds = {"secure-swiotlb": (1.0,) * 5, "secure-bounce": ours}
    copies = {"secure-swiotlb": 2.02, "secure-bounce": copied}
    found = session(speeds, base="secure-swiotlb", smp=smp, copies=copies)
    found.shared("secure-swiotlb", 64 << 20)
    found.shared("secure-bounce", 6 << 20)
    found.criteria = criteria.judge(found)
    return found


GOOD = session({"direct": (1.0,) * 5, "bypass": EVEN, "tce": SLOW}, {"tce": 16})
