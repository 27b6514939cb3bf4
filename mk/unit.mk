# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests on the host, plain and with sanitizers, those with threads with one
# more; and the core once with every compiler that it is meant for.

UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT := $(UNIT_SRC:tests/unit/%.c=%)

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
# It knows atomic accesses, and has a warning for fences, which rings have.
SANITIZE_THREADS := -fsanitize=thread -Wno-tsan

# $(call units_in,FOLDER,OPTIONS): the tests, each with what it needs of the core.
define units_in
$(1)/test_%: tests/unit/test_%.c $(1)/libvdma.a | installed-check
	@printf '  %-7s %s\n' CCLD $$@
	$(Q)gcc -O1 -g $(WARN) $(2) -Iinclude -Iguest -Ihypervisor/qemu -MMD -MP -MF $$@.d \
		-o $$@ $$< $(1)/libvdma.a -lfdt -lcmocka

DEPS += $(UNIT:%=$(1)/%.d)
endef

$(eval $(call core_in,build/unit,gcc,-O2 -g,boot,$(DT_SRC)))
$(eval $(call core_in,build/unit-asan,gcc,-O2 -g $(SANITIZE) -DVDMA_AUDIT,boot,$(DT_SRC)))
$(eval $(call core_in,build/unit-tsan,gcc,-O2 -g $(SANITIZE_THREADS),boot,$(DT_SRC)))
$(eval $(call core_in,build/core/clang,clang,-O2 -g,boot check,$(DT_SRC)))
$(eval $(call core_in,build/core/ppc64le,powerpc64le-linux-gnu-gcc,-O2 -g,boot))
$(eval $(call core_in,build/core/ppc64,powerpc64-linux-gnu-gcc,-O2 -g,boot))
$(eval $(call units_in,build/unit,))
$(eval $(call units_in,build/unit-asan,$(SANITIZE) -DVDMA_AUDIT))
$(eval $(call units_in,build/unit-tsan,$(SANITIZE_THREADS)))

UNIT_BIN := $(UNIT:%=build/unit/%) $(UNIT:%=build/unit-asan/%) \
	$(patsubst %,build/unit-tsan/%,$(filter %_threads,$(UNIT)))

.PHONY: unit
unit: $(UNIT_BIN) $(patsubst %,build/core/%/libvdma.a,clang ppc64le ppc64)
	$(Q)mk/unit-run $(UNIT_BIN)
