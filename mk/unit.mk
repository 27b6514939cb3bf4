# SPDX-License-Identifier: GPL-2.0-or-later
# The core and its unit tests, on the host. The core is compiled as the guest
# gets it: freestanding, with no header but the compiler's own and ours.

CORE_SRC := $(wildcard guest/virtio/*.c guest/powerpc/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT := $(UNIT_SRC:tests/unit/%.c=%)

WARN := -std=gnu11 -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wvla
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all

# $(call core_in,FOLDER,COMPILER,OPTIONS): the core as FOLDER/libcore.a. What the
# recipes call is looked up when they run: it may not be installed before.
define core_in
CORE_OBJ += $(CORE_SRC:%.c=$(1)/%.o)

$(1)/guest/%.o: guest/%.c | installed-boot installed-check
	@printf '  %-7s %s\n' CC $$@
	@mkdir -p $$(@D)
	$(Q)$(2) -O2 -g $(WARN) $(3) -Iinclude -ffreestanding -nostdinc \
		-isystem $$$$($(2) -print-file-name=include) -MMD -MP -c -o $$@ $$<

$(1)/libcore.a: $(CORE_SRC:%.c=$(1)/%.o)
	$(Q)rm -f $$@ && $(AR) rcs $$@ $$^
endef

# $(call units_in,FOLDER,OPTIONS): the tests, each with what it needs of the core.
define units_in
UNIT_BIN += $(UNIT:%=$(1)/%)

$(1)/test_%: tests/unit/test_%.c $(1)/libcore.a | installed-check
	@printf '  %-7s %s\n' CCLD $$@
	$(Q)gcc -O1 -g $(WARN) $(2) -Iinclude -Ihypervisor/qemu -MMD -MP -MF $$@.d \
		-o $$@ $$< $(1)/libcore.a -lcmocka
endef

$(eval $(call core_in,build/unit,gcc,))
$(eval $(call core_in,build/unit-asan,gcc,$$(SANITIZE) -DVDMA_AUDIT))
$(eval $(call core_in,build/core/clang,clang,))
$(eval $(call core_in,build/core/ppc64le,powerpc64le-linux-gnu-gcc,))
$(eval $(call core_in,build/core/ppc64,powerpc64-linux-gnu-gcc,))
$(eval $(call units_in,build/unit,))
$(eval $(call units_in,build/unit-asan,$$(SANITIZE) -DVDMA_AUDIT))

-include $(CORE_OBJ:.o=.d) $(UNIT_BIN:=.d)

.PHONY: unit
unit: $(CORE_OBJ) $(UNIT_BIN)
	$(Q)mk/unit-run $(UNIT_BIN)
