// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drc acquire|release INDEX: tell the hypervisor that the guest takes or gives
 * up the PCI function behind a dynamic reconfiguration connector, as drmgr
 * does: the RTAS call set-indicator, isolation-state, and to give up a PHB
 * allocation-state, too (PAPR 13.6). Fails when there is no function. Runs in a
 * test guest that has no libc; prints nothing.
 */
#define SYS_EXIT	1
#define SYS_READ	3
#define SYS_OPEN	5
#define SYS_RTAS	255

#define ISOLATION_STATE		9001
#define ISOLATE			0
#define UNISOLATE		1
#define ALLOCATION_STATE	9003
#define UNUSABLE		0

/* In an index: the type of the connector */
#define TYPE_MASK		0xf0000000
#define TYPE_PHB		0x20000000

typedef unsigned int u32;

static long syscall3(long number, long a, long b, long c)
{
	register long r0 __asm__("r0") = number;
	register long r3 __asm__("r3") = a;
	register long r4 __asm__("r4") = b;
	register long r5 __asm__("r5") = c;

	/* The summary overflow bit says that r3 is an errno. */
	__asm__ volatile("sc\n\tbns+ 1f\n\tneg 3,3\n1:"
			 : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5)
			 :: "memory", "cr0", "ctr", "r6", "r7", "r8", "r9",
			    "r10", "r11", "r12");
	return r3;
}

static u32 rtas_token(void)
{
	u32 token = 0;
	long fd = syscall3(SYS_OPEN,
			   (long)"/proc/device-tree/rtas/set-indicator", 0, 0);

	syscall3(SYS_READ, fd, (long)&token, sizeof(token));
	return token;
}

/* RTAS is big endian; the token comes from the tree as it is. */
static long set_indicator(u32 indicator, u32 index, u32 value)
{
	static u32 args[3 + 16];
	long error;

	args[0] = rtas_token();
	args[1] = __builtin_bswap32(3);
	args[2] = __builtin_bswap32(1);
	args[3] = __builtin_bswap32(indicator);
	args[4] = __builtin_bswap32(index);
	args[5] = __builtin_bswap32(value);
	error = syscall3(SYS_RTAS, (long)args, 0, 0);
	return error ? error : (int)__builtin_bswap32(args[6]);
}

static u32 hexadecimal(const char *s)
{
	u32 value = 0;

	for (; *s; s++)
		value = value << 4 | (u32)(*s <= '9' ? *s - '0' : *s - 'a' + 10);
	return value;
}

/* @stack: argc, then the pointers of argv. */
void begin(const long *stack)
{
	const char *const *argv = (const char *const *)(stack + 1);
	u32 index = hexadecimal(argv[2]);
	u32 state = argv[1][0] == 'a' ? UNISOLATE : ISOLATE;
	long error = set_indicator(ISOLATION_STATE, index, state);

	if (!error && state == ISOLATE && (index & TYPE_MASK) == TYPE_PHB)
		error = set_indicator(ALLOCATION_STATE, index, UNUSABLE);
	syscall3(SYS_EXIT, error != 0, 0, 0);
}

__asm__(".globl _start\n"
	"_start:\n"
	"	addis	2,12,.TOC.-_start@ha\n"
	"	addi	2,2,.TOC.-_start@l\n"
	"	mr	3,1\n"
	"	stdu	1,-128(1)\n"
	"	bl	begin\n");
