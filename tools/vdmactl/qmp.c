// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * A client for QMP: sends a command as a JSON object and waits for the answer, past events.
 *
 * QEMU serves one client at a time; the next one is connected but gets no greeting. So
 * everything has a limit of time.
 */
#define _GNU_SOURCE		/* struct ucred */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "qmp.h"
#include "vdmactl.h"

#define QMP_SECONDS	10
#define QMP_NO_ANSWER	"no answer within 10 s"
#define QMP_NO_GREETING	"no greeting within 10 s; QMP serves one client at a time"

/* Larger than any answer: the schema of all commands has less than 1 MiB. */
#define QMP_ANSWER_MAX	(16u << 20)

struct qmp {
	int fd;
	bool lost;
	char *why;
	int64_t deadline;	/* in ms of CLOCK_MONOTONIC */
	size_t taken;		/* bytes of this answer */
	size_t next;		/* in buf */
	size_t have;
	char buf[4096];
};

static int64_t qmp_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void qmp_set_error(struct qmp *qmp, const char *why)
{
	free(qmp->why);
	qmp->why = xalloc(strdup(why));
}

static void qmp_lose(struct qmp *qmp, const char *why)
{
	qmp_set_error(qmp, why);
	qmp->lost = true;
}

/* Waits for bytes and reads them; false if the connection is lost. */
static bool qmp_fill(struct qmp *qmp)
{
	struct pollfd pfd = { .fd = qmp->fd, .events = POLLIN };
	ssize_t got;
	int ready;

	do {
		int64_t left = qmp->deadline - qmp_now();

		ready = poll(&pfd, 1, left > 0 ? (int)left : 0);
	} while (ready < 0 && errno == EINTR);
	if (!ready) {
		qmp_lose(qmp, QMP_NO_ANSWER);
		return false;
	}
	do {
		got = recv(qmp->fd, qmp->buf, sizeof(qmp->buf), 0);
	} while (got < 0 && errno == EINTR);
	if (got <= 0) {
		qmp_lose(qmp, got ? strerror(errno) : "QEMU closed the connection");
		return false;
	}
	qmp->next = 0;
	qmp->have = (size_t)got;
	return true;
}

/* For json_load_callback(): one byte at a time, because another answer may follow. */
static size_t qmp_take(void *byte, size_t size, void *data)
{
	struct qmp *qmp = data;

	(void)size;
	if (qmp->next == qmp->have && !qmp_fill(qmp))
		return (size_t)-1;
	if (++qmp->taken > QMP_ANSWER_MAX) {
		qmp_lose(qmp, "QEMU's answer is too long");
		return (size_t)-1;
	}
	*(char *)byte = qmp->buf[qmp->next++];
	return 1;
}

static json_t *qmp_read(struct qmp *qmp)
{
	json_error_t error;
	json_t *message;

	qmp->taken = 0;
	message = json_load_callback(qmp_take, qmp, JSON_DISABLE_EOF_CHECK, &error);
	if (!message && !qmp->lost)
		qmp_lose(qmp, "not a QMP socket");
	return message;
}

static bool qmp_send(struct qmp *qmp, const char *text, size_t size)
{
	while (size) {
		ssize_t done = send(qmp->fd, text, size, MSG_NOSIGNAL);

		if (done > 0) {
			text += done;
			size -= (size_t)done;
		} else if (errno != EINTR) {
			qmp_lose(qmp, errno == EAGAIN ? QMP_NO_ANSWER : strerror(errno));
			return false;
		}
	}
	return true;
}

static bool qmp_send_command(struct qmp *qmp, const char *name, json_t *arguments)
{
	json_t *command = xalloc(json_pack("{s:s}", "execute", name));
	char *text;
	bool sent;

	if (arguments)
		json_object_set_new(command, "arguments", arguments);
	text = xalloc(json_dumps(command, JSON_COMPACT));
	json_decref(command);
	sent = qmp_send(qmp, text, strlen(text)) && qmp_send(qmp, "\n", 1);
	free(text);
	return sent;
}

/* Takes the answer out of a message; false if it has none. */
static bool qmp_answer(struct qmp *qmp, const json_t *message, json_t **answer)
{
	const json_t *error = json_object_get(message, "error");
	const char *why = json_string_value(json_object_get(error, "desc"));

	*answer = json_incref(json_object_get(message, "return"));
	if (error)
		qmp_set_error(qmp, why ? why : "refused");
	return *answer || error;
}

json_t *qmp_command(struct qmp *qmp, const char *name, json_t *arguments)
{
	json_t *answer = NULL;
	bool answered = false;

	if (qmp->lost) {
		json_decref(arguments);
		return NULL;
	}
	qmp->deadline = qmp_now() + QMP_SECONDS * 1000;
	if (!qmp_send_command(qmp, name, arguments))
		return NULL;
	while (!answered) {
		json_t *message = qmp_read(qmp);

		if (!message)
			return NULL;
		answered = qmp_answer(qmp, message, &answer);
		json_decref(message);
	}
	return answer;
}

json_t *qmp_property(struct qmp *qmp, const char *path, const char *name)
{
	return qmp_command(qmp, "qom-get", json_pack("{s:s,s:s}", "path", path,
						     "property", name));
}

const char *qmp_error(const struct qmp *qmp)
{
	return qmp->why ? qmp->why : "unknown error";
}

bool qmp_lost(const struct qmp *qmp)
{
	return qmp->lost;
}

uid_t qmp_user(const struct qmp *qmp)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(qmp->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) ?
	       (uid_t)-1 : peer.uid;
}

/* Connects within the limit; NULL, or why it cannot */
static const char *qmp_connect(struct qmp *qmp, const char *path)
{
	const struct timeval limit = { .tv_sec = QMP_SECONDS };
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return strerror(ENAMETOOLONG);
	memcpy(address.sun_path, path, strlen(path));
	qmp->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (qmp->fd >= 0 &&
	    !setsockopt(qmp->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) &&
	    !connect(qmp->fd, (struct sockaddr *)&address, sizeof(address)))
		return NULL;
	return errno == EAGAIN ? QMP_NO_GREETING : strerror(errno);
}

/* Reads the greeting and leaves negotiation mode. */
static bool qmp_greet(struct qmp *qmp)
{
	json_t *greeting;
	bool good;

	qmp->deadline = qmp_now() + QMP_SECONDS * 1000;
	greeting = qmp_read(qmp);
	if (!greeting) {
		if (!strcmp(qmp->why, QMP_NO_ANSWER))
			qmp_set_error(qmp, QMP_NO_GREETING);
		return false;
	}
	good = json_object_get(greeting, "QMP");
	json_decref(greeting);
	if (!good) {
		qmp_lose(qmp, "not a QMP socket");
		return false;
	}
	json_decref(qmp_command(qmp, "qmp_capabilities", NULL));
	return !qmp->lost;
}

struct qmp *qmp_open(const char *path)
{
	struct qmp *qmp = xalloc(calloc(1, sizeof(*qmp)));
	const char *why;

	qmp->fd = -1;
	why = qmp_connect(qmp, path);
	if (!why && qmp_greet(qmp))
		return qmp;
	if (why)
		warnx("cannot connect to %s: %s", path, why);
	else
		warnx("cannot use %s: %s", path, qmp_error(qmp));
	qmp_close(qmp);
	return NULL;
}

void qmp_close(struct qmp *qmp)
{
	if (qmp->fd >= 0)
		close(qmp->fd);
	free(qmp->why);
	free(qmp);
}
