# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests on the host, plain and with sanitizers, those with threads with one
# more; and the core once with every compiler that it is meant for.

UNIT := $(UNIT_SRC:tests/unit/%.c=%)
UNITS := build/unit build/unit-asan build/unit-tsan build/coverage

# compile-test: a test, with what it needs of the core.
define compile-test
	@printf '  %-7s %s\n' CCLD $@
	$(Q)$(compiler) -O1 -g $(WARN) $(checks) -Iinclude -Iguest -Ihypervisor/qemu \
		-MMD -MP -MF $@.d -o $@ $< $(@D)/libvdma.a -lfdt -lcmocka
endef

build/unit/test_%: tests/unit/test_%.c build/unit/libvdma.a | packages; $(compile-test)
build/unit/%: checks =

build/unit-asan/test_%: tests/unit/test_%.c build/unit-asan/libvdma.a | packages; $(compile-test)
build/unit-asan/%: checks = $(SANITIZE) -DVDMA_AUDIT

build/unit-tsan/test_%: tests/unit/test_%.c build/unit-tsan/libvdma.a | packages; $(compile-test)
build/unit-tsan/%: checks = -fsanitize=thread -Wno-tsan

build/coverage/test_%: tests/unit/test_%.c build/coverage/libvdma.a | packages; $(compile-test)
build/coverage/%: checks = --coverage

UNITS_BIN := $(foreach folder,$(UNITS),$(UNIT:%=$(folder)/%))
$(UNITS_BIN): mk/unit.mk
DEPS += $(UNITS_BIN:%=%.d)

UNIT_BIN := $(UNIT:%=build/unit/%) $(UNIT:%=build/unit-asan/%) \
	$(patsubst %,build/unit-tsan/%,$(filter %_threads,$(UNIT)))

UNIT_CORES := $(patsubst %,build/core/%/libvdma.a,clang ppc64le ppc64)

.PHONY: unit
unit: $(UNIT_BIN) $(UNIT_CORES)
	$(Q)mk/unit-run $(UNIT_BIN)
