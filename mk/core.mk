# SPDX-License-Identifier: GPL-2.0-or-later
# The core, compiled for whoever wants it. A flavour is a folder of objects and a way to
# compile: build/unit-asan/guest/dma/iova.o is guest/dma/iova.c with AddressSanitizer.
# Here each has its rule, its compiler and its options. A new one goes into CORES, too, and
# is then to be had as FLAVOUR/libvdma.a.

# Without dt.c are those that only show that the core compiles: it needs libfdt's headers.
CORES := $(addprefix build/,lib unit unit-asan unit-tsan core/clang fuzz coverage tools/ppc64le)
CORES_WITHOUT_DT := build/core/ppc64 build/core/ppc64le

WARN := -std=gnu11 -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wvla

# compile-core: as the guest gets it, freestanding, with no header but the compiler's own
# and ours. compile: with the C library's and libfdt's.
define compile-core
	@printf '  %-7s %s\n' CC $@
	@mkdir -p $(@D)
	$(Q)$(compiler) $(WARN) $(options) -Iinclude -ffreestanding -nostdinc \
		-isystem $$($(compiler) -print-file-name=include) -MMD -MP -c -o $@ $<
endef
define compile
	@printf '  %-7s %s\n' CC $@
	@mkdir -p $(@D)
	$(Q)$(compiler) $(WARN) $(options) -Iinclude -MMD -MP -c -o $@ $<
endef

# For installed files: CC on the command line, the others there or from the
# environment.
CC = gcc
CFLAGS ?= -O2 -g
CPPFLAGS ?=
LDFLAGS ?=

build/lib/guest/%.o: guest/%.c | packages; $(compile-core)
build/lib/%: compiler = $(CC)
build/lib/%: options = -fPIC $(CPPFLAGS) $(CFLAGS)

# Unit tests: plain, with AddressSanitizer and UBSan and the audit, with ThreadSanitizer.
# That knows atomic accesses, and has a warning for fences, which rings have.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all

build/unit/guest/%.o: guest/%.c | packages; $(compile-core)
build/unit/%: compiler = gcc
build/unit/%: options = -O2 -g

build/unit-asan/guest/%.o: guest/%.c | packages; $(compile-core)
build/unit-asan/%: compiler = gcc
build/unit-asan/%: options = -O2 -g $(SANITIZE) -DVDMA_AUDIT

build/unit-tsan/guest/%.o: guest/%.c | packages; $(compile-core)
build/unit-tsan/%: compiler = gcc
build/unit-tsan/%: options = -O2 -g -fsanitize=thread -Wno-tsan

# Coverage, counted by gcc; one of the tests has threads.
build/coverage/guest/%.o: guest/%.c | packages; $(compile-core)
build/coverage/%: compiler = gcc
build/coverage/%: options = -O0 -g --coverage
build/coverage/guest/%: options = -O0 -g --coverage -fprofile-update=atomic

FUZZ_FLAGS := -O1 -g $(SANITIZE) -fno-omit-frame-pointer
build/fuzz/guest/%.o: guest/%.c | packages; $(compile-core)
build/fuzz/%: compiler = clang
build/fuzz/%: options = $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link

# Every compiler that the core is meant for.
build/core/clang/guest/%.o: guest/%.c | packages; $(compile-core)
build/core/clang/%: compiler = clang
build/core/clang/%: options = -O2 -g

build/core/ppc64/guest/%.o: guest/%.c | packages; $(compile-core)
build/core/ppc64/%: compiler = powerpc64-linux-gnu-gcc
build/core/ppc64/%: options = -O2 -g

build/core/ppc64le/guest/%.o: guest/%.c | packages; $(compile-core)
build/core/ppc64le/%: compiler = powerpc64le-linux-gnu-gcc
build/core/ppc64le/%: options = -O2 -g

# The guest's vdmactl, one static file.
PPC64LE := build/tools/ppc64le
$(PPC64LE)/guest/%.o: guest/%.c | packages; $(compile-core)
$(PPC64LE)/%: compiler = powerpc64le-linux-gnu-gcc
$(PPC64LE)/%: options = -O2 -static -s -I$(PPC64LE)/libs/include

# Of all flavours --------------------------------------------------------------

CORE_OBJ := $(CORE_SRC:.c=.o)
DT_OBJ := $(DT_SRC:.c=.o)

$(CORES:%=%/$(DT_OBJ)): $(DT_SRC) | packages; $(compile)
$(CORES:%=%/libvdma.a): %/libvdma.a: $(addprefix %/,$(CORE_OBJ) $(DT_OBJ))
$(CORES_WITHOUT_DT:%=%/libvdma.a): %/libvdma.a: $(addprefix %/,$(CORE_OBJ))
$(addsuffix /libvdma.a,$(CORES) $(CORES_WITHOUT_DT)):
	$(Q)rm -f $@ && $(AR) rcs $@ $^

CORES_OBJ := $(foreach core,$(CORES),$(addprefix $(core)/,$(CORE_OBJ) $(DT_OBJ))) \
	$(foreach core,$(CORES_WITHOUT_DT),$(addprefix $(core)/,$(CORE_OBJ)))
$(CORES_OBJ): mk/core.mk
DEPS += $(CORES_OBJ:.o=.d)
