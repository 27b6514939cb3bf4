# SPDX-License-Identifier: GPL-2.0-or-later
# vdma-run where it needs no tree: a copy of the files that it reads, each in its folder,
# and of the parts that every guest has. Kernel and QEMU are then named by path.

RUN_DATA = $(PREFIX)/share/vdma
RUN_FILES := tools/vdma-run/vdma-run $(wildcard tools/vdma-run/vdma_run/*.py) \
	$(addprefix bench/,compare.py results.py schema.json stats.py summary.py) \
	tests/__init__.py $(wildcard tests/lib/*.py tests/lib/*/*.py) \
	$(addprefix tests/linux/,init vdma.sh boot.sh) mk/kernels mk/qemus guest/linux/rebind \
	guest/linux/Kbuild $(wildcard guest/linux/*.[ch] guest/dma/*.[ch] guest/virtio/*.[ch] \
	guest/powerpc/*.[ch] include/vdma/*.h) build/firmware/vdma.nvramrc $(PPC64LE)/vdmactl
RUN_PLACES = $(foreach file,$(RUN_FILES),$(file):$(RUN_DATA)/$(patsubst %/,%,$(dir $(file)))) \
	build/run/vdma-run:$(PREFIX)/bin tools/vdma-run/vdma-run.1:$(MANDIR)/man1

build/run/vdma-run:
	@mkdir -p $(@D)
	$(Q)ln -sf ../share/vdma/tools/vdma-run/vdma-run $@

# run-parts BUSYBOX SLOF: the parts' files, which are in folders of the cache. Uninstalling
# needs their names only, and fetches nothing.
run-parts = $(1)busybox:$(RUN_DATA)/parts/busybox $(2)slof.bin:$(RUN_DATA)/parts/slof \
	$(2)slof-vdma.bin:$(RUN_DATA)/parts/slof

.PHONY: install-run uninstall-run
install-run: $(RUN_FILES) build/run/vdma-run | packages ## vdma-run and what it boots, but kernel and QEMU, alone
	$(Q)busybox=$$(mk/part busybox) && slof=$$(mk/part slof) && \
		mk/place install $(RUN_PLACES) $(call run-parts,$$busybox/,$$slof/)

uninstall-run:
	$(Q)mk/place uninstall $(RUN_PLACES) $(run-parts)
	$(Q)find "$(DESTDIR)$(RUN_DATA)" -depth -type d -empty -delete 2>/dev/null || true

.PHONY: install uninstall
install: install-lib install-run ## library, headers, vdmactl and vdma-run into PREFIX, below DESTDIR if set
uninstall: uninstall-lib uninstall-run ## remove what install has put there
