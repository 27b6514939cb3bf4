/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Numbers of PAPR that only this program needs; those that the library needs
 * stand in <vdma/abi.h>.
 */
#ifndef GUEST_PAPR_H
#define GUEST_PAPR_H

/* LoPAR 14.5.1: hypercall tokens */
#define H_PUT_TERM_CHAR		0x58
#define H_SET_MODE		0x31c

/* LoPAR 14.5.2: status */
#define H_SUCCESS		0
#define H_BUSY			1

/* LoPAR 14.5.4.3, H_SET_MODE: byte order of exceptions */
#define H_SET_MODE_LE		4

/* LoPAR 7.2.8: RTAS status */
#define RTAS_SUCCESS		0
#define RTAS_BUSY		(-2)
#define RTAS_PARAMETER		(-3)

/* LoPAR 7.3.27.3.2, ibm,set-slot-reset: option */
#define SLOT_RESET_HOT		1

#endif /* GUEST_PAPR_H */
