\ SPDX-License-Identifier: BSD-2-Clause
\
\ Words to become a secure VM with, and to share pages, for uv-disk.fs and for tests
\ that speak to SLOF's prompt. Memory at 320 MiB is left alone by SLOF.

hex

14000000 CONSTANT t-page
14100000 CONSTANT t-fdt

CREATE t-regs 3 cells allot
CREATE t-uv-code
    f861fff8 l, e8a30010 l, e8830008 l, e8630000 l,
    44000042 l,     \ sc 2
    e961fff8 l, f86b0000 l, 4e800020 l,
t-uv-code here over - flushcache

: t-uv ( r4 r5 call -- status )
    t-regs ! t-regs 10 + ! t-regs 8 + !
    t-regs 0 0 t-uv-code call-c drop t-regs @
;
: t-secure ( -- status )
    d00dfeed t-fdt l! 1000 t-fdt 4 + l! t-page t-fdt f110 t-uv
;
: t-share ( gfn number -- status )  f130 t-uv ;
: t-unshare ( gfn number -- status )  f134 t-uv ;

\ Let each function of the first PHB's bus be a bus master.
: t-masters ( -- 0 )
    800000020000000 TO puid 100 0 DO
        i 8 lshift dup rtas-config-w@ ffff <> IF
            4 over 4 + rtas-config-w!
        THEN drop
    LOOP 0
;
