\ SPDX-License-Identifier: BSD-2-Clause
\
\ The ultracalls as a guest without an OS sees them, which becomes a secure VM
\ on the way: docs/abi/ultravisor.md. Packed after vdma.fs and ktap.fs; prints
\ KTAP and powers off. A virtio function that may bypass must be in slot 1 of
\ the first PHB.

hex

f110 CONSTANT t-uv-esm
f130 CONSTANT t-uv-share
f134 CONSTANT t-uv-unshare
f140 CONSTANT t-uv-unshare-all

-2  CONSTANT t-u-function
-4  CONSTANT t-u-parameter
-37 CONSTANT t-u-p2
-4b CONSTANT t-u-invalid
-43 CONSTANT t-h-unsupported

\ Memory that SLOF leaves alone, in the first 512 MiB.
14000000 CONSTANT t-page
t-page 10 rshift CONSTANT t-gfn
14100000 CONSTANT t-fdt
10000 CONSTANT t-page-size

\ As vdma-hcall-code, with three registers and the instruction to come.
: t-gate ( instruction -- )
    f861fff8 l, e8a30010 l, e8830008 l, e8630000 l,
    l,
    e961fff8 l, f86b0000 l, 4e800020 l,
;
CREATE t-uv-code 44000042 t-gate  t-uv-code here over - flushcache
CREATE t-h-code 44000022 t-gate  t-h-code here over - flushcache

\ Return with MSR[S] the other way round, then store the MSR.
CREATE t-msr-code
    7d4802a6 l,     \ mflr  r10
    429f0005 l,     \ bcl   20,31,+4
    7d6802a6 l,     \ mflr  r11
    396b001c l,     \ addi  r11,r11,28
    7d7a03a6 l,     \ mtsrr0 r11
    7d8000a6 l,     \ mfmsr r12
    6d8c0040 l,     \ xoris r12,r12,64
    7d9b03a6 l,     \ mtsrr1 r12
    4c000024 l,     \ rfid
    7d4803a6 l,     \ mtlr  r10
    7d8000a6 l,     \ mfmsr r12
    f9830000 l,     \ std   r12,0(r3)
    4e800020 l,     \ blr
t-msr-code here over - flushcache

CREATE t-regs 3 cells allot

: t-do ( r4 r5 r3 code -- status )
    >r t-regs ! t-regs 10 + ! t-regs 8 + !
    t-regs 0 0 r> call-c drop t-regs @
;
: t-uv ( r4 r5 call -- status )  t-uv-code t-do ;
: t-h ( call -- status )  >r 0 0 r> t-h-code t-do ;
\ The call gate's registers are 64 bits wide.
: t-msr-s ( -- flag )
    t-regs 0 0 t-msr-code call-c drop t-regs @ 400000 and 0<>
;

: t-is ( status expected adr len -- )
    2>r 2dup <> IF 2dup ." # expected " .d ." got " .d cr THEN = 2r> t-ok
;

: t-dirty ( page -- )  t-page-size a5 fill ;
: t-all? ( page byte -- flag )
    swap dup t-page-size + swap DO
        i c@ over <> IF drop false UNLOOP EXIT THEN
    LOOP drop true
;
: t-zero? ( page -- flag )  0 t-all? ;

: t-bypass ( op -- state base size status )  800000020000000 800 h-dma-bypass ;

: t-test-normal ( -- )
    0 0 f1fc t-uv t-u-function s" an unknown ultracall is U_FUNCTION" t-is
    t-gfn 1 t-uv-share t-uv t-u-invalid
    s" share in a normal VM is U_INVALID" t-is
    t-gfn 1 t-uv-unshare t-uv t-u-invalid
    s" unshare in a normal VM is U_INVALID" t-is
    0 0 t-uv-unshare-all t-uv t-u-invalid
    s" unshare all in a normal VM is U_INVALID" t-is
    t-msr-s 0= s" a normal VM can't set MSR[S]" t-ok
;

