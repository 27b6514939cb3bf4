# SPDX-License-Identifier: GPL-2.0-or-later
# Benchmarks: they print what they measure, and whether it is what was promised.
# None is a test: a machine may be slow.

build/bench/explain: bench/explain.c build/lib/libvdma.a | installed-tools
	@printf '  %-7s %s\n' CCLD $@
	@mkdir -p $(@D)
	$(Q)gcc $(WARN) -D_GNU_SOURCE -O2 -g -Iinclude -MMD -MP -MF $@.d -o $@ $< build/lib/libvdma.a -lfdt

DEPS += build/bench/explain.d

.PHONY: bench-explain
bench-explain: build/bench/explain build/tools/vdmactl | installed-boot installed-check ## time and memory that explaining a device tree takes
	$(Q)$(PYTHON) -m bench.explain_report $^ build/bench/trees

.PHONY: bench-guard
bench-guard: build/tools/ppc64le/vdmactl | secure-part installed-check ## what the ultravisor costs a guest that does not use it
	$(Q)mk/part qemu-plain >/dev/null
	$(Q)$(PYTHON) -m bench.guard build/bench/guard

.PHONY: bench-secure
bench-secure: $(SECURE_MODULE) build/tools/ppc64le/vdmactl | secure-part installed-check ## mode bounce against the kernel's own bounce buffers
	$(Q)$(PYTHON) -m bench.secure build/bench/secure
