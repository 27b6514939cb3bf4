\ SPDX-License-Identifier: BSD-2-Clause
\
\ H_DMA_BYPASS as a guest without an OS sees it: every status that it can get
\ here, and that the plugin leaves devices as it found them. Packed after
\ vdma.fs and ktap.fs; prints KTAP and powers off.
\
\ The functions used are found by walking the tree: the first that may bypass,
\ the first that is refused though it offers F, the first with F behind a
\ bridge, the first virtio function without F, and the first that is not
\ virtio. Missing ones are skipped.
\ H_AUTHORITY needs a secure partition, which firmware never runs in.

hex

-4  CONSTANT t-h-parameter
-37 CONSTANT t-h-p2
-38 CONSTANT t-h-p3
1   CONSTANT t-h-busy

\ Virtio 1.2, 2.1: device status.
1 2 or 8 or CONSTANT t-features-ok
t-features-ok 4 or CONSTANT t-driver-ok

\ The functions under test: BUID and node, node 0 without one.

CREATE t-bypass 0 , 0 ,
CREATE t-behind 0 , 0 ,
CREATE t-refused 0 , 0 ,
CREATE t-no-f 0 , 0 ,
CREATE t-no-virtio 0 , 0 ,

: t-there? ( target -- flag )  @ 0<> ;
: t-first ( target -- )
    dup t-there? IF drop EXIT THEN
    puid over cell+ ! vdma-node swap !
;
: t-command! ( command -- )  4 vdma-config-w! ;
\ Decoding is off while the window is used, but in t-test-decoding: see
\ vdma-decode-off.
: t-select ( target -- )
    dup cell+ @ TO puid @ vdma-enter drop
    vdma-virtio? IF vdma-scan-caps vdma-decode-off drop THEN
;

: t-call ( op -- state base size status )  puid vdma-function h-dma-bypass ;

: t-classify-f ( -- )
    0 t-call nip nip nip 0= IF t-bypass ELSE t-refused THEN t-first
    vdma-function 10 rshift IF t-behind t-first THEN
;
: t-classify-virtio ( -- )
    vdma-scan-caps vdma-common 0= IF t-no-f t-first EXIT THEN
    vdma-access-platform? IF t-classify-f ELSE t-no-f t-first THEN
;
: t-classify ( node -- )
    child BEGIN ?dup WHILE
        dup vdma-enter IF
            vdma-virtio? IF t-classify-virtio ELSE t-no-virtio t-first THEN
            vdma-bridge? IF dup RECURSE THEN
        THEN
        peer
    REPEAT
;

\ Run a word for each PHB's node, with puid set.
: t-each-phb ( xt -- )
    >r s" /" find-node child BEGIN ?dup WHILE
        dup vdma-phb? IF
            s" reg" 2 pick get-property drop decode-64 TO puid 2drop
            dup r@ execute
        THEN
        peer
    REPEAT r> drop
;

\ Device status of the selected function, through the window.

: t-status-reg ( -- reg )  14 1 vdma-aim-common vdma-window 10 + ;
: t-status@ ( -- status )  t-status-reg vdma-config-b@ ;
: t-status! ( status -- )  t-status-reg vdma-config-b! ;
: t-unaim ( -- )  0 0 0 vdma-aim ;

\ driver_feature_select at 8, driver_feature at c: VERSION_1 and F.
: t-accept-features ( -- )
    0 8 vdma-common-l! 0 c vdma-common-l!
    1 8 vdma-common-l! 3 c vdma-common-l!
;
: t-start ( -- )
    0 t-status! 3 t-status! t-accept-features
    t-features-ok t-status! t-driver-ok t-status!
;

\ Expectations about the call's results.

: t-status-is? ( state base size status expected -- flag )
    2dup <> IF 2dup ." # expected " .d ." got " .d cr THEN
    = nip nip nip
;
: t-granted? ( state base size status expected-state -- flag )
    >r 0= swap 0> and                           ( state base flag )
    swap 1 3c lshift = and swap r> = and
;

\ The checks.

: t-test-parameter ( -- )
    3 t-call t-h-parameter t-status-is?
    s" unknown operation 3 is H_PARAMETER" t-ok
    1 20 lshift t-call t-h-parameter t-status-is?
    s" operation with a high bit set is H_PARAMETER" t-ok
    0 puid vdma-function 40 or h-dma-bypass t-h-parameter t-status-is?
    s" register bits in the config address are H_PARAMETER" t-ok
    0 puid vdma-function 1000000 or h-dma-bypass t-h-parameter t-status-is?
    s" bits above the bus number are H_PARAMETER" t-ok
