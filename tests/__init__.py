# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests. They use vdma-run's modules, which stand in a folder of their own."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools/vdma-run"))
