/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * vdmactl says which path the DMA of each virtio device of a guest takes, and why.
 */
#ifndef VDMACTL_H
#define VDMACTL_H

#include <vdma/dt.h>
#include <vdma/policy.h>

/* Exit statuses, as in the manual page. */
enum status {
	STATUS_OK = 0,
	STATUS_DEGRADED = 1,
	STATUS_USAGE = 2,
	STATUS_UNREADABLE = 3,
};

/* ---- util.c */

/* Returns @memory; if it is NULL, ends the program with a message. */
void *xalloc(void *memory);
char *xasprintf(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
/* Prints an error in the command line. */
enum status usage_error(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
/* The same for the option that getopt_long() rejected. */
enum status usage_option(char **argv);

/* ---- row.c: the functions of a guest */

enum row_window {
	ROW_WINDOW_UNKNOWN,
	ROW_WINDOW_CLOSED,
	ROW_WINDOW_OPEN,
};

/* A function as a running QEMU knows it (explain --qmp) */
struct row_qemu {
	bool asked;		/* QEMU was asked about it */
	uint32_t facts;		/* bit mask of the facts that it has answered */
	bool driver_ok;		/* the driver has set DRIVER_OK */
	bool no_node;		/* it has no node, or there is no tree */
	enum row_window window;	/* the bypass window */
};

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
	char *disagreement;	/* how the guest differs from the decision, or NULL */
	bool untagged;		/* nothing tells whether the node has the property */
	struct row_qemu qemu;
};

struct rows {
	struct row *row;
	size_t count;
	size_t room;
};

struct row *rows_add(struct rows *rows);
/* Adds the row of a function, and decides about it. */
struct row *rows_add_decided(struct rows *rows, const struct vdma_dt *dt,
			     const struct vdma_dt_function *fn,
			     const struct vdma_dt_assume *assume);
/* Sorts by address; rows without an address come last, by path. */
void rows_sort(struct rows *rows);
void rows_free(struct rows *rows);

enum row_state {
	ROW_OK,
	ROW_DEGRADED,		/* a better mode is possible */
	ROW_MISMATCH,		/* refused, or module and device tree differ */
};

enum row_state row_state(const struct row *row);
/* STATUS_OK if every row is ROW_OK. */
enum status rows_status(const struct rows *rows);

/* PCI address in Linux's format */
void row_pci_address(const struct vdma_dt_function *fn, char *buf, size_t size);

/* ---- output.c */

struct output {
	bool json;
	bool all;
	bool verbose;
};

/* Takes -a, -j and -v; false for any other option. */
bool output_option(struct output *output, int option);
/* Prints rows; returns their status. With @assumed, marks facts that were assumed. */
enum status output_rows(const struct rows *rows, const struct output *output,
			bool assumed);

/* ---- print_verbose.c */

void print_verbose(const struct rows *rows, bool colour);

/* ---- assume.c */

/* Parses "KEY=VALUE,...". False, with a message, on an error. */
bool assume_parse(const char *text, struct vdma_dt_assume *assume);

/* ---- file.c */

struct blob {
	void *data;
	size_t size;
};

/* Writes FILE completely or not at all. False, with a message, on an error. */
bool file_write_blob(const char *file, const void *data, size_t size);
/* Reads and opens a device tree. Returns NULL, or why it cannot. */
const char *file_load_tree(const char *file, struct blob *blob, struct vdma_dt *dt);
/* The same; false, with a message, on an error. "-" is standard input. */
bool file_read_tree(const char *file, struct blob *blob, struct vdma_dt *dt);

/* ---- tagging.c: copies of a tree with the property added or removed */

int tagging_add(const void *fdt, int node, const struct vdma_window *window,
		void *out, size_t out_size);
int tagging_remove(const void *fdt, int node, void *out, size_t out_size);
/* Size of @out for a tree of this size */
size_t tagging_room(size_t fdt_size);

/* ---- infer.c: facts that only a live guest can know */

/* Infers features from those that the driver has accepted; not without a driver. */
void infer_features(const char *virtio, bool bound,
		    struct vdma_dt_assume *assume);
void infer_secure(bool secure, struct vdma_dt_assume *assume);
/* Infers facts from mode, reason and passed_over of @row. */
void infer_from_module(const struct row *row, struct vdma_dt_assume *assume);

/* ---- explain_qmp.c */

/* Explains the running VM whose QEMU has a QMP socket. */
enum status explain_qmp(const char *socket, const struct output *output,
			const struct vdma_dt_assume *assume);

/* ---- commands; argv[0] is the command's name */

enum status cmd_explain(int argc, char **argv);
enum status cmd_status(int argc, char **argv);
enum status cmd_tag(int argc, char **argv);
enum status cmd_untag(int argc, char **argv);

#endif /* VDMACTL_H */
