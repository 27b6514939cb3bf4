# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the needs of tests; vdma-run runs them, programs first and boots last.

# KERNEL= and QEMU= are what tests boot that do not care.
TEST_ROWS = VDMA_KERNEL=$(KERNEL_SPEC) VDMA_QEMU=$(QEMU)
VDMA_RUN = $(PYTHON) tools/vdma-run/vdma-run
CHECK = $(VDMA_RUN) check $(addprefix --kernel ,$(KERNEL)) --qemu $(QEMU) \
	--junit=build/junit/$@.xml --tap=build/junit/$@.tap

# KERNEL= is tested, too.
CHECK_KERNELS := $(sort $(KERNELS) $(KERNEL_ROW))

.PHONY: check-parts
check-parts: | packages
	$(Q)mk/part $(CHECK_KERNELS:%=kernel-%) busybox programs-ppc64le $(QEMU_PARTS) \
		libfdt bench-ppc64le >/dev/null

# make check has one kernel for secure VMs, check-secure all.
.PHONY: secure-part secure-parts
secure-part: | packages
	$(Q)mk/part kernel-$(SECURE_KERNEL) headers-$(SECURE_KERNEL) busybox $(QEMU_PARTS) >/dev/null
secure-parts: secure-part
	$(Q)mk/part $(SECURE_KERNELS:%=kernel-%) $(SECURE_KERNELS:%=headers-%) >/dev/null

CHECK_NEEDS := $(call module,$(CHECK_KERNELS)) build/firmware/vdma.nvramrc $(TOOLS) $(LIBS) guest

# Those that boot nothing.
TOOL_TESTS := tests/tools tests/library tests/abi

# Programs that are tests.
.PHONY: host-tests
host-tests: $(UNIT_BIN) $(UNIT_CORES) $(FUZZ_BIN) $(FUZZ)/corpus | packages

.PHONY: check check-build check-host
check: check-build ## all tests
	$(Q)$(CHECK)

check-build: host-tests $(CHECK_NEEDS) $(SECURE_MODULE) | check-parts secure-part ## build what make check needs, and run nothing

check-host: host-tests ## unit tests, half a minute of fuzzing; core and module without a warning
	$(Q)$(CHECK) unit fuzz strict

.PHONY: check-linux check-firmware check-hypervisor
check-linux: ## boots that test the module
check-firmware: ## boots that test the firmware plugin, and its packing
check-hypervisor: ## boots that test the hypercall and its switches
check-linux: $(SECURE_MODULE) | secure-part
check-linux check-firmware check-hypervisor: $(CHECK_NEEDS) | check-parts
	$(Q)$(CHECK) -m 'not matrix' tests/$(@:check-%=%)

# Another QEMU to migrate to, and fio for the guest.
.PHONY: live-parts
live-parts: | packages
	$(Q)mk/part qemu-plain qemu-stock-10.0 bench-ppc64le >/dev/null

.PHONY: check-live
check-live: ## what changes under a live device: hot-plug, migration, kexec, back ends
check-live: $(CHECK_NEEDS) $(SECURE_MODULE) | check-parts secure-part live-parts
	$(Q)status=0; $(CHECK) -m 'not soak' tests/live || status=$$?; \
		$(PYTHON) -m tests.live.event_table && exit $$status

.PHONY: check-soak
check-soak: guest | packages ## the same windows under load for ten minutes in each mode
	$(Q)mk/part $(QEMU_PARTS) >/dev/null
	$(Q)$(CHECK) -m soak tests/live

.PHONY: check-tsan
check-tsan: guest | packages ## windows that come and go, with ThreadSanitizer in QEMU
	$(Q)mk/part slof qemu-tsan >/dev/null
	$(Q)$(CHECK) -m '' tests/tsan

.PHONY: check-secure secure-table
check-secure: $(SECURE_MODULES) build/tools/ppc64le/vdmactl guest | secure-parts ## secure VMs: all devices, with our module and without
	$(Q)$(CHECK) -m '' tests/secure tests/hypervisor/test_secure.py

# The tests fail where a device does worse than stock.json says; this accepts it.
secure-table: $(SECURE_MODULES) build/tools/ppc64le/vdmactl | secure-parts ## update tests/secure/stock.json, what stock kernels do; then make docs
	$(Q)$(CHECK) -m '' tests/secure/test_secure_matrix.py -k stock || true
	$(Q)$(PYTHON) -m tests.secure.stock --update

# Needs neither kernels nor modules, and so does not wait for them.
.PHONY: check-guest
check-guest: guest | packages ## boots of the bare-metal program
	$(Q)mk/part $(QEMU_PARTS) >/dev/null
	$(Q)$(CHECK) -m '' tests/guest

.PHONY: bisect-part check-run
bisect-part: | packages
	$(Q)mk/part slof-tree >/dev/null
check-run: $(CHECK_NEEDS) | check-parts bisect-part ## vdma-run itself: shards on Slurm and GNU parallel, bisects
	$(Q)$(CHECK) -m 'not matrix' tests/run

.PHONY: check-extended
check-extended: ## what make check leaves out on everyday rows; takes hours
check-extended: $(CHECK_NEEDS) $(SECURE_MODULES) | check-parts secure-parts live-parts
	$(Q)$(CHECK) -m 'extended and not matrix and not soak' tests

.PHONY: check-matrix check-drift
check-matrix: $(call module,$(ALL_KERNELS)) $(CHECK_NEEDS) | check-parts secure-parts ## all rows: kernels and QEMUs beyond the everyday ones
	$(Q)$(TEST_ROWS) mk/check-matrix $(VDMA_RUN) check

ROWS ?=
check-drift: build/firmware/vdma.nvramrc $(PPC64LE)/vdmactl | packages ## what the newest of each row breaks; ROWS="NAME ..."
	$(Q)mk/check-drift $(ROWS)

# Needs root, for chroot and mounts.
HOSTS ?=
.PHONY: check-hosts
check-hosts: | packages ## README's commands in fresh systems: Debian 12, 13, 14, and ppc64el; HOSTS=NAME ...
	$(Q)mk/check-hosts $(HOSTS)

.PHONY: check-tools
check-tools: ## vdmactl, libvdma, docs/abi: the tests that boot nothing
check-tools: build/tools/vdmactl $(LIBS) | packages
	$(Q)$(CHECK) -m '' $(TOOL_TESTS)

.PHONY: coverage
coverage: ## lines and branches that unit tests and tests/tools reach
coverage: build/coverage/vdmactl $(UNIT:%=build/coverage/%)
	$(Q)find build/coverage -name '*.gcda' -delete
	$(Q)mk/unit-run $(UNIT:%=build/coverage/%)
	$(Q)VDMACTL=$(CURDIR)/build/coverage/vdmactl $(CHECK) -m '' tests/tools
	$(Q)mk/coverage build/coverage
