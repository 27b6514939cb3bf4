# SPDX-License-Identifier: GPL-2.0-or-later
"""The device tree that firmware hands to a guest, checked on the host."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from tests.lib.devicetree.binding import AVAILABLE, validate
from tests.lib.devicetree.vdmactl import vdmactl
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.machine.pseries import Machine

DUMP = """
. /lib/vdma.sh
base64 /sys/firmware/fdt | while read -r line; do
    report fdt "line=$line"
done
"""

TAGGED = {"0000:00:01.0", "0000:00:03.0", "0000:01:01.0"}


@AVAILABLE
def test_tags_obey_the_binding(run: Path) -> None:
    """SLOF's tags on three functions validate against the schema, and vdmactl reads them."""
    with Guest(Machine(), run, GuestImage(policy=False, script=DUMP, disk_mib=2)) as guest:
        report = guest.finish().report
    tree = run / "guest.dtb"
    lines = [line["line"] for line in report.all("fdt")]
    tree.write_bytes(base64.b64decode("".join(lines)))
    said = json.loads(vdmactl("explain", "--json", tree).stdout)
    tagged = {item["device"]: item["path"] for item in said if item["property"]}
    assert tagged.keys() == TAGGED
    assert validate(tree) == (set(tagged.values()), {})
    assert {item["reason"] for item in said if item["property"]} == {"dt-bypass"}
