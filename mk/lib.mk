# SPDX-License-Identifier: GPL-2.0-or-later
# libvdma, vdmactl on top of it, and both installed; mk/run.mk installs the rest.

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
DESTDIR ?=
export DESTDIR

# The library -----------------------------------------------------------------

version_part = $(shell awk '$$2 == "VDMA_VERSION_$(1)" { print $$3 }' include/vdma/version.h)
MAJOR := $(call version_part,MAJOR)
VERSION := $(MAJOR).$(call version_part,MINOR).$(call version_part,PATCH)
SO := libvdma.so.$(VERSION)
SONAME := libvdma.so.$(MAJOR)
LIBS := $(addprefix build/lib/,libvdma.a $(SO) $(SONAME) libvdma.so libvdma.pc)

# A stray name in the map, or a symbol from nowhere, is an error.
build/lib/$(SO): $(addprefix build/lib/,$(CORE_OBJ) $(DT_OBJ)) lib/libvdma.map
	@printf '  %-7s %s\n' CCLD $@
	$(Q)$(CC) -shared $(CFLAGS) -Wl,-soname,$(SONAME) -Wl,--version-script=lib/libvdma.map \
		-Wl,--no-undefined-version -Wl,-z,defs $(LDFLAGS) -o $@ $(filter %.o,$^) -lfdt

build/lib/$(SONAME) build/lib/libvdma.so: build/lib/$(SO)
	$(Q)ln -sf $(if $(@:%.so=),$(SO),$(SONAME)) $@

# Rewritten only if it differs: the folders may have changed.
build/lib/libvdma.pc: lib/libvdma.pc.in FORCE | packages
	@mkdir -p $(@D)
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' $< >$@.new
	$(Q)if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

.PHONY: lib
lib: $(LIBS) ## libvdma, static and shared

.PHONY: abi-dump
abi-dump: build/lib/$(SO) ## keep the interface of libvdma, of this version on this host, in lib/abi
	$(Q)mk/abi dump $<

# The tool --------------------------------------------------------------------

# For here, with a libvdma of its own, so that it runs from where it is; for the guest;
# and for `make coverage`.
TOOL_OBJ := $(TOOL_SRC:tools/vdmactl/%.c=obj/%.o)
VDMACTLS := build/tools $(PPC64LE) build/coverage

build/tools/obj/%.o: tools/vdmactl/%.c | packages; $(compile)
build/tools/%: compiler = $(CC)
build/tools/%: options = $(CPPFLAGS) $(CFLAGS)
build/tools/%: libraries = $(LDFLAGS) -lfdt -ljansson

$(PPC64LE)/obj/%.o: tools/vdmactl/%.c | packages; $(compile)
$(PPC64LE)/%: libraries = -L$(PPC64LE)/libs/lib -lfdt -ljansson

build/coverage/obj/%.o: tools/vdmactl/%.c | packages; $(compile)
build/coverage/%: libraries = -lfdt -ljansson

build/tools/vdmactl: build/lib/libvdma.a
$(PPC64LE)/vdmactl: $(PPC64LE)/libvdma.a
build/coverage/vdmactl: build/coverage/libvdma.a
$(VDMACTLS:%=%/vdmactl): %/vdmactl: $(addprefix %/,$(TOOL_OBJ))
	@printf '  %-7s %s\n' CCLD $@
	$(Q)$(compiler) $(options) -o $@ $^ $(libraries)

VDMACTLS_OBJ := $(foreach folder,$(VDMACTLS),$(addprefix $(folder)/,$(TOOL_OBJ)))
$(VDMACTLS_OBJ): mk/core.mk mk/lib.mk
DEPS += $(VDMACTLS_OBJ:.o=.d)

# Headers and libraries of POWER's are a part.
$(addprefix $(PPC64LE)/,$(TOOL_OBJ) $(DT_OBJ)): mk/parts/libs-ppc64le.sh | $(PPC64LE)/libs
$(PPC64LE)/libs: FORCE | packages
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

.PHONY: install-lib uninstall-lib
install-lib: lib build/tools/vdmactl ## library, headers and vdmactl alone
	$(Q)mk/place install $(PLACES)

uninstall-lib:
	$(Q)mk/place uninstall $(PLACES)
