/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Numbers of PAPR for this program only; <vdma/papr.h> has the library's. */
#ifndef GUEST_LOPAR_H
#define GUEST_LOPAR_H

/* LoPAR 14.5.1: hypercall tokens */
#define H_PUT_TERM_CHAR		0x58
#define H_SET_MODE		0x31c

/* LoPAR 14.5.4.3, H_SET_MODE: byte order of exceptions */
#define H_SET_MODE_LE		4

/* LoPAR 7.2.8: RTAS status */
#define RTAS_SUCCESS		0
#define RTAS_BUSY		(-2)
#define RTAS_PARAMETER		(-3)

/* LoPAR 7.3.27.3.2, ibm,set-slot-reset: option */
#define SLOT_RESET_HOT		1

#endif /* GUEST_LOPAR_H */
