# SPDX-License-Identifier: GPL-2.0-or-later
# vdma-run where it needs no tree: a copy of the files that it reads, each in its folder,
# and of the parts that every guest has. Kernel and QEMU are then named by path.

RUN_DATA = $(PREFIX)/share/vdma
RUN_FILES := tools/vdma-run/vdma-run $(wildcard tools/vdma-run/vdma_run/*.py) \
	tests/__init__.py $(wildcard tests/lib/*.py tests/lib/*/*.py) \
	$(addprefix tests/linux/,init vdma.sh boot.sh) mk/kernels mk/qemus guest/linux/rebind \
	guest/linux/Kbuild $(wildcard guest/linux/*.[ch] guest/dma/*.[ch] guest/virtio/*.[ch] \
	guest/powerpc/*.[ch] include/vdma/*.h) build/firmware/vdma.nvramrc $(PPC64LE)/vdmactl
RUN_PLACES = $(foreach file,$(RUN_FILES),$(file):$(RUN_DATA)/$(patsubst %/,%,$(dir $(file)))) \
	build/run/vdma-run:$(PREFIX)/bin tools/vdma-run/vdma-run.1:$(MANDIR)/man1

build/run/vdma-run:
	@mkdir -p $(@D)
	$(Q)ln -sf ../share/vdma/tools/vdma-run/vdma-run $@

# run-places VERB: the parts have names of the cache's.
run-places = busybox=$$(mk/part busybox) && slof=$$(mk/part slof) && \
	mk/place $(1) $(RUN_PLACES) $$busybox/busybox:$(RUN_DATA)/parts/busybox \
	$$slof/slof.bin:$(RUN_DATA)/parts/slof $$slof/slof-vdma.bin:$(RUN_DATA)/parts/slof

.PHONY: install-run uninstall-run
install-run: $(RUN_FILES) build/run/vdma-run | packages ## vdma-run and what it boots into PREFIX, but kernel and QEMU
	$(Q)$(call run-places,install)

uninstall-run: build/run/vdma-run ## remove what install-run has put there
	$(Q)$(call run-places,uninstall)
	$(Q)find "$(DESTDIR)$(RUN_DATA)" -depth -type d -empty -delete 2>/dev/null || true
