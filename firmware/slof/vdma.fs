\ SPDX-License-Identifier: BSD-2-Clause
\
\ Tags each virtio PCI function that may bypass the IOMMU.
\
\ SLOF evaluates this file once its PCI nodes are populated and before it
\ starts the kernel: from nvramrc, or from the ROM image when that was built
\ with the hook. The last line runs it.
\
\ A function is tagged when it offers VIRTIO_F_ACCESS_PLATFORM and the
\ hypercall H_DMA_BYPASS says that bypass is supported for it. The tag is the
\ property "qemu,dma-bypass" on its node.
\
\ The common configuration is read through the virtio PCI configuration access
\ capability (virtio 1.2, 4.1.4.9), which is there for firmware: it needs no
\ BAR, assigned or not. What is written is put back: the capability's window,
\ the feature selector, and memory decoding if it was on.
\
\ Every global name starts with "vdma" or is that of the hypercall, because
\ SLOF looks words up by name until the kernel runs.

hex

\ Numbers. include/vdma/abi.h has the same, in C.

f010 CONSTANT vdma-h-dma-bypass
0    CONSTANT vdma-op-query
1    CONSTANT vdma-state-supported
0    CONSTANT vdma-h-success
-a   CONSTANT vdma-h-authority
3    CONSTANT vdma-h-not-available

\ Call gate: SLOF has no word for hypercalls that it does not know.

\ Arguments and results: r3, r4, r5, r6.
CREATE vdma-hcall-regs 4 cells allot

\ Called by call-c with the block's address in r3. A hypercall keeps r1, not
\ r3 to r12, so the address waits in the red zone below the stack pointer.
CREATE vdma-hcall-code
    f861fff8 l,     \ std   r3,-8(r1)
    e8c30018 l,     \ ld    r6,24(r3)
    e8a30010 l,     \ ld    r5,16(r3)
    e8830008 l,     \ ld    r4,8(r3)
    e8630000 l,     \ ld    r3,0(r3)
    44000022 l,     \ sc    1
    e961fff8 l,     \ ld    r11,-8(r1)
    f86b0000 l,     \ std   r3,0(r11)
    f88b0008 l,     \ std   r4,8(r11)
    f8ab0010 l,     \ std   r5,16(r11)
    f8cb0018 l,     \ std   r6,24(r11)
    4e800020 l,     \ blr
vdma-hcall-code here over - flushcache

: h-dma-bypass ( op buid config-addr -- state base size status )
    vdma-hcall-regs >r
    r@ 18 + ! r@ 10 + ! r@ 8 + ! vdma-h-dma-bypass r@ !
    r@ 0 0 vdma-hcall-code call-c drop
    r@ 8 + @ r@ 10 + @ r@ 18 + @ r> @
;

\ PAPR: the hypervisor lists what it adds to the architecture.
: vdma-hypertas? ( -- flag )
    s" /rtas" find-node dup 0= IF EXIT THEN
    s" ibm,hypertas-functions" rot get-property IF false EXIT THEN
    BEGIN dup 0> WHILE                          ( adr len )
        decode-string s" hcall-dma-bypass" str= IF 2drop true EXIT THEN
    REPEAT
    2drop false
;

\ The function at hand; SLOF's "puid" is its PHB's BUID.
0 VALUE vdma-node                               \ its phandle
0 VALUE vdma-function                           \ config address, register 0

: vdma-config-b@ ( reg -- byte )  vdma-function + rtas-config-b@ ;
: vdma-config-w@ ( reg -- word )  vdma-function + rtas-config-w@ ;
: vdma-config-l@ ( reg -- long )  vdma-function + rtas-config-l@ ;
: vdma-config-b! ( byte reg -- )  vdma-function + rtas-config-b! ;
: vdma-config-w! ( word reg -- )  vdma-function + rtas-config-w! ;
: vdma-config-l! ( long reg -- )  vdma-function + rtas-config-l! ;

\ Virtio 1.2, 4.1.2: device ids, transitional 1000-103f and modern 1040-107f.
: vdma-virtio? ( -- flag )
    0 vdma-config-l@ lwsplit                    ( vendor device )
    1000 1080 within swap 1af4 = and
;
: vdma-modern? ( -- flag )  2 vdma-config-w@ 1040 >= ;

