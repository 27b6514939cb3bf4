// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Names and texts of modes, reasons and errors: the same in sysfs, the kernel log, vdmactl
 * and the boot table.
 */
#include <vdma/error.h>
#include <vdma/policy.h>

struct text {
	char *buf;
	size_t size;
	size_t len;
};

static const char * const mode_names[] = {
#define MODE_NAME(name, text) [VDMA_MODE_##name] = (text),
	VDMA_MODES(MODE_NAME)
#undef MODE_NAME
	[VDMA_MODE_AUTO] = "auto",
};

static const struct {
	const char *name;
	const char *meaning;
} reasons[] = {
	[VDMA_REASON_NONE] = { "-", "nothing to say" },
#define REASON(name, text, meaning) [VDMA_REASON_##name] = { text, meaning },
	VDMA_REASONS(REASON)
#undef REASON
};

const char *vdma_mode_name(enum vdma_mode mode)
{
	return (unsigned int)mode <= VDMA_MODE_AUTO ? mode_names[mode] : "?";
}

static bool reason_same(const char *name, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!name[i] || name[i] != text[i])
			return false;
	return !name[len];
}

bool vdma_mode_parse(const char *name, size_t len, enum vdma_mode *mode)
{
	unsigned int i;

	for (i = 0; i <= VDMA_MODE_AUTO; i++) {
		if (reason_same(mode_names[i], name, len)) {
			*mode = (enum vdma_mode)i;
			return true;
		}
	}
	return false;
}

const char *vdma_reason_name(enum vdma_reason reason)
{
	return (unsigned int)reason < VDMA_REASON_COUNT ?
	       reasons[reason].name : "?";
}

const char *vdma_reason_meaning(enum vdma_reason reason)
{
	return (unsigned int)reason < VDMA_REASON_COUNT ?
	       reasons[reason].meaning : "?";
}

static void reason_append(struct text *t, const char *s)
{
	for (; *s; s++, t->len++)
		if (t->len + 1 < t->size)
			t->buf[t->len] = *s;
}

static void reason_append_item(struct text *t, unsigned int mode,
			       enum vdma_reason reason)
{
	if (reason == VDMA_REASON_NONE)
		return;
	if (t->len)
		reason_append(t, " ");
	reason_append(t, vdma_mode_name((enum vdma_mode)mode));
	reason_append(t, ":");
	reason_append(t, vdma_reason_name(reason));
}

size_t vdma_passed_over_text(const struct vdma_decision *decision, char *buf,
			     size_t size)
{
	struct text t = { .buf = buf, .size = size };
	unsigned int mode;

	for (mode = 0; mode < VDMA_MODE_COUNT; mode++)
		reason_append_item(&t, mode, decision->passed_over[mode]);
	reason_append_item(&t, decision->requested, decision->request);
	if (!t.len)
		reason_append(&t, "-");
	buf[t.len < size ? t.len : size - 1] = '\0';
	return t.len;
}

const char *vdma_strerror(int error)
{
	switch (error) {
	case VDMA_OK:
		return "success";
#define ERROR_TEXT(name, number, text) case VDMA_E_##name: return text;
	VDMA_ERRORS(ERROR_TEXT)
#undef ERROR_TEXT
	}
	return "unknown error";
}
