/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * vdmactl: says which way the DMA of each virtio device of a guest takes, and
 * why. What its files share.
 */
#ifndef VDMACTL_H
#define VDMACTL_H

#include <vdma/dt.h>
#include <vdma/policy.h>

/* Exit statuses, as in the manual page. */
enum status {
	STATUS_WELL = 0,
	STATUS_WORSE = 1,
	STATUS_USAGE = 2,
	STATUS_UNREADABLE = 3,
};

/* Says "vdmactl: ..." on stderr, one line. */
void complain(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
/* The same, for what is wrong with a command line. */
enum status usage_error(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
/* The same, for an option at which getopt_long() gave up. */
enum status wrong_option(char **argv);
/* Room, or the end of the program with a line. */
void *need(void *memory);

/* ---- rows.c: what is shown of each function */

struct row {
	char device[24];	/* PCI address, empty if the tree has none */
	char driver[32];
	char *path;
	bool virtio;
	bool decided;		/* there is a decision */
	char mode[16];
	char reason[32];
	char passed_over[VDMA_PASSED_OVER_MAX];
	struct vdma_facts facts;
	struct vdma_decision decision;
	enum vdma_dt_source source[VDMA_DT_FACT_COUNT];
	char *disagreement;	/* status: what does not fit, or NULL */
};

struct rows {
	struct row *row;
	size_t count;
	size_t room;
};

struct row *rows_add(struct rows *rows);
/* In order of address; what has none comes last, in order of path. */
void rows_sort(struct rows *rows);
void rows_free(struct rows *rows);
/* Copies mode, reason and passed-over list out of the decision. */
void row_decided(struct row *row);

enum verdict {
	VERDICT_WELL,
	VERDICT_WORSE,		/* somebody could change something */
	VERDICT_WRONG,		/* refused, or at odds with the device tree */
};

enum verdict row_verdict(const struct row *row);
/* STATUS_WELL only if all is well. */
enum status rows_status(const struct rows *rows);

/* ---- table.c, json.c, why.c: the ways to show them */

struct style {
	bool colour;
	bool assumed;		/* mark facts that were assumed */
};

void print_table(const struct rows *rows, const struct style *style);
void print_json(const struct rows *rows, const struct style *style);
void print_reasoning(const struct rows *rows, const struct style *style);
/* What would have to change; NULL for what is no obstacle. */
const char *advice(enum vdma_reason reason);

/* ---- output.c: what explain and status have in common */

struct output {
	bool json;
	bool all;
	bool verbose;
};

/* Takes -a, -j and -v; false for any other. */
bool output_option(struct output *output, int option);
/* Prints rows as asked; returns their status. */
enum status show(const struct rows *rows, const struct output *output,
		 bool assumed);

/* ---- assume.c */

/* Adds "KEY=VALUE,KEY=VALUE". False, after a line, if it cannot be read. */
bool assume_parse(const char *text, struct vdma_dt_assume *assume);

/* ---- ids.c */

/* PCI address as Linux has it. */
void pci_address(const struct vdma_dt_function *fn, char *buf, size_t size);
/* Name of Linux's driver for a virtio function, by its identifier. */
void driver_name(const struct vdma_dt_function *fn, char *buf, size_t size);

/* ---- file.c */

struct blob {
	void *data;
	size_t size;
};

/* Reads FILE, or standard input for "-". False, after a line, if it can't. */
bool blob_read(const char *file, struct blob *blob);
/* Writes FILE whole or not at all. False, after a line, if it can't. */
bool blob_write(const char *file, const void *data, size_t size);
/* Reads and opens a device tree. False, after a line, if it can't. */
bool tree_read(const char *file, struct blob *blob, struct vdma_dt *dt);

/* ---- tagging.c: a tree with a property more or less */

int tagging_add(const void *fdt, int node, const struct vdma_window *window,
		void *out, size_t out_size);
int tagging_remove(const void *fdt, int node, void *out, size_t out_size);
/* Bytes that OUT of a tree of this size needs. */
size_t tagging_room(size_t fdt_size);

/* ---- learn.c: facts that only a live guest can know */

/* Features that the driver has accepted; without a driver they say nothing. */
void learn_features(const char *virtio, bool bound,
		    struct vdma_dt_assume *assume);
void learn_secure(bool secure, struct vdma_dt_assume *assume);
/* What mode, reason and passed-over list in @row tell. */
void learn_from_module(const struct row *row, struct vdma_dt_assume *assume);

/* ---- commands; argv[0] is the command's name */

enum status cmd_explain(int argc, char **argv);
enum status cmd_status(int argc, char **argv);
enum status cmd_tag(int argc, char **argv);
enum status cmd_untag(int argc, char **argv);

#endif /* VDMACTL_H */
