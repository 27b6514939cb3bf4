\ SPDX-License-Identifier: BSD-2-Clause
\
\ Become a secure VM, then read a block of the first disk with SLOF's driver,
\ which shares no page. Packed alone; powers off.

hex

14000000 CONSTANT t-page
14100000 CONSTANT t-fdt

CREATE t-regs 3 cells allot
CREATE t-uv-code
    f861fff8 l, e8a30010 l, e8830008 l, e8630000 l,
    44000042 l,     \ sc 2
    e961fff8 l, f86b0000 l, 4e800020 l,
t-uv-code here over - flushcache

: t-secure ( -- status )
    d00dfeed t-fdt l! 1000 t-fdt 4 + l!
    f110 t-regs ! t-page t-regs 8 + ! t-fdt t-regs 10 + !
    t-regs 0 0 t-uv-code call-c drop t-regs @
;
: t-read ( ihandle -- )
    0 0 2 pick s" seek" rot $call-method drop
    t-page 200 2 pick s" read" rot $call-method drop
    ." block " t-page 10 type cr close-dev
;
: t-main ( -- )
    ." secure " t-secure .d cr
    s" disk" open-dev dup 0= ABORT" no disk" t-read
;

' t-main CATCH drop power-off
