; One FLP burst, cycle by cycle: 33 slots of exactly 1000 cycles, the pulse's rise at cycle 2 of its slot.
;
;   uint8_t *flp_burst_<width>(uint8_t *slots, uint8_t *received, uint8_t tick)
;
; width     of the pulse in cycles: 2, 4, 8 or 16
; slots     in:  33 bytes, the bit of FLP_TX: a pulse in this position
;           out: bits 0-4 index of the first of 24 samples of FLP_RX that was high (24: none), sample 0 is taken
;                4 cycles after the pulse's rise (of a position without a pulse: where its rise would have been);
;                bit 7: the pin changed later in the slot, where no echo of ours belongs.
;                The pulse's end takes the place of one sample, `width` cycles after the rise (a width of 2 lies before
;                the first): an echo that rises in that very cycle is told one cycle late.
; received  room for 33 bytes from the serial line, at most one a slot; returns the end of what was received
; tick      low byte of the Timer 1 value at which the burst starts; its compare B is armed. Sleeping until that
;           very moment makes the start exact: waking from idle takes the same number of cycles every time.
;
; The data sheet's cycle counts stand in the margin; every branch is balanced.
#include "config.h"

#define IO(name) _SFR_IO_ADDR(name)
#define FIRST_SAMPLE_CYCLES 4

; The pulse: a one written to PINx turns the output over, a zero leaves it.
.macro turn_over
  out IO(FLP_TX_PIN), r1
.endm
; Register 2 + n holds sample n; the one that gave way to the pulse's end was cleared before.
.macro sample register, width
  .if \register == 2 + \width - FIRST_SAMPLE_CYCLES
  turn_over
  .else
  in r\register, IO(FLP_RX_PIN)
  .endif
.endm
.macro judge register
  or r0, r\register
  sbrs r0, FLP_RX_BIT
  inc r1
.endm
; One cycle: room for the sample's place.
.macro make_room register, width
  .if \register == 2 + \width - FIRST_SAMPLE_CYCLES
  clr r\register
  .endif
.endm

.macro burst width
.global flp_burst_\width
.section .text.flp_burst_\width, "ax", @progbits
flp_burst_\width:
  .irp register, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,28,29
  push r\register
  .endr
  movw r28, r24             ; Y: slots
  movw r26, r22             ; X: received
  ldi r30, BURST_POSITIONS
1:
  sei
  sleep
  cli
  lds r24, TCNT1L
  sub r24, r20              ; the compare flag comes one timer clock after the match: TCNT1 is tick + 1 by then
  brmi 1b                   ; woken by a byte sent: not yet

2:
  ld r1, Y                  ; 2   at 2
  turn_over                 ; 1   rises at 2, its cycles are counted from here: at 3
  nop                       ; 1
  .if \width == 2
  turn_over                 ; 1
  .else
  .irp register, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25
  make_room \register, \width ; 1
  .endr
  .endif
  nop                       ; 1   at 6
  .irp register, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25
  sample \register, \width  ; 24, at 30
  .endr
  clr r0                    ; 1   what was seen so far
  clr r1                    ; 1   samples before the first high one
  .irp register, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25
  judge \register           ; 24 times 3, at 104
  .endr
  sbi IO(PCIFR), PCIF2      ; 2   changes from here on are not ours
  lds r31, UCSR0A           ; 2
  sbrs r31, RXC0            ; 2 with a byte, else 1
  rjmp 3f                   ;     else 2
  lds r31, UDR0             ; 2
  st X+, r31                ; 2
  rjmp 4f                   ; 2   sum 8
3:
  rjmp .+0                  ; 2
  rjmp .+0                  ; 2
  nop                       ; 1   sum 8
4:                          ; at 116
  rjmp .+0                  ; 2
  nop                       ; 1
  ldi r31, 218              ; 1   at 120
5:
  nop                       ; 1
  dec r31                   ; 1
  brne 5b                   ; 2, at the end 1: sum 218 * 4 - 1 = 871, at 991
  in r31, IO(PCIFR)         ; 1
  bst r31, PCIF2            ; 1
  bld r1, 7                 ; 1
  st Y+, r1                 ; 2
  dec r30                   ; 1
  breq 6f                   ; 1
  rjmp 2b                   ; 2   at 1000
6:
  movw r24, r26
  clr r1
  .irp register, 29,28,17,16,15,14,13,12,11,10,9,8,7,6,5,4,3,2
  pop r\register
  .endr
  ret
.endm

burst 2
burst 4
burst 8
burst 16