\ Header type 1, with or without the multifunction bit.
: vdma-bridge? ( -- flag )  e vdma-config-b@ 7f and 1 = ;

\ Capabilities. A broken list throws, so that the function is left alone.

0 VALUE vdma-common                             \ common configuration
0 VALUE vdma-window                             \ configuration access

: vdma-cap-checked ( reg -- reg )
    fc and dup 0= IF EXIT THEN
    dup 40 < ABORT" capability pointer out of range"
;
: vdma-cap-first ( -- reg | 0 )
    6 vdma-config-w@ 10 and 0= IF 0 EXIT THEN   \ no list, says the status
    34 vdma-config-b@ vdma-cap-checked
;
: vdma-cap-next ( reg -- reg | 0 )  1+ vdma-config-b@ vdma-cap-checked ;

: vdma-cap-holds ( reg len -- )
    over 2 + vdma-config-b@ over < ABORT" virtio capability too short"
    + 100 > ABORT" virtio capability beyond configuration space"
;

\ The first capability of a type is the one to use (virtio 1.2, 4.1.4.1).
: vdma-note-common ( reg -- )
    vdma-common IF drop EXIT THEN
    dup 10 vdma-cap-holds TO vdma-common
;
: vdma-note-window ( reg -- )
    vdma-window IF drop EXIT THEN
    dup 14 vdma-cap-holds TO vdma-window
;
: vdma-note-cap ( reg -- )
    dup vdma-config-b@ 9 <> IF drop EXIT THEN   \ not vendor-specific
    dup 3 + vdma-config-b@ CASE                 \ cfg_type
        1 OF vdma-note-common ENDOF
        5 OF vdma-note-window ENDOF
        nip
    ENDCASE
;

\ 48 entries of four bytes fill configuration space above the header.
: vdma-scan-caps ( -- )
    0 TO vdma-common 0 TO vdma-window
    vdma-cap-first
    30 0 DO                                     ( reg )
        dup 0= IF drop UNLOOP EXIT THEN
        dup vdma-note-cap vdma-cap-next
    LOOP
    ABORT" capability list does not end"
;

\ Is the common configuration where it can be?

: vdma-common-bar    ( -- bar )     vdma-common 4 + vdma-config-b@ ;
: vdma-common-offset ( -- offset )  vdma-common 8 + vdma-config-l@ ;
: vdma-common-length ( -- length )  vdma-common c + vdma-config-l@ ;

\ The node's "reg" has the sizes, so that no BAR is written to learn one.
\ An entry: phys.hi with the BAR's register in its low byte, mid, lo, size.
: vdma-bar-size ( bar-reg -- size | 0 )
    s" reg" vdma-node get-property IF drop 0 EXIT THEN
    BEGIN dup 14 >= WHILE                       ( bar-reg adr len )
        over l@ ff and 3 pick = IF
            drop nip dup 10 + l@ swap c + l@ lxjoin EXIT
        THEN
        14 /string
    REPEAT
    3drop 0
;

: vdma-check-common ( -- )
    vdma-common-bar dup 5 > ABORT" common configuration in a BAR above 5"
    2 lshift 10 +                               ( bar-reg )
    dup vdma-config-l@ 1 and ABORT" common configuration in an I/O BAR"
    vdma-bar-size                               ( size )
    vdma-common-length 38 < ABORT" common configuration too short"
    vdma-common-offset vdma-common-length +
    < ABORT" common configuration beyond its BAR"
;

\ Access to the common configuration through the window.

\ A QEMU without our hooks aborts when the window is used while the BAR is
\ mapped: its memory_region_find() can't look into a PHB's memory space.
: vdma-decode-off ( -- command )
    4 vdma-config-w@ dup 2 and IF dup fffd and 4 vdma-config-w! THEN
;
\ SLOF keeps decoding off for a device that is not open: then nothing was done.
: vdma-decode-restore ( command -- )
    dup 2 and IF 4 vdma-config-w! ELSE drop THEN
;

: vdma-aim ( bar offset length -- )
    vdma-window c + vdma-config-l!
    vdma-window 8 + vdma-config-l!
    vdma-window 4 + vdma-config-b!
;
: vdma-aimed ( -- bar offset length )
    vdma-window 4 + vdma-config-b@
    vdma-window 8 + vdma-config-l@
    vdma-window c + vdma-config-l@
