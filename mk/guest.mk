# SPDX-License-Identifier: GPL-2.0-or-later
# The bare-metal program, with the core in it, for each byte order: for tests with
# the audit, for benches without.

GUEST_OBJ := $(patsubst %.c,%.o,$(GUEST_SRC) $(CORE_SRC) $(DT_SRC)) $(GUEST_ASM:.S=.o) libfdt.o
GUEST_FDT := fdt fdt_addresses fdt_check fdt_ro fdt_rw fdt_strerror fdt_wip

# Real mode has no floating point or vector registers that anyone would save.
GUEST_FLAGS := -O2 -g $(WARN) -ffreestanding -nostdinc -mcpu=power8 -mabi=elfv2 \
	-msoft-float -mno-altivec -mno-vsx -fno-pic -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns \
	-Iinclude -Iguest/baremetal/lib/libc
load =
guest-flags = $(GUEST_FLAGS) $(options) -isystem build/guest/libfdt \
	-isystem $$($(compiler) -print-file-name=include)

define compile-guest
	@printf '  %-7s %s\n' $(if $(filter %.S,$<),AS,CC) $@
	@mkdir -p $(@D)
	$(Q)$(compiler) $(guest-flags) -MMD -MP -c -o $@ $<
endef

# Objects ---------------------------------------------------------------------

GUESTS := $(addprefix build/guest/,be le be-bench le-bench)

build/guest/be/guest/%.o: guest/%.c mk/guest.mk | libfdt; $(compile-guest)
build/guest/be/%: compiler = powerpc64-linux-gnu-gcc
build/guest/be/%: options = -DVDMA_AUDIT

build/guest/le/guest/%.o: guest/%.c mk/guest.mk | libfdt; $(compile-guest)
build/guest/le/%: compiler = powerpc64le-linux-gnu-gcc
build/guest/le/%: options = -DVDMA_AUDIT

build/guest/be-bench/guest/%.o: guest/%.c mk/guest.mk | libfdt; $(compile-guest)
build/guest/be-bench/%: compiler = powerpc64-linux-gnu-gcc
build/guest/be-bench/%: options =

build/guest/le-bench/guest/%.o: guest/%.c mk/guest.mk | libfdt; $(compile-guest)
build/guest/le-bench/%: compiler = powerpc64le-linux-gnu-gcc
build/guest/le-bench/%: options =

$(addsuffix /$(GUEST_ASM:.S=.o),$(GUESTS)): $(GUEST_ASM) mk/guest.mk | libfdt; $(compile-guest)

# Not our code, not our warnings.
$(addsuffix /libfdt.o,$(GUESTS)): guest/baremetal/lib/libc/stdlib.h guest/baremetal/lib/libc/string.h \
	mk/guest.mk | libfdt
	@printf '  %-7s %s\n' CC $@
	@mkdir -p $(@D)
	$(Q)for f in $(GUEST_FDT); do echo "#include <$$f.c>"; done | \
		$(compiler) $(guest-flags) -w -x c -c -o $@ -

.PHONY: libfdt
libfdt: | packages
	@mkdir -p build/guest
	$(Q)libfdt=$$(mk/part libfdt) && ln -sfn "$$libfdt" build/guest/libfdt

DEPS += $(foreach folder,$(GUESTS),$(patsubst %.o,$(folder)/%.d,$(filter-out libfdt.o,$(GUEST_OBJ))))

# Programs --------------------------------------------------------------------

# -boot is for SLOF, which has room for files of less than 4 MiB, below where the
# program goes.
BY_FIRMWARE := -DLOADED_BY_FIRMWARE -s
GUEST := $(addprefix build/vdma-,$(foreach name,guest bench guest-boot,$(name).elf $(name)-le.elf))

build/vdma-guest.elf: $(addprefix build/guest/be/,$(GUEST_OBJ) guest.lds)
build/vdma-guest-le.elf: $(addprefix build/guest/le/,$(GUEST_OBJ) guest.lds)
build/vdma-guest-boot.elf: $(addprefix build/guest/be/,$(GUEST_OBJ) boot.lds)
build/vdma-guest-boot-le.elf: $(addprefix build/guest/le/,$(GUEST_OBJ) boot.lds)
build/vdma-bench.elf: $(addprefix build/guest/be-bench/,$(GUEST_OBJ) guest.lds)
build/vdma-bench-le.elf: $(addprefix build/guest/le-bench/,$(GUEST_OBJ) guest.lds)

build/vdma-%.elf: compiler = powerpc64-linux-gnu-gcc
build/vdma-%-le.elf: compiler = powerpc64le-linux-gnu-gcc
build/vdma-guest-boot%: load = $(BY_FIRMWARE)
build/guest/%/boot.lds: load = $(BY_FIRMWARE)

$(GUEST):
	@printf '  %-7s %s\n' LD $@
	$(Q)$(compiler) -nostdlib -static -mabi=elfv2 -Wl,--no-warn-rwx-segments \
		-Wl,--build-id=none -Wl,--no-plt-localentry $(load) -T $(filter %.lds,$^) -o $@ \
		$(filter %.o,$^)

$(addsuffix /guest.lds,$(GUESTS)) $(addprefix build/guest/,be/boot.lds le/boot.lds): \
	guest/baremetal/lib/guest.lds guest/baremetal/lib/head.h | packages
	@mkdir -p $(@D)
	$(Q)$(compiler) -E -P -x assembler-with-cpp $(load) -o $@ $<

guest: $(GUEST) ## the bare-metal program, big and little endian
.PHONY: guest
