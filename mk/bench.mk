# SPDX-License-Identifier: GPL-2.0-or-later
# Benchmarks: they print what they measure, and whether it is what was promised.
# None is a test: a machine may be slow.

BENCH ?= default
ACCEL ?= tcg
BENCH_OPTIONS = --profile $(BENCH) --accel $(ACCEL) --kernel $(KERNEL_SPEC) --qemu $(QEMU) \
	--configurations "$(CONFIGS)" --workloads "$(WORKLOADS)" \
	$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED))

# Kernels that bench.toml names, and KERNEL=.
BENCH_KERNELS := $(sort 6.12 6.1 $(filter-out secure-%,$(KERNEL_ROW)))
BENCH_SECURE := secure-6.12
BENCH_NEEDS := $(call module,$(BENCH_KERNELS)) build/firmware/vdma.nvramrc $(PPC64LE)/vdmactl guest

# A quick session has no secure VM, and does not wait for its kernel.
ifneq ($(BENCH),quick)
BENCH_NEEDS += $(call module,$(BENCH_SECURE))
BENCH_PARTS := bench-secure-part
endif

.PHONY: bench-parts
bench-parts: | packages
	$(Q)mk/part $(BENCH_KERNELS:%=kernel-%) busybox $(QEMU_PARTS) bench-ppc64le >/dev/null

.PHONY: bench-secure-part
bench-secure-part: | packages
	$(Q)mk/part kernel-$(BENCH_SECURE) busybox $(QEMU_PARTS) >/dev/null

.PHONY: bench
bench: $(BENCH_NEEDS) | bench-parts $(BENCH_PARTS) ## ten minutes: what the IOMMU costs and what bypass gives back
	$(Q)$(PYTHON) -m bench.run $(BENCH_OPTIONS)

.PHONY: bench-secure
bench-secure: | packages ## the same for secure VMs: mode bounce against the kernel's swiotlb
	$(Q)$(MAKE) --no-print-directory bench BENCH=secure

.PHONY: bench-compare
bench-compare: ## which differences of A=old.json and B=new.json exceed the noise
	$(Q)$(PYTHON) tools/vdma-run/vdma-run compare "$(A)" "$(B)"

build/bench/explain: bench/explain.c build/lib/libvdma.a | packages
	@printf '  %-7s %s\n' CCLD $@
	@mkdir -p $(@D)
	$(Q)gcc $(WARN) -D_GNU_SOURCE -O2 -g -Iinclude -MMD -MP -MF $@.d -o $@ $< build/lib/libvdma.a -lfdt

DEPS += build/bench/explain.d

.PHONY: bench-explain
bench-explain: build/bench/explain build/tools/vdmactl | packages ## time and memory that explaining a device tree takes
	$(Q)$(PYTHON) -m bench.explain_report $^ build/bench/trees

.PHONY: bench-guard
bench-guard: build/tools/ppc64le/vdmactl | bench-secure-part ## what the ultravisor costs a guest that does not use it
	$(Q)mk/part qemu-plain >/dev/null
	$(Q)$(PYTHON) -m bench.guard build/bench/guard
