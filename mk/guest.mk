# SPDX-License-Identifier: GPL-2.0-or-later
# The bare-metal program, with the core in it, for each byte order: for tests with
# the audit, for benches without.

GUEST_SRC := $(wildcard guest/baremetal/*.c guest/baremetal/lib/*.c) $(CORE_SRC) $(DT_SRC)
GUEST_FDT := fdt fdt_addresses fdt_check fdt_ro fdt_rw fdt_strerror fdt_wip

# Real mode has no floating point or vector registers that anyone would save.
GUEST_FLAGS := -O2 -g $(WARN) -ffreestanding -nostdinc -mcpu=power8 -mabi=elfv2 \
	-msoft-float -mno-altivec -mno-vsx -fno-pic -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns \
	-Iinclude -Iguest/baremetal/lib/libc

GUEST := build/vdma-guest.elf build/vdma-guest-le.elf build/vdma-bench.elf build/vdma-bench-le.elf \
	build/vdma-guest-boot.elf build/vdma-guest-boot-le.elf

guest: $(GUEST) ## the bare-metal program, big and little endian
.PHONY: guest

.PHONY: libfdt
libfdt: | installed-boot
	@mkdir -p build/guest
	$(Q)libfdt=$$(mk/part libfdt) && ln -sfn "$$libfdt" build/guest/libfdt

# $(call guest_in,FOLDER,COMPILER PREFIX,OPTIONS): the objects
define guest_in
GUEST_OBJ += $(GUEST_SRC:%.c=$(1)/%.o) $(1)/guest/baremetal/lib/head.o
$(1)-flags = $(GUEST_FLAGS) $(3) -isystem build/guest/libfdt -isystem $$$$($(2)gcc -print-file-name=include)

$(1)/guest/%.o: guest/%.c mk/guest.mk | libfdt
	@printf '  %-7s %s\n' CC $$@
	@mkdir -p $$(@D)
	$(Q)$(2)gcc $$($(1)-flags) -MMD -MP -c -o $$@ $$<

$(1)/guest/%.o: guest/%.S mk/guest.mk | libfdt
	@printf '  %-7s %s\n' AS $$@
	@mkdir -p $$(@D)
	$(Q)$(2)gcc $$($(1)-flags) -MMD -MP -c -o $$@ $$<

# Not our code, not our warnings.
$(1)/libfdt.o: guest/baremetal/lib/libc/stdlib.h guest/baremetal/lib/libc/string.h mk/guest.mk | libfdt
	@printf '  %-7s %s\n' CC $$@
	@mkdir -p $$(@D)
	$(Q)for f in $(GUEST_FDT); do echo "#include <$$$$f.c>"; done | \
		$(2)gcc $$($(1)-flags) -w -x c -c -o $$@ -
endef

# $(call program_in,FOLDER,COMPILER PREFIX,PROGRAM,NAME OF ITS LINKER SCRIPT,OPTIONS)
define program_in
$(1)/$(4).lds: guest/baremetal/lib/guest.lds guest/baremetal/lib/head.h | installed-boot
	@mkdir -p $$(@D)
	$(Q)$(2)gcc -E -P -x assembler-with-cpp $(5) -o $$@ $$<

$(3): $(GUEST_SRC:%.c=$(1)/%.o) $(1)/guest/baremetal/lib/head.o $(1)/libfdt.o $(1)/$(4).lds
	@printf '  %-7s %s\n' LD $$@
	$(Q)$(2)gcc -nostdlib -static -mabi=elfv2 -Wl,--no-warn-rwx-segments \
		-Wl,--build-id=none -Wl,--no-plt-localentry $(5) -T $(1)/$(4).lds -o $$@ \
		$$(filter %.o,$$^)
endef

# SLOF has room for files of less than 4 MiB, below where the program goes.
BY_FIRMWARE := -DLOADED_BY_FIRMWARE -s

$(eval $(call guest_in,build/guest/be,powerpc64-linux-gnu-,-DVDMA_AUDIT))
$(eval $(call guest_in,build/guest/le,powerpc64le-linux-gnu-,-DVDMA_AUDIT))
$(eval $(call guest_in,build/guest/be-bench,powerpc64-linux-gnu-,))
$(eval $(call guest_in,build/guest/le-bench,powerpc64le-linux-gnu-,))
$(eval $(call program_in,build/guest/be,powerpc64-linux-gnu-,build/vdma-guest.elf,guest))
$(eval $(call program_in,build/guest/le,powerpc64le-linux-gnu-,build/vdma-guest-le.elf,guest))
$(eval $(call program_in,build/guest/be,powerpc64-linux-gnu-,build/vdma-guest-boot.elf,boot,$(BY_FIRMWARE)))
$(eval $(call program_in,build/guest/le,powerpc64le-linux-gnu-,build/vdma-guest-boot-le.elf,boot,$(BY_FIRMWARE)))
$(eval $(call program_in,build/guest/be-bench,powerpc64-linux-gnu-,build/vdma-bench.elf,guest))
$(eval $(call program_in,build/guest/le-bench,powerpc64le-linux-gnu-,build/vdma-bench-le.elf,guest))

-include $(GUEST_OBJ:.o=.d)