: t-test-svm ( adr len -- )
    true ef00 t-h t-h-unsupported = and ef04 t-h t-h-unsupported = and
    ef08 t-h t-h-unsupported = and ef0c t-h t-h-unsupported = and
    ef14 t-h t-h-unsupported = and -rot t-ok
;

: t-make-fdt ( -- )  d00dfeed t-fdt l! 1000 t-fdt 4 + l! ;

: t-test-esm ( -- )
    t-make-fdt
    1000000000000000 t-fdt t-uv-esm t-uv t-u-parameter
    s" UV_ESM with a blob that is not in memory is U_PARAMETER" t-is
    t-page 1000000000000000 t-uv-esm t-uv t-u-p2
    s" UV_ESM with a tree that is not in memory is U_P2" t-is
    t-page 0 over l! dup t-uv-esm t-uv t-u-p2
    s" UV_ESM with no tree is U_P2" t-is
    7fffffff t-fdt 4 + l! t-page t-fdt t-uv-esm t-uv t-u-p2
    s" UV_ESM with a tree that leaves memory is U_P2" t-is
    t-gfn 1 t-uv-share t-uv t-u-invalid
    s" what was refused left a normal VM" t-is
    t-make-fdt
    1 t-bypass 0= -rot 2drop swap 3 = and s" bypass before UV_ESM" t-ok
    t-page t-fdt t-uv-esm t-uv 0 s" UV_ESM" t-is
    t-page t-fdt t-uv-esm t-uv 0 s" UV_ESM of a secure VM is U_SUCCESS" t-is
    t-msr-s s" MSR[S] is set, and the VM can't clear it" t-ok
;

: t-test-bypass ( -- )
    0 t-bypass vdma-h-authority = >r or or 0= r> and
    s" query in a secure VM is H_AUTHORITY" t-ok
    1 t-bypass vdma-h-authority = >r 3drop r>
    s" enable in a secure VM is H_AUTHORITY" t-ok
    2 t-bypass vdma-h-authority = >r 3drop r>
    s" disable in a secure VM is H_AUTHORITY" t-ok
;

: t-test-range ( -- )
    100000000 1 t-uv-share t-uv t-u-parameter
    s" share of no page is U_PARAMETER" t-is
    t-gfn 0 t-uv-share t-uv t-u-p2 s" share of 0 pages is U_P2" t-is
    1fff 2 t-uv-share t-uv t-u-p2
    s" share beyond the end of memory is U_P2" t-is
    t-gfn 0 t-uv-unshare t-uv t-u-p2 s" unshare of 0 pages is U_P2" t-is
    100000000 1 t-uv-unshare t-uv t-u-parameter
    s" unshare of no page is U_PARAMETER" t-is
;

: t-test-content ( -- )
    t-page t-dirty t-page t-page-size + t-dirty
    t-gfn 1 t-uv-share t-uv 0 s" share" t-is
    t-page t-zero? s" a page that is shared is zeroed" t-ok
    t-page t-page-size + a5 t-all? s" its neighbour is not" t-ok
    t-page t-dirty
    t-gfn 1 t-uv-share t-uv 0 s" share of a shared page" t-is
    t-page t-zero? s" it is zeroed again" t-ok
    t-page t-dirty
    t-gfn 2 t-uv-unshare t-uv 0
    s" unshare of a shared page and a private one" t-is
    t-page t-zero? t-page t-page-size + t-zero? and
    s" both are zeroed" t-ok
    t-page t-dirty t-page t-page-size + t-dirty
    t-gfn 1 t-uv-share t-uv drop t-page t-dirty
    0 0 t-uv-unshare-all t-uv 0 s" unshare all" t-is
    t-page t-zero? s" a shared page is zeroed by that" t-ok
    t-page t-page-size + a5 t-all? s" a private page is not" t-ok
;

: t-main ( -- )
    d# 34 t-plan
    t-test-normal
    s" H_SVM calls of a normal VM are H_UNSUPPORTED" t-test-svm
    t-test-esm t-test-bypass t-test-range t-test-content
    s" H_SVM calls of a secure VM are H_UNSUPPORTED" t-test-svm
;

' t-main t-run
