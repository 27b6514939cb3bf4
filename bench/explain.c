// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Measures what it takes to explain a device tree: open it, find all functions,
 * collect their facts and decide. bench/explain_report.py runs this and makes a
 * table of it.
 *
 * usage: explain time ROUNDS TREE...	"functions bytes microseconds stack" each
 *	  explain run TIMES TREE	that often, and nothing else
 *	  explain rss PROGRAM ARGUMENT...	the program's peak, in KiB
 */
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vdma/dt.h>
#include <vdma/error.h>

#define TREES_MAX	16
#define STACK_SIZE	(256 << 10)
#define PAINT		0xa5

struct tree {
	void *data;
	size_t size;
	unsigned int functions;
	size_t stack;
	double *seconds;	/* of each round */
};

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static void load(struct tree *tree, const char *file)
{
	int fd = open(file, O_RDONLY);
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		fail(file);
	tree->size = (size_t)status.st_size;
	tree->data = malloc(tree->size);
	if (!tree->data || read(fd, tree->data, tree->size) != status.st_size)
		fail(file);
	close(fd);
}

/* vdmactl explain, without printing */
static void *explain(void *argument)
{
	enum vdma_dt_source source[VDMA_DT_FACT_COUNT];
	struct tree *tree = argument;
	struct vdma_dt_cursor cursor;
	struct vdma_dt_function fn;
	struct vdma_decision decision;
	struct vdma_facts facts;
	struct vdma_dt dt;
	int got;

	got = vdma_dt_open(&dt, tree->data, tree->size);
	if (!got) {
		tree->functions = 0;
		vdma_dt_start(&cursor, &dt);
		while ((got = vdma_dt_next(&cursor, &fn)) > 0) {
			vdma_dt_facts(&dt, &fn, NULL, &facts, source);
			vdma_decide(&facts, &decision);
			tree->functions += fn.virtio;
		}
	}
	if (got) {
		fprintf(stderr, "bench: %s\n", vdma_strerror(got));
		exit(2);
	}
	return NULL;
}

static void *nothing(void *argument)
{
	return argument;
}

/* Bytes of a painted stack that a thread has written to. */
static size_t stack_of(void *(*run)(void *), void *argument)
{
	unsigned char *stack = aligned_alloc(65536, STACK_SIZE);
	pthread_attr_t attributes;
	pthread_t thread;
	size_t clean = 0;

	if (!stack)
		fail("stack");
	memset(stack, PAINT, STACK_SIZE);
	if (pthread_attr_init(&attributes) ||
	    pthread_attr_setstack(&attributes, stack, STACK_SIZE) ||
	    pthread_create(&thread, &attributes, run, argument) ||
	    pthread_join(thread, NULL))
		fail("thread");
	while (clean < STACK_SIZE && stack[clean] == PAINT)
		clean++;
	free(stack);
	return STACK_SIZE - clean;
}

/* Of this thread alone: on a busy machine, others run meanwhile. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Each round has every tree once, so that a slow moment is nobody's alone. */
static void time_trees(struct tree *trees, int count, int rounds)
{
	int i, round;

	/* The first run binds symbols, on whatever stack. */
	explain(&trees[0]);
	for (i = 0; i < count; i++) {
		trees[i].seconds = calloc((size_t)rounds, sizeof(double));
		if (!trees[i].seconds)
			fail("rounds");
		trees[i].stack = stack_of(explain, &trees[i]) -
				 stack_of(nothing, NULL);
	}
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < count; i++) {
			double start = now();

			explain(&trees[i]);
			trees[i].seconds[round] = now() - start;
		}
	}
	for (i = 0; i < count; i++) {
		qsort(trees[i].seconds, (size_t)rounds, sizeof(double),
		      by_size);
		printf("%u %zu %.2f %zu\n", trees[i].functions, trees[i].size,
		       1e6 * trees[i].seconds[rounds / 2], trees[i].stack);
	}
}

static void peak(char **argv)
{
	struct rusage usage;
	int status;
	pid_t child;

	if (posix_spawn(&child, argv[0], NULL, NULL, argv, environ) ||
	    wait4(child, &status, 0, &usage) != child)
		fail(argv[0]);
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
		fprintf(stderr, "bench: %s failed\n", argv[0]);
		exit(2);
	}
	printf("%ld\n", usage.ru_maxrss);
}

int main(int argc, char **argv)
{
	static struct tree trees[TREES_MAX];
	int i, number = argc > 3 ? atoi(argv[2]) : 0;

	if (argc > 2 && !strcmp(argv[1], "rss")) {
		peak(argv + 2);
		return 0;
	}
	if (argc < 4 || argc > 3 + TREES_MAX)
		return 2;
	for (i = 0; i < argc - 3; i++)
		load(&trees[i], argv[3 + i]);
	if (!strcmp(argv[1], "time") && number > 0)
		time_trees(trees, argc - 3, number);
	else
		while (number-- > 0)
			explain(&trees[0]);
	return 0;
}
