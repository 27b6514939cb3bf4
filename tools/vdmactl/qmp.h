/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * A client for QMP, QEMU's control channel (docs/interop/qmp-spec in QEMU's sources).
 */
#ifndef VDMACTL_QMP_H
#define VDMACTL_QMP_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

struct qmp;

/* Connects to a socket and negotiates. NULL, with a message, on an error. */
struct qmp *qmp_open(const char *socket);
void qmp_close(struct qmp *qmp);

/*
 * Runs a command; takes @arguments, which may be NULL. Returns QEMU's answer, to be
 * released by json_decref(); NULL if QEMU refuses or the connection is lost.
 */
json_t *qmp_command(struct qmp *qmp, const char *name, json_t *arguments);
/* Reads a property of a QOM object, in the same way. */
json_t *qmp_property(struct qmp *qmp, const char *path, const char *name);

/* Why the last command returned NULL; valid until the next. */
const char *qmp_error(const struct qmp *qmp);
/* No command can be run any more. */
bool qmp_lost(const struct qmp *qmp);
/* User that QEMU had when it made the socket; (uid_t)-1, which chown() ignores, if unknown */
uid_t qmp_user(const struct qmp *qmp);

#endif /* VDMACTL_QMP_H */
