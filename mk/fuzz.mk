# SPDX-License-Identifier: GPL-2.0-or-later
# Code that takes any bytes, given any bytes: libFuzzer, with AddressSanitizer
# and UBSan, from device trees of real machines.

FUZZ := build/fuzz
FUZZ_BIN := $(FUZZ_TARGET_SRC:tests/fuzz/%.c=$(FUZZ)/%)
FUZZ_OBJ := $(FUZZ_SRC:tests/fuzz/%.c=$(FUZZ)/obj/%.o) $(FUZZ)/obj/tagging.o

# Seconds for each of the three; GNU time has a variable of that name, too, so
# this one is not taken from the environment.
TIME = 600

$(FUZZ)/obj/%.o: tests/fuzz/%.c | packages; $(compile)
$(FUZZ)/obj/tagging.o: tools/vdmactl/tagging.c | packages; $(compile)

$(FUZZ_OBJ): mk/core.mk
DEPS += $(FUZZ_OBJ:.o=.d)

# The property's bytes have no structure that mutation would have to know.
$(FUZZ)/fuzz_dt $(FUZZ)/fuzz_tag: $(addprefix $(FUZZ)/obj/,mutate.o choice.o second.o)
$(FUZZ)/fuzz_tag: $(FUZZ)/obj/tagging.o
$(FUZZ_BIN): $(FUZZ)/fuzz_%: $(FUZZ)/obj/fuzz_%.o $(FUZZ)/obj/fence.o $(FUZZ)/libvdma.a
	@printf '  %-7s %s\n' CCLD $@
	$(Q)$(compiler) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(FUZZ)/libvdma.a -lfdt

$(FUZZ)/corpus: tests/fuzz/corpus.py $(wildcard tests/fuzz/regress/* tests/data/*) | packages
	@printf '  %-7s %s\n' CORPUS $@
	$(Q)rm -rf $@ $@.new
	$(Q)$(PYTHON) -m tests.fuzz.corpus $@.new && mv $@.new $@

.PHONY: fuzz fuzz-replay
fuzz: $(FUZZ_BIN) $(FUZZ)/corpus ## fuzz what takes any bytes, for TIME seconds each
	$(Q)mk/fuzz-run $(FUZZ) $(TIME)

fuzz-replay: $(FUZZ_BIN) $(FUZZ)/corpus
	$(Q)mk/fuzz-run --replay $(FUZZ) 20