;
: vdma-aim-common ( offset length -- )
    vdma-common-bar -rot swap vdma-common-offset + swap vdma-aim
;
: vdma-common-l@ ( offset -- long )
    4 vdma-aim-common vdma-window 10 + vdma-config-l@
;
: vdma-common-l! ( long offset -- )
    4 vdma-aim-common vdma-window 10 + vdma-config-l!
;

\ Virtio 1.2, 4.1.4.3: device_feature_select at 0, device_feature at 4.
: vdma-feature-half ( select -- long )  0 vdma-common-l! 4 vdma-common-l@ ;

: vdma-features@ ( -- features )
    vdma-decode-off >r
    vdma-aimed 0 vdma-common-l@                 ( bar offset length select )
    0 vdma-feature-half 1 vdma-feature-half lxjoin
    swap 0 vdma-common-l! r> swap >r            ( bar offset length command )
    >r vdma-aim r> vdma-decode-restore r>
;

: vdma-access-platform? ( -- flag )  vdma-features@ 21 rshift 1 and 0<> ;

\ The question, and the tag.

0 VALUE vdma-seen
0 VALUE vdma-tagged

: vdma-tag ( base size -- )
    >r >r vdma-h-dma-bypass encode-int r> encode-64+ r> encode-64+
    s" qemu,dma-bypass" vdma-node set-property
    vdma-tagged 1+ TO vdma-tagged
;

\ A refusal is an answer; anything else is a fault of one of the two sides.
: vdma-refusal? ( status -- flag )
    dup vdma-h-not-available = swap vdma-h-authority = or
;
: vdma-ask ( -- )
    vdma-op-query puid vdma-function h-dma-bypass
    dup vdma-refusal? IF 4drop EXIT THEN
    vdma-h-success <> ABORT" unexpected status from H_DMA_BYPASS"
    rot vdma-state-supported and IF vdma-tag ELSE 2drop THEN
;

: vdma-probe ( -- )
    vdma-scan-caps
    vdma-common 0= IF
        vdma-modern? ABORT" no common configuration"
        EXIT                                    \ legacy: F can't be offered
    THEN
    vdma-window 0= ABORT" no configuration access capability"
    vdma-check-common
    vdma-access-platform? IF vdma-ask THEN
;

: vdma-complain ( exception -- )
    ." vdma: skipped " vdma-node .node ." : "
    dup -2 = IF drop abort"-str @ count type ELSE ." exception " . THEN cr
;
: vdma-visit-virtio ( -- )
    vdma-seen 1+ TO vdma-seen
    ['] vdma-probe CATCH ?dup IF vdma-complain THEN
;

\ The walk. Children of other functions, disks for example, are not PCI.

: vdma-enter ( node -- flag )
    dup TO vdma-node
    s" reg" rot get-property IF false EXIT THEN
    4 < IF drop false EXIT THEN
    l@ ffff00 and TO vdma-function true
;
: vdma-walk ( node -- )
    child BEGIN ?dup WHILE
        dup vdma-enter IF
            vdma-virtio? IF vdma-visit-virtio THEN
            vdma-bridge? IF dup RECURSE THEN
        THEN
        peer
    REPEAT
;

: vdma-phb? ( node -- flag )
    s" device_type" rot get-property IF false EXIT THEN
    decode-string s" pci" str= nip nip
;
: vdma-walk-phb ( node -- )
    s" reg" 2 pick get-property IF drop EXIT THEN
    decode-64 TO puid 2drop vdma-walk
;
: vdma-walk-phbs ( -- )
    s" /" find-node child BEGIN ?dup WHILE
        dup vdma-phb? IF dup vdma-walk-phb THEN
        peer
    REPEAT
;

: vdma-summary ( -- )
    ." vdma: " vdma-tagged .d ." of " vdma-seen .d
    ." virtio functions may bypass the IOMMU" cr
;

: vdma ( -- )
    vdma-hypertas? 0= IF
        ." vdma: no hcall-dma-bypass here, nothing is tagged" cr EXIT
    THEN
    0 TO vdma-seen 0 TO vdma-tagged
    puid >r ['] vdma-walk-phbs CATCH r> TO puid
    ?dup IF ." vdma: walk ended by exception " . cr THEN
    vdma-summary
;

vdma
