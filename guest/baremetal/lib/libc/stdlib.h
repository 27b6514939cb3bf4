/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* libfdt includes <stdlib.h>, but the files linked here use nothing of it. */
