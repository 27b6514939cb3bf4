/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The machine as the tests see it: console, memory, CPUs, time, hypercalls.
 *
 * One program in one address space, real mode, no interrupts. Whatever can't
 * go on says so in a line that starts with "Bail out!" and powers off.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <vdma/domain.h>
#include <vdma/hcall.h>
#include <vdma/secure.h>
#include <vdma/virtqueue.h>

#include "attributes.h"
#include "head.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define KIB		1024ul
#define MIB		(1024ul * KIB)
#define GIB		(1024ul * MIB)

/* printf.c, console.c */

/**
 * vformat() - format text
 * @to: the text, always ended by 0
 * @size: room at @to, at least 1
 * @fmt: of printf's: %s %c %d %u %x %p %%, l and z, 0 and a width
 * @args: arguments
 *
 * Return: the length of the text, without what did not fit.
 */
size_t vformat(char *to, size_t size, const char *fmt, va_list args)
	__printf(3, 0);
size_t format(char *to, size_t size, const char *fmt, ...)
	__printf(3, 4);

/**
 * console_init() - find the console
 * @termno: unit address of the vty
 */
void console_init(uint32_t termno);

/* print() - write to the console; the text of one call stays together. */
void print(const char *fmt, ...) __printf(1, 2);

/* bail_out() - say why this can't go on, and power off. */
void bail_out(const char *fmt, ...)
	__noreturn __printf(1, 2);

/* exception.c */

/* struct regs - a CPU at an exception, as head.S stores it */
struct regs {
	uint64_t gpr[32];
	uint64_t vector;
	uint64_t lr;
	uint64_t ctr;
	uint64_t cr;
	uint64_t xer;
	uint64_t srr0;
	uint64_t srr1;
	uint64_t dar;
	uint64_t dsisr;
};

void exceptions_init(void);
void exception(struct regs *regs);

/**
 * exception_expect() - let the next instruction that traps be skipped
 * @vector: the exception that is expected on this CPU
 *
 * Any other is the end, as without it.
 */
void exception_expect(uint64_t vector);

/* exception_caught() - has it come? Nothing is expected afterwards. */
bool exception_caught(void);

/* smp.c */

/* struct cpu - what a CPU has of its own; r13 and SPRG1 point to it */
struct cpu {
	struct regs regs;
	uint64_t exception_sp;
	uint64_t stack;
	uint32_t index;
	uint32_t hw_id;
	uint64_t expected;
	bool caught;
	bool in_exception;
	bool online;
	void (*work)(void *arg);
	void *arg;
};

register struct cpu *this_cpu asm("r13");

/* Where the first CPU's stack is. */
extern char boot_stack[BOOT_STACK];

struct spinlock {
	uint32_t taken;
};

void spin_lock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock);

/* vdma_lock_of() - a spinlock as the library takes one */
struct vdma_lock vdma_lock_of(struct spinlock *lock);

void smp_init(void);
void secondary(struct cpu *cpu) __noreturn;

/* cpu_count() - CPUs that the machine has, this one included */
unsigned int cpu_count(void);

/**
 * cpu_run() - run a function on several CPUs at once, this one too
 * @count: how many; bails out if there are not as many
 * @work: called on each, with its place in @args
 * @args: an array of @count arguments
 * @size: bytes of one
 *
 * Returns when all have returned. CPUs are started when they are first needed.
 */
void cpu_run(unsigned int count, void (*work)(void *arg), void *args,
	     size_t size);

/* time.c */
void time_init(uint32_t frequency);
#define NS_PER_SECOND	1000000000ull
/* time_ns() - nanoseconds since some start */
uint64_t time_ns(void);
extern const struct vdma_clock guest_clock;

/* hcall.c */

/**
 * hcall() - make a hypercall
 * @call: opcode and arguments; gets the results
 *
 * Return: the status.
 */
int64_t hcall(struct vdma_hcall *call);

/* The library's gate: hcall(). */
extern const struct vdma_gate guest_gate;

/* hcalls() - how often this opcode was called, on all CPUs; 0: all opcodes */
uint64_t hcalls(uint64_t opcode);

/* page.c */

/**
 * pages_init() - set the page size
 * @shift: 12 or 16
 */
void pages_init(unsigned int shift);
/* pages_add() - give a range of memory to the allocator */
void pages_add(uint64_t start, uint64_t end);
unsigned int page_shift(void);
/* memory_end() - first address beyond all memory */
uint64_t memory_end(void);

/**
 * pages_get_above() - get zeroed memory, contiguous, aligned to a page
 * @len: in bytes; rounded up to pages
 * @floor: lowest address
 *
 * Return: the memory; NULL if there is none.
 */
void *pages_get_above(uint64_t len, uint64_t floor);

/* pages_get_aligned() - the same, at a multiple of @align, a power of two */
void *pages_get_aligned(uint64_t len, uint64_t align);

/* pages_get() - the same, from anywhere; bails out if there is none */
void *pages_get(uint64_t len);

/* pages_put() - give it back */
void pages_put(void *memory, uint64_t len);

/* pages_free() - bytes that are free */
uint64_t pages_free(void);

/* filled() - is each byte of a range of memory @value? */
bool filled(const void *memory, uint64_t len, uint8_t value);

/* The library's source of memory: pages_get_above(len, 0). */
extern const struct vdma_pages guest_pages;

/* secure.c: a secure VM, docs/abi/ultravisor.md */

/**
 * secure_init() - become a secure VM if the command line says secure=1
 *
 * Bails out if that fails.
 */
void secure_init(void);

/* secure_enter() - become one now; bails out if that fails */
void secure_enter(void);

/* secure_vm() - MSR[S] of this CPU, as the library reads it */
bool secure_vm(void);

/**
 * ucall() - make an ultracall
 * @call: opcode and arguments
 *
 * Return: the status.
 */
int64_t ucall(struct vdma_hcall *call);

/**
 * ucall_pages() - share pages, or make them private, behind the library's back
 * @opcode: VDMA_UV_SHARE_PAGE or VDMA_UV_UNSHARE_PAGE
 * @memory: the first
 * @count: how many, of VDMA_UV_PAGE_SIZE
 *
 * Return: the status.
 */
int64_t ucall_pages(uint64_t opcode, const void *memory, uint64_t count);

/* The library's gate to the ultravisor: ucall(). */
extern const struct vdma_gate guest_ultravisor;

/* ucalls() - how many ultracalls were made, on all CPUs */
uint64_t ucalls(void);

/* What this VM shares; in a normal VM nothing has to be. */
extern struct vdma_secure guest_secure;

/* secure_counts() - how much that is */
struct vdma_secure_counts secure_counts(void);

/* args.c */
void args_init(const char *bootargs);

/**
 * arg() - a word of the command line
 * @name: in front of its =
 * @otherwise: if it is not there
 */
const char *arg(const char *name, const char *otherwise);

/* arg_number() - the same, of decimal digits; bails out if it has others */
uint64_t arg_number(const char *name, uint64_t otherwise);

#endif /* GUEST_H */
