# SPDX-License-Identifier: GPL-2.0-or-later
# Tables of the documentation, made of the data that tests use, and of what the last
# runs have seen. Nothing else writes into docs/.

build/docs/policy_doc: tests/unit/policy_doc.c | packages
	@printf '  %-7s %s\n' CCLD $@
	@mkdir -p $(@D)
	$(Q)gcc -O1 -g $(WARN) -Iinclude -MMD -MP -MF $@.d -o $@ $<

DEPS += build/docs/policy_doc.d

.PHONY: docs
docs: build/docs/policy_doc ## bring the tables in docs/ up to date with what tests know and have seen
	$(Q)$< <docs/abi/policy.md >build/docs/policy.md
	$(Q)cmp -s build/docs/policy.md docs/abi/policy.md || \
		{ printf '  %-7s %s\n' DOC docs/abi/policy.md; cp build/docs/policy.md docs/abi; }
	$(Q)[ ! -d build/live ] || $(PYTHON) -m tests.live.event_table --write
	$(Q)$(PYTHON) -m tests.secure.stock --write
