\ SPDX-License-Identifier: BSD-2-Clause
\
\ Become a secure VM, then read a block of the first disk with SLOF's driver,
\ which shares no page. Packed after uv-words.fs; powers off.

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
