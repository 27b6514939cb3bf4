\ SPDX-License-Identifier: BSD-2-Clause
\
\ The plugin with broken capability lists. Packed after fake-pci.fs,
\ vdma.fs and ktap.fs; prints KTAP and powers off. No device is needed.

hex

: fake-b! ( byte reg -- )  fake-config + c! ;
: fake-l! ( long reg -- )  fake-config + l!-le ;
: fake-cap ( type len next reg -- )             \ a vendor-specific capability
    >r r@ 1+ fake-b! r@ 2 + fake-b! r@ 3 + fake-b! 9 r> fake-b!
;

\ A right one: common configuration at 40, in BAR 4; window at 50.
: fake-good ( -- )
    fake-config 100 erase
    10421af4 0 fake-l! 100000 4 fake-l! 40 34 fake-b! 4 20 fake-l!
    1 10 50 40 fake-cap 4 44 fake-b! 1000 4c fake-l!
    5 14 0 50 fake-cap
;
\ BAR 4 has 16 KiB, as QEMU gives it.
: fake-node ( -- phandle )
    s" /" find-device new-device
    s" vdma-fake" device-name
    fake-address encode-int 0 encode-64+ 0 encode-64+
    fake-address 2000020 or encode-int+ 0 encode-64+ 4000 encode-64+
    s" reg" property
    get-node finish-device device-end
;

: t-probe ( -- exception )
    fake-address TO vdma-function
    ['] vdma-probe CATCH
;
: t-accepted ( adr len -- )  t-probe 0= -rot t-ok ;
: t-broken ( reason-adr reason-len adr len -- )
    2swap t-probe -2 = IF abort"-str @ count str= ELSE 2drop false THEN
    -rot t-ok
;

: t-test-accepted ( -- )
    fake-good s" a right list" t-accepted
    fake-good 4000 48 fake-l! 0 4c fake-l! 3000 48 fake-l! 1000 4c fake-l!
    s" common configuration up to the end of its BAR" t-accepted
    fake-good 10001af4 0 fake-l! 0 4 fake-l!
    s" a legacy function without a list" t-accepted
    fake-good 10001af4 0 fake-l!
    100 40 DO 0 i fake-l! i 4 + ff and i 1+ fake-b! 4 +LOOP
    s" 48 capabilities" t-accepted
;

: t-test-list ( -- )
    fake-good 40 51 fake-b!
    s" capability list does not end"
    s" a loop of two capabilities" t-broken
    fake-good 40 41 fake-b!
    s" capability list does not end"
    s" a capability that is its own next" t-broken
    fake-good 3c 34 fake-b!
    s" capability pointer out of range"
    s" a pointer into the header" t-broken
    fake-good 10 51 fake-b!
    s" capability pointer out of range"
    s" a next pointer into the header" t-broken
    fake-good f 42 fake-b!
    s" virtio capability too short"
    s" a capability shorter than its type" t-broken
    fake-good f4 41 fake-b! 5 14 0 f4 fake-cap
    s" virtio capability beyond configuration space"
    s" a capability that runs over the end" t-broken
    fake-good 0 4 fake-l!
    s" no common configuration"
    s" a modern function without a list" t-broken
    fake-good 2 43 fake-b!
    s" no common configuration"
    s" a modern function without a common configuration" t-broken
    fake-good 2 53 fake-b!
    s" no configuration access capability"
    s" a function without a window" t-broken
;

: t-test-bar ( -- )
    fake-good 6 44 fake-b!
    s" common configuration in a BAR above 5"
    s" BAR 6" t-broken
    fake-good 1 20 fake-l!
    s" common configuration in an I/O BAR"
    s" an I/O BAR" t-broken
    fake-good 37 4c fake-l!
    s" common configuration too short"
    s" a common configuration of 55 bytes" t-broken
    fake-good 3001 48 fake-l!
    s" common configuration beyond its BAR"
    s" one byte more than the BAR holds" t-broken
    fake-good ffffffff 48 fake-l!
    s" common configuration beyond its BAR"
    s" an offset near 4 GiB" t-broken
    fake-good 0 44 fake-b!
    s" common configuration beyond its BAR"
    s" a BAR that is not there" t-broken
;

\ F is offered, but the hypervisor knows no such device.
CREATE t-before 100 allot

: t-test-untouched ( -- )
    fake-good 2 fake-data fake-l!
    7 4 fake-b! 2 54 fake-b! 1234 58 fake-l! 2 5c fake-l!
    fake-config t-before 100 move
    s" unexpected status from H_DMA_BYPASS"
    s" an answer that makes no sense" t-broken
    fake-config t-before 100 comp 0= s" configuration space is as before" t-ok
;

: t-main ( -- )
    d# 21 t-plan
    fake-node TO vdma-node
    t-test-accepted t-test-list t-test-bar t-test-untouched
    fake-good 40 51 fake-b! vdma-visit-virtio
;

' t-main t-run
