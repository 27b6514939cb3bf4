# SPDX-License-Identifier: GPL-2.0-or-later
"""Each function of a C file carries the file's noun, no private header has the name of a
public one, and tests in C say what they prove."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP

# Nouns of files that are not called by them; {} is the file's own name.
NOUNS = {
    "guest/dma/audit.c": "vdma_fault",
    "guest/dma/domain.c": "vdma_domain",
    "guest/powerpc/dt_facts.c": "vdma_dt",
    "guest/powerpc/domain_tce.c": "tce_domain vdma_tce_domain",
    "guest/powerpc/bypass.c": "vdma_bypass",
    "guest/powerpc/secure.c": "vdma_shared vdma_msr_secure",
    "guest/virtio/features.c": "vdma_read_features feature_word",
    "guest/virtio/pci_modern.c": "pci vdma_find vdma_is_virtio",
    "guest/virtio/policy.c": "vdma_decide vdma_facts",
    "guest/virtio/reason.c": "vdma_mode vdma_passed_over vdma_strerror",
    "guest/virtio/virtio_blk.c": "blk vdma_blk",
    "guest/virtio/virtio_dev.c": "virtio vdma_virtio",
    "guest/virtio/virtio_net.c": "net vdma_net",
    "guest/virtio/virtqueue.c": "vq vdma_vq",
    "guest/virtio/virtqueue_packed.c": "packed",
    "guest/virtio/virtqueue_split.c": "split",
    "guest/linux/common_cfg.c": "common vdp_common",
    "guest/linux/device.c": "vdp_lock vdp_unlock",
    "guest/linux/facts.c": "vdp_hv_ops",
    "guest/linux/later.c": "vdp_free_later",
    "guest/linux/limits.c": "vdp_virtio_id",
    "guest/linux/main.c": "vdp_init vdp_exit",
    "guest/linux/phb_hook.c": "vdp_phb",
    "guest/linux/pool.c": "vdp_pools",
    "guest/linux/dma_ops.c": "VDP_MAP_PAGE",
    "guest/baremetal/lib/args.c": "arg",
    "guest/baremetal/lib/clock.c": "time",
    "guest/baremetal/lib/console.c": "print bail_out",
    "guest/baremetal/lib/exception.c": "exceptions",
    "guest/baremetal/lib/hypercall.c": "hypercall hcall hcalls",
    "guest/baremetal/lib/ktap.c": "report diag metric",
    "guest/baremetal/lib/page.c": "pages memory_end",
    "guest/baremetal/lib/printf.c": "format vformat",
    "guest/baremetal/lib/private.c": "map_private unmap_private",
    "guest/baremetal/lib/rtas.c": "power_off system_reboot",
    "guest/baremetal/lib/smp.c": "cpu secondary",
    "guest/baremetal/lib/spinlock.c": "spin",
    "guest/baremetal/lib/string.c": "both_aligned memory_is memchr memcmp memcpy memmove memset "
    "strchr strcmp strlen strncmp strnlen strrchr",
    "guest/baremetal/lib/ultravisor.c": "secure ucall ucalls",
    "guest/baremetal/lib/windows.c": "window",
    "hypervisor/qemu/dma_guard.c": "guard",
    "hypervisor/qemu/dma_guard_unguarded.c": "dma_guard spapr_uv_phb",
    "hypervisor/qemu/dma_guard_devices.c": "dma_guard",
    "hypervisor/qemu/dma_guard_maps.c": "dma_guard",
    "hypervisor/qemu/spapr_uv.c": "uv h_svm",
    "hypervisor/qemu/spapr_vdma.c": "h_dma_bypass",
    "hypervisor/qemu/vdma_bypass.c": "bypass",
    "hypervisor/qemu/stubs.c": "dma_guard vdma_iotlb",
    "tools/vdmactl/file.c": "blob tree",
    "tools/vdmactl/output.c": "table json",
    "tools/vdmactl/print_verbose.c": "verbose",
    "tools/vdmactl/row.c": "rows",
    "tools/vdmactl/tag.c": "cmd_untag",
    "tools/vdmactl/util.c": "xalloc xasprintf usage",
}
FOLDERS = ("guest/dma", "guest/linux", "guest/powerpc", "guest/virtio", "guest/baremetal/lib",
           "hypervisor/qemu", "tools/vdmactl")  # fmt: skip
FILES = [path for folder in FOLDERS for path in sorted((TOP / folder).glob("*.c"))]
BARE_METAL = sorted((TOP / "guest/baremetal").glob("*.c"))
UNIT = sorted((TOP / "tests/unit").glob("test_*.c"))


def functions(path: Path) -> list[str]:
    """Names of the functions that a file defines."""
    command = ["ctags", "--c-kinds=f", "-x", "--_xformat=%N", path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()


def has_noun(name: str, nouns: list[str]) -> bool:
    """Is it one of them, or does it begin with one?"""
    return any(name == noun or name.startswith(noun + "_") for noun in nouns)


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(TOP)) for path in FILES])
def test_functions_carry_the_noun(path: Path) -> None:
    """Each function's name starts with a noun of its file: vq_map(), not map()."""
    stem = path.stem
    nouns = [stem, f"vdma_{stem}", f"vdp_{stem}", f"cmd_{stem}"]
    nouns += NOUNS.get(str(path.relative_to(TOP)), "").split()
    names = functions(path)
    assert [name for name in names if not has_noun(name, nouns)] == []


def test_private_headers_have_names_of_their_own() -> None:
    """No private header has the name of a public one."""
    public = {path.name for path in (TOP / "include/vdma").glob("*.h")}
    private = [path for folder in FOLDERS for path in (TOP / folder).glob("*.h")]
    assert [path for path in private if path.name in public] == []


def described(text: str) -> set[str]:
    """Functions with a comment above them."""
    return set(re.findall(r"\*/\nstatic void (\w+)\(void(?: \*\*\w+)?\)$", text, re.MULTILINE))


@pytest.mark.parametrize("path", BARE_METAL, ids=[path.stem for path in BARE_METAL])
def test_bare_metal_tests_say_what_they_prove(path: Path) -> None:
    """A comment stands above each function that is a test or a benchmark."""
    text = path.read_text(encoding="utf-8")
    tests = re.findall(r"^GUEST_(?:TEST|BENCH)\(\w+, (\w+)\);", text, re.MULTILINE)
    assert tests and set(tests) <= described(text)


@pytest.mark.parametrize("path", UNIT, ids=[path.stem for path in UNIT])
def test_unit_tests_say_what_they_prove(path: Path) -> None:
    """A comment stands above each function that cmocka runs."""
    text = path.read_text(encoding="utf-8")
    tests = re.findall(r"\bcmocka_unit_test(?:_\w+)?\((\w+)", text)
    assert tests and set(tests) <= described(text)
