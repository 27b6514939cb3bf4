/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The policy: from facts about one virtio device to its mode and the reason.
 *
 * vdma_decide() is pure. An adapter collects the facts and carries out the mode; a step that
 * fails is a new fact, and the adapter decides again. docs/abi/policy.md has the table.
 */
#ifndef VDMA_POLICY_H
#define VDMA_POLICY_H

#include <vdma/types.h>
#include <vdma/window.h>

/* name, text: the modes, best first */
#define VDMA_MODES(X)		\
	X(DIRECT, "direct")	\
	X(BYPASS, "bypass")	\
	X(IDENTITY, "identity")	\
	X(TCE, "tce")		\
	X(BOUNCE, "bounce")	\
	X(REFUSE, "refuse")

/* name, text, meaning: the reasons of decisions */
#define VDMA_REASONS(X)							\
	/* why a mode was chosen */					\
	X(SECURE_LEGACY, "secure-legacy",				\
	  "a secure guest cannot use a device without VERSION_1")	\
	X(SECURE_NO_POOL, "secure-no-pool",				\
	  "a secure guest needs a pool of shared pages and has none")	\
	X(SECURE_PLATFORM, "secure-platform",				\
	  "a secure guest bounces through a window on the shared pool")	\
	X(SECURE_QUIRK, "secure-quirk",					\
	  "a secure guest bounces although the device has no ACCESS_PLATFORM") \
	X(SECURE_QUIRK_DISABLED, "secure-quirk-disabled",		\
	  "the device has no ACCESS_PLATFORM and the quirk is switched off") \
	X(NO_ACCESS_PLATFORM, "no-access-platform",			\
	  "the device ignores the IOMMU")				\
	X(IOMMU_OFF, "iommu-off",					\
	  "the device obeys an IOMMU that the kernel does not set up")	\
	X(DT_BYPASS, "dt-bypass",					\
	  "firmware tagged the device and the hypervisor confirmed")	\
	X(DDW_COVERS_MEMORY, "ddw-covers-memory",			\
	  "a dynamic window maps all memory")				\
	X(DEFAULT_WINDOW, "default-window",				\
	  "each mapping is entered in a TCE table")			\
	X(REQUESTED, "requested",					\
	  "the administrator asked for it")				\
	/* why a better mode was passed over */				\
	X(PROPERTY_ABSENT, "property-absent",				\
	  "firmware did not tag the device")				\
	X(PROPERTY_MALFORMED, "property-malformed",			\
	  "firmware's tag cannot be used")				\
	X(HCALL_MISSING, "hcall-missing",				\
	  "the hypervisor does not know H_DMA_BYPASS")			\
	X(HCALL_REFUSED, "hcall-refused",				\
	  "the hypervisor does not grant it to this device")		\
	X(HCALL_DISAGREES, "hcall-disagrees",				\
	  "the hypervisor's window is not the one in firmware's tag")	\
	X(WINDOW_TOO_SMALL, "window-too-small",				\
	  "the bypass window does not reach the end of memory")		\
	X(SECURE_VETO, "secure-veto",					\
	  "the guest is secure")					\
	X(NOT_COHERENT, "not-coherent",					\
	  "the device's DMA is not coherent with the caches")		\
	X(MASK_TOO_SMALL, "mask-too-small",				\
	  "the driver's DMA mask does not reach the window's end")	\
	X(DDW_ABSENT, "ddw-absent",					\
	  "there are no dynamic windows for this device")		\
	X(DDW_TOO_SMALL, "ddw-too-small",				\
	  "no dynamic window can map all memory")			\
	X(ALREADY_BOUND, "already-bound",				\
	  "a driver was bound before; the device gets it when rebound")	\
	/* the administrator's request */				\
	X(REQUEST_UNSAFE, "request-unsafe",				\
	  "the mode asked for would let DMA go to a wrong address")	\
	X(REQUEST_UNAVAILABLE, "request-unavailable",			\
	  "the mode asked for cannot be had for this device")

enum vdma_mode {
#define VDMA_MODE_ENUM(name, text) VDMA_MODE_##name,
	VDMA_MODES(VDMA_MODE_ENUM)
#undef VDMA_MODE_ENUM
	VDMA_MODE_COUNT,
	/* only as a request: let the table decide */
	VDMA_MODE_AUTO = VDMA_MODE_COUNT,
};

enum vdma_reason {
	VDMA_REASON_NONE,
#define VDMA_REASON_ENUM(name, text, meaning) VDMA_REASON_##name,
	VDMA_REASONS(VDMA_REASON_ENUM)
#undef VDMA_REASON_ENUM
	VDMA_REASON_COUNT,
};

/**
 * enum vdma_ddw - support for dynamic DMA windows (PAPR, LoPAR 7.3.28)
 * @VDMA_DDW_ABSENT: not supported for this device
 * @VDMA_DDW_TOO_SMALL: no window can map all memory
 * @VDMA_DDW_COVERS: a window maps all memory, or can map it
 */
enum vdma_ddw {
	VDMA_DDW_ABSENT,
	VDMA_DDW_TOO_SMALL,
	VDMA_DDW_COVERS,
};

