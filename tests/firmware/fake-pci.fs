\ SPDX-License-Identifier: BSD-2-Clause
\
\ A PCI function of memory, where no real one is: bus ff, device 1f, function 7.
\ Packed before vdma.fs, whose configuration accesses then find these words.
\ caps.fs says what the function holds.

hex

fff700 CONSTANT fake-address
CREATE fake-config 100 allot

\ The data register of the window (capability 50): a write to it is a write to
\ the device, which keeps it. A read gives what the test put there.
60 CONSTANT fake-data

: fake? ( config-addr -- flag )  ffff00 and fake-address = ;
: fake-reg ( config-addr -- adr )  ff and fake-config + ;
: fake-data? ( config-addr -- flag )  ff and fake-data = ;

: rtas-config-b@ ( config-addr -- byte )
    dup fake? IF fake-reg c@ ELSE rtas-config-b@ THEN
;
: rtas-config-w@ ( config-addr -- word )
    dup fake? IF fake-reg w@-le ELSE rtas-config-w@ THEN
;
: rtas-config-l@ ( config-addr -- long )
    dup fake? IF fake-reg l@-le ELSE rtas-config-l@ THEN
;
: rtas-config-b! ( byte config-addr -- )
    dup fake? IF fake-reg c! ELSE rtas-config-b! THEN
;
: rtas-config-w! ( word config-addr -- )
    dup fake? IF fake-reg w!-le ELSE rtas-config-w! THEN
;
: rtas-config-l! ( long config-addr -- )
    dup fake? 0= IF rtas-config-l! EXIT THEN
    dup fake-data? IF 2drop ELSE fake-reg l!-le THEN
;
