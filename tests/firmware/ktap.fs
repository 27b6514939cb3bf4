\ SPDX-License-Identifier: BSD-2-Clause
\
\ KTAP for tests that are evaluated in SLOF: a plan, a line a check, power off.

hex

0 VALUE t-planned
0 VALUE t-number

: t-plan ( n -- )
    dup TO t-planned
    ." KTAP version 1" cr ." 1.." (.d) type cr
;
: t-line ( adr len -- )
    t-number 1+ TO t-number
    ." ok " t-number .d ." - " type
;
: t-ok ( flag adr len -- )  rot 0= IF ." not " THEN t-line cr ;
: t-skip ( adr len reason-adr reason-len -- )
    2swap t-line ."  # SKIP " type cr
;

\ Power off whatever happens: a test that hangs says nothing.
: t-run ( xt -- )
    CATCH ?dup IF
        ." Bail out! " dup -2 = IF drop abort"-str @ count type
        ELSE ." exception " . THEN cr
    ELSE
        t-number t-planned <> IF ." Bail out! the plan is wrong" cr THEN
    THEN
    power-off
;