/**
 * enum vdma_answer - answer to H_DMA_BYPASS
 * @VDMA_ANSWER_MISSING: not announced, or announced but not implemented
 * @VDMA_ANSWER_REFUSED: announced, but bypass is not granted
 * @VDMA_ANSWER_GRANTED: the device may bypass through @facts.answer_window
 */
enum vdma_answer {
	VDMA_ANSWER_MISSING,
	VDMA_ANSWER_REFUSED,
	VDMA_ANSWER_GRANTED,
};

/**
 * struct vdma_facts - input of the decision
 * @features: the 64 feature bits that the device offers
 * @dma_mask: addresses that the device can use, as set by the driver
 * @memory_end: first guest physical address beyond all memory, hot-pluggable
 *		memory included
 * @property: the tag by firmware
 * @property_window: the tag's window, if valid
 * @answer: the hypervisor's answer
 * @answer_window: the answer's window, if granted
 * @ddw: support for dynamic windows
 * @ddw_window: the window that maps all memory, if any
 * @coherent: the device's DMA is coherent with the caches
 * @secure: this is a secure guest
 * @secure_quirk: devices without ACCESS_PLATFORM may bounce in a secure guest
 * @iommu_off: the kernel sets up no IOMMU (Linux: iommu=off)
 * @pool: there is a bounce pool
 * @request: mode requested by the administrator, or VDMA_MODE_AUTO
 * @live: mode of a driver that is already bound, or VDMA_MODE_AUTO; such a device is
 *	  described, not changed
 *
 * If all members except @request and @live are zero, it is a legacy device about which
 * nothing is known.
 */
struct vdma_facts {
	uint64_t features;
	uint64_t dma_mask;
	uint64_t memory_end;
	enum vdma_property property;
	struct vdma_window property_window;
	enum vdma_answer answer;
	struct vdma_window answer_window;
	enum vdma_ddw ddw;
	struct vdma_window ddw_window;
	bool coherent;
	bool iommu_off;
	bool secure;
	bool secure_quirk;
	bool pool;
	enum vdma_mode request;
	enum vdma_mode live;
};

/**
 * struct vdma_decision - the mode and its reason
 * @mode: the mode, never VDMA_MODE_AUTO
 * @reason: why this mode
 * @row: row of the decision table that matched, from 1; 0 for a device that was already
 *	 bound
 * @passed_over: why each mode better than @mode was passed over, if the device obeys
 *		 the IOMMU; VDMA_REASON_ALREADY_BOUND for a mode requested after the
 *		 device was bound; otherwise VDMA_REASON_NONE
 * @request: why a request was not followed: VDMA_REASON_REQUEST_UNSAFE,
 *	     VDMA_REASON_REQUEST_UNAVAILABLE, or VDMA_REASON_NONE
 * @requested: the requested mode
 */
struct vdma_decision {
	enum vdma_mode mode;
	enum vdma_reason reason;
	unsigned int row;
	enum vdma_reason passed_over[VDMA_MODE_COUNT];
	enum vdma_reason request;
	enum vdma_mode requested;
};

/**
 * vdma_decide() - decide which mode a device gets
 * @facts: the facts
 * @decision: filled in
 *
 * Pure: the same facts give the same decision. Context: any.
 */
void vdma_decide(const struct vdma_facts *facts,
		 struct vdma_decision *decision);

/* Accessors for the two feature bits that matter here */
bool vdma_facts_access_platform(const struct vdma_facts *facts);
bool vdma_facts_version_1(const struct vdma_facts *facts);

/**
 * vdma_mode_name() - name of a mode, as in sysfs
 * @mode: the mode
 *
 * Return: a constant string; "auto" for VDMA_MODE_AUTO.
 */
const char *vdma_mode_name(enum vdma_mode mode);

/**
 * vdma_mode_parse() - mode with a given name
 * @name: text, need not be terminated
 * @len: its length in bytes
 * @mode: set on success; VDMA_MODE_AUTO for "auto"
 *
 * Return: true if there is such a mode.
 */
bool vdma_mode_parse(const char *name, size_t len, enum vdma_mode *mode);

/**
 * vdma_reason_name() - name of a reason, as in sysfs
 * @reason: the reason
 *
 * Return: a constant string; "-" for VDMA_REASON_NONE.
 */
const char *vdma_reason_name(enum vdma_reason reason);

/**
 * vdma_reason_meaning() - a reason as a sentence, without a full stop
 * @reason: the reason
 */
const char *vdma_reason_meaning(enum vdma_reason reason);

/* Size of the longest text of vdma_passed_over_text(), including its NUL */
#define VDMA_PASSED_OVER_MAX	128

/**
 * vdma_passed_over_text() - a decision's passed-over list as text
 * @decision: the decision
 * @buf: receives "MODE:REASON MODE:REASON", or "-", always terminated
 * @size: size of @buf in bytes, at least 1
 *
 * A request that was not followed comes last, with the requested mode.
 *
 * Return: length of the whole text without its NUL; the text was cut if that is not below
 * @size.
 */
size_t vdma_passed_over_text(const struct vdma_decision *decision, char *buf,
			     size_t size);

#endif /* VDMA_POLICY_H */
