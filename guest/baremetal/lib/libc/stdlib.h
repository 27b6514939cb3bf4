/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* libfdt includes <stdlib.h>, and what is linked here needs nothing of it. */
