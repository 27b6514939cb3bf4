// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads any bytes as the property: accepts what its document allows, and reads nothing
 * beyond them.
 */
#include "fuzz.h"

static uint64_t number(const uint8_t *bytes, int count)
{
	uint64_t value = 0;

	while (count--)
		value = value << 8 | *bytes++;
	return value;
}

/* docs/abi/qemu,dma-bypass.md, implemented a second time */
static bool well_formed(const uint8_t *bytes, size_t size)
{
	unsigned __int128 end;

	if (size != 20 || number(bytes, 4) != 0xf010)
		return false;
	end = (unsigned __int128)number(bytes + 4, 8) + number(bytes + 12, 8);
	return number(bytes + 12, 8) && !(number(bytes + 4, 8) & 0xffff) &&
	       end <= (unsigned __int128)1 << 64;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fence fence;
	struct vdma_window window = { 1, 1 };
	enum vdma_property property;
	uint8_t *bytes;

	if (size > INPUT_MAX)
		return 0;
	bytes = fenced(&fence, size);
	memcpy(bytes, data, size);
	property = vdma_property_read(bytes, size, &window);
	if (well_formed(bytes, size)) {
		HOLDS(property == VDMA_PROPERTY_VALID);
		HOLDS(vdma_window_valid(&window));
		HOLDS(window.base == number(bytes + 4, 8));
		HOLDS(window.size == number(bytes + 12, 8));
	} else {
		HOLDS(property == VDMA_PROPERTY_MALFORMED);
		HOLDS(!window.base && !window.size);
	}
	HOLDS(!memcmp(bytes, data, size));
	return 0;
}
