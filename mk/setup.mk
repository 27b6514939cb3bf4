# SPDX-License-Identifier: GPL-2.0-or-later
# Host packages. `make setup` installs them; other goals say which are missing, but
# for README's two, boot and check, which install what they need. SETUP=no asks neither
# dpkg nor apt: a command says then that it lacks something.

SETUP ?= $(if $(shell command -v dpkg-query),yes,no)
$(call one-of,SETUP,$(SETUP),yes no)
SETS ?= $(shell awk -F'\t' '!/^#/ && !n[$$1]++ { print $$1 }' mk/packages)

# $(call needs,GOALS,SETS): of mk/packages. What a goal boots on the host's own QEMU
# needs that, too.
needs = $(if $(filter $(1),$(MAKECMDGOALS)),$(2))
STOCK := $(if $(filter host,$(QEMU_WAY)),stock)
PACKAGES := $(sort \
	$(call needs,boot shell,module boot $(if $(BOOT_SECURE),secure) $(STOCK)) \
	$(call needs,modules,module) \
	$(call needs,guest,module boot) \
	$(call needs,lib install-lib abi-dump,tools) \
	$(call needs,install install-run,module boot tools) \
	$(call needs,tools,module tools) \
	$(call needs,docs,check) \
	$(call needs,unit,module boot check) \
	$(call needs,fuzz fuzz-replay,module boot stock check) \
	$(call needs,coverage,module boot stock tools check coverage) \
	$(call needs,lint,module boot secure check lint) \
	$(call needs,check check-build check-linux check-firmware check-hypervisor check-matrix, \
		module boot stock secure tools check bench) \
	$(call needs,check-live,module boot stock secure tools check bench live) \
	$(call needs,check-host,module boot stock secure check) \
	$(call needs,check-guest,module boot stock check) \
	$(call needs,check-soak check-tsan,module boot check) \
	$(call needs,check-run,module boot stock tools check farm) \
	$(call needs,check-tools,stock tools check) \
	$(call needs,check-secure secure-table,module boot secure check) \
	$(call needs,check-drift,module boot secure) \
	$(call needs,check-hosts,hosts) \
	$(call needs,bench bench-secure,module boot secure bench $(STOCK)) \
	$(call needs,bench-guard,module boot secure check) \
	$(call needs,bench-explain,module boot tools check))

# Everything that is built or run waits for this.
.PHONY: packages
packages:
ifeq ($(SETUP),yes)
	$(if $(PACKAGES),$(Q)mk/setup $(if $(filter boot check,$(MAKECMDGOALS)),,--check) $(PACKAGES))
endif

.PHONY: setup
setup: ## install the packages that other targets need; SETS="NAME ..." of mk/packages
	$(Q)mk/setup $(SETS)