;

: t-test-address ( -- )
    0 puid ffff + vdma-function h-dma-bypass t-h-p2 t-status-is?
    s" unknown BUID is H_P2" t-ok
    0 puid fff800 h-dma-bypass t-h-p3 t-status-is?
    s" unknown bus is H_P3" t-ok
    0 puid vdma-function 700 or h-dma-bypass t-h-p3 t-status-is?
    s" unknown function is H_P3" t-ok
;

: t-test-refused ( target adr len -- )
    2 pick t-there? 0= IF s" no such function here" t-skip drop EXIT THEN
    rot t-select
    0 t-call vdma-h-not-available t-status-is? >r
    1 t-call vdma-h-not-available t-status-is? r> and
    -rot t-ok
;

: t-test-switch ( -- )
    0 t-call 1 t-granted? s" query grants the window at 1 << 60" t-ok
    1 t-call 3 t-granted? s" enable" t-ok
    1 t-call 3 t-granted? s" enable is idempotent" t-ok
    0 t-call 3 t-granted? s" query says enabled" t-ok
    2 t-call 1 t-granted? s" disable" t-ok
    2 t-call 1 t-granted? s" disable is idempotent" t-ok
    0 t-call 1 t-granted? s" query says disabled" t-ok
;

: t-test-live ( -- )
    1 t-call 4drop t-start
    t-status@ t-driver-ok = s" the device accepts DRIVER_OK" t-ok
    2 t-call t-h-busy t-status-is? s" disable of a live device is H_BUSY" t-ok
    0 t-call 3 t-granted? s" the live device is still enabled" t-ok
    1 t-call 3 t-granted? s" enable of a live device is idempotent" t-ok
    0 t-status!
    2 t-call 1 t-granted? s" disable after a device reset" t-ok
    t-unaim
;

: t-test-bypass ( -- )
    t-bypass t-there? 0= ABORT" no function here may bypass"
    t-bypass t-select
    t-test-parameter t-test-address t-test-switch t-test-live
;

\ A picture of a function: command to the last BAR, then the words
\ through the window, which must itself be the same.

CREATE t-before 60 allot
CREATE t-after 60 allot

: t-snap-config ( adr -- adr' )
    28 4 DO i vdma-config-l@ over l! la1+ 4 +LOOP
;
: t-snap ( adr -- )
    t-snap-config vdma-decode-off >r
    vdma-aimed 3dup >r >r >r                    ( adr bar offset length )
    3 roll tuck l! la1+ tuck l! la1+ tuck l! la1+
    0 vdma-common-l@ over l! la1+ t-status@ swap l!
    r> r> r> vdma-aim r> vdma-decode-restore
;
\ COMP is ( adr1 adr2 len -- n ).
: t-find-again ( -- )  t-bypass cell+ @ TO puid t-bypass @ vdma-enter drop ;
: t-same-after-vdma ( adr len -- )
    t-before 60 erase t-after 60 erase
    t-before t-snap vdma t-find-again vdma-scan-caps t-after t-snap
    t-before t-after 60 comp 0= -rot t-ok
;

\ Once as SLOF leaves a function that is closed, once with everything unlike it.
: t-test-untouched ( -- )
    t-bypass t-select
    0 0 vdma-common-l! t-unaim
    s" the plugin leaves a closed function as it was" t-same-after-vdma
    3 t-status! 1 0 vdma-common-l! 0 4 2 vdma-aim 6 t-command!
    s" the plugin leaves a function in use as it was" t-same-after-vdma
;

\ The window does not depend on where the BAR is, or whether it is anywhere.
: t-test-decoding ( target adr len -- )
    2 pick t-there? 0= IF s" no such function here" t-skip drop EXIT THEN
    rot t-select
    1 vdma-feature-half 6 t-command! 1 vdma-feature-half over = swap 0<> and
    0 t-command! t-unaim -rot t-ok
;

: t-main ( -- )
    d# 26 t-plan
    ['] t-classify t-each-phb
    t-test-bypass
    t-no-virtio s" a function that is not virtio is H_NOT_AVAILABLE"
    t-test-refused
    t-no-f s" virtio without F is H_NOT_AVAILABLE" t-test-refused
    t-refused s" switched off by the administrator is H_NOT_AVAILABLE"
    t-test-refused
    t-test-untouched
    t-bypass s" the window is the same with memory decoding on" t-test-decoding
    t-behind s" and behind a bridge" t-test-decoding
;

' t-main t-run
