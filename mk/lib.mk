# SPDX-License-Identifier: GPL-2.0-or-later
# The core, compiled for whoever wants it, as libvdma; vdmactl on top of that;
# and both installed.

DT_SRC := guest/powerpc/dt.c
CORE_SRC := $(filter-out $(DT_SRC),$(wildcard guest/dma/*.c guest/virtio/*.c guest/powerpc/*.c))
TOOL_SRC := $(wildcard tools/vdmactl/*.c)

WARN := -std=gnu11 -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wvla

# For what is installed: CC on the command line, the others there or from the
# environment.
CC = gcc
CFLAGS ?= -O2 -g
CPPFLAGS ?=
LDFLAGS ?=
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
DESTDIR ?=
export DESTDIR

# $(call core_in,FOLDER,COMPILER,OPTIONS,SETS[,HOSTED]): the core as
# FOLDER/libvdma.a, and what is in HOSTED with it. The core is compiled as the
# guest gets it, freestanding, with no header but the compiler's own and ours;
# only what reads device trees needs a library, and is not for the guest's
# kernel. What the recipes call is looked up when they run: it may not be
# installed before, which is what SETS is for.
define core_in
$(1)/guest/%.o: guest/%.c | $(4:%=installed-%)
	@printf '  %-7s %s\n' CC $$@
	@mkdir -p $$(@D)
	$(Q)$(2) $(WARN) $(3) -Iinclude -ffreestanding -nostdinc \
		-isystem $$$$($(2) -print-file-name=include) -MMD -MP -c -o $$@ $$<

$(DT_SRC:%.c=$(1)/%.o): $(1)/%.o: %.c | $(4:%=installed-%)
	@printf '  %-7s %s\n' CC $$@
	@mkdir -p $$(@D)
	$(Q)$(2) $(WARN) $(3) -Iinclude -MMD -MP -c -o $$@ $$<

$(1)/libvdma.a: $(patsubst %.c,$(1)/%.o,$(CORE_SRC) $(5))
	$(Q)rm -f $$@ && $(AR) rcs $$@ $$^

DEPS += $(patsubst %.c,$(1)/%.d,$(CORE_SRC) $(5))
endef

# $(call tool_in,FOLDER,COMPILER,OPTIONS,SETS,LIBVDMA,LIBRARIES): FOLDER/vdmactl.
define tool_in
$(1)/obj/%.o: tools/vdmactl/%.c | $(4:%=installed-%)
	@printf '  %-7s %s\n' CC $$@
	@mkdir -p $$(@D)
	$(Q)$(2) $(WARN) $(3) -Iinclude -MMD -MP -c -o $$@ $$<

$(1)/vdmactl: $(TOOL_SRC:tools/vdmactl/%.c=$(1)/obj/%.o) $(5)
	@printf '  %-7s %s\n' CCLD $$@
	$(Q)$(2) $(3) -o $$@ $$^ $(6)

DEPS += $(TOOL_SRC:tools/vdmactl/%.c=$(1)/obj/%.d)
endef

# The library -----------------------------------------------------------------

version_part = $(shell awk '$$2 == "VDMA_VERSION_$(1)" { print $$3 }' include/vdma/version.h)
MAJOR := $(call version_part,MAJOR)
VERSION := $(MAJOR).$(call version_part,MINOR).$(call version_part,PATCH)
SO := libvdma.so.$(VERSION)
SONAME := libvdma.so.$(MAJOR)
LIBS := $(addprefix build/lib/,libvdma.a $(SO) $(SONAME) libvdma.so libvdma.pc)

$(eval $(call core_in,build/lib,$$(CC),-fPIC $$(CPPFLAGS) $$(CFLAGS),tools,$(DT_SRC)))

# A stray name in the map, or a symbol from nowhere, is an error.
build/lib/$(SO): $(patsubst %.c,build/lib/%.o,$(CORE_SRC) $(DT_SRC)) lib/libvdma.map
	@printf '  %-7s %s\n' CCLD $@
	$(Q)$(CC) -shared $(CFLAGS) -Wl,-soname,$(SONAME) -Wl,--version-script=lib/libvdma.map \
		-Wl,--no-undefined-version -Wl,-z,defs $(LDFLAGS) -o $@ $(filter %.o,$^) -lfdt

build/lib/$(SONAME) build/lib/libvdma.so: build/lib/$(SO)
	$(Q)ln -sf $(if $(@:%.so=),$(SO),$(SONAME)) $@

# Rewritten only if it differs, for the folders may.
build/lib/libvdma.pc: lib/libvdma.pc.in FORCE
	@mkdir -p $(@D)
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' $< >$@.new
	$(Q)if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

.PHONY: lib
lib: $(LIBS) ## libvdma, static and shared

# The tool --------------------------------------------------------------------

# Of libvdma its own, so that it runs from where it is; libfdt and jansson shared.
$(eval $(call tool_in,build/tools,$$(CC),$$(CPPFLAGS) $$(CFLAGS),tools,build/lib/libvdma.a,\
	$$(LDFLAGS) -lfdt -ljansson))

# For the guest: one static file.
PPC64LE := build/tools/ppc64le
PPC64LE_CC := powerpc64le-linux-gnu-gcc
PPC64LE_CFLAGS := -O2 -static -s -I$(PPC64LE)/libs/include
$(eval $(call core_in,$(PPC64LE),$(PPC64LE_CC),$(PPC64LE_CFLAGS),module,$(DT_SRC)))
$(eval $(call tool_in,$(PPC64LE),$(PPC64LE_CC),$(PPC64LE_CFLAGS),module,$(PPC64LE)/libvdma.a,\
	-L$(PPC64LE)/libs/lib -lfdt -ljansson))

$(TOOL_SRC:tools/vdmactl/%.c=$(PPC64LE)/obj/%.o) $(DT_SRC:%.c=$(PPC64LE)/%.o): \
	mk/parts/libs-ppc64le.sh | $(PPC64LE)/libs
$(PPC64LE)/libs: FORCE | installed-module
	@mkdir -p $(@D)
	$(Q)libs=$$(mk/part libs-ppc64le) && ln -sfn "$$libs" $@

TOOLS := build/tools/vdmactl $(PPC64LE)/vdmactl
.PHONY: tools
tools: $(TOOLS) ## vdmactl, for here and for the guest

# Installing ------------------------------------------------------------------

# Each file, and the folder that it goes to.
PLACES := $(patsubst %,%:$(INCLUDEDIR)/vdma,$(wildcard include/vdma/*.h)) \
	$(patsubst %,%:$(LIBDIR),$(filter-out %.pc,$(LIBS))) \
	build/lib/libvdma.pc:$(LIBDIR)/pkgconfig \
	build/tools/vdmactl:$(PREFIX)/bin \
	tools/vdmactl/vdmactl.1:$(MANDIR)/man1 \
	tools/vdmactl/vdmactl.bash:$(COMPLETIONDIR)

.PHONY: install uninstall
install: lib build/tools/vdmactl ## library, headers and vdmactl into PREFIX, below DESTDIR if set
	$(Q)mk/place install $(PLACES)

uninstall: ## remove what install has put there
	$(Q)mk/place uninstall $(PLACES)
