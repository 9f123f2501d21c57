; One FLP burst, cycle by cycle: 33 slots of exactly 1000 cycles, the pulse at cycle 5 of its slot.
;
;   uint8_t *flp_burst(uint8_t *slots, uint8_t *received, uint8_t tick)
;
; slots     in:  33 bytes, bit 0: a pulse in this position
;           out: bits 0-4 index of the first of 24 samples of FLP_RX that was high (24: none), sample 0 is taken
;                4 cycles after the pulse's rise (of a position without a pulse: where its rise would have been);
;                bit 7: the pin changed later in the slot, where no echo of ours belongs
; received  room for 33 bytes from the serial line, at most one a slot; returns the end of what was received
; tick      low byte of the Timer 1 value at which the burst starts; its compare B is armed. Sleeping until that
;           very moment makes the start exact: waking from idle takes the same number of cycles every time.
;
; The data sheet's cycle counts stand in the margin; every branch is balanced.
#include "config.h"

#define IO(name) _SFR_IO_ADDR(name)

.macro sample register
  in r\register, IO(FLP_RX_PIN)
.endm
.macro judge register
  or r0, r\register
  sbrs r0, FLP_RX_BIT
  inc r1
.endm

.global flp_burst
.section .text.flp_burst, "ax", @progbits
flp_burst:
  .irp register, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,28,29
  push r\register
  .endr
  movw r28, r24             ; Y: slots
  movw r26, r22             ; X: received
  ldi r30, BURST_POSITIONS
asleep:
  sei
  sleep
  cli
  lds r24, TCNT1L
  sub r24, r20              ; the compare flag comes one timer clock after the match: TCNT1 is tick + 1 by then
  brmi asleep               ; woken by a byte sent: not yet

slot:
  ld r0, Y                  ; 2   at 2
  sbrs r0, 0                ; 2 with a pulse, else 1
  rjmp .+0                  ;     else 2
  sbrc r0, 0                ; 1 with a pulse, else 2
  sbi IO(FLP_TX_PORT), FLP_TX_BIT ; 2, starts at 5
  cbi IO(FLP_TX_PORT), FLP_TX_BIT ; 2, starts at 7
  .irp register, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25
  sample \register          ; 24, at 33
  .endr
  clr r0                    ; 1   what was seen so far
  clr r1                    ; 1   samples before the first high one
  .irp register, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25
  judge \register           ; 24 times 3, at 107
  .endr
  sbi IO(PCIFR), PCIF2      ; 2   changes from here on are not ours
  lds r31, UCSR0A           ; 2
  sbrs r31, RXC0            ; 2 with a byte, else 1
  rjmp nothing_received     ;     else 2
  lds r31, UDR0             ; 2
  st X+, r31                ; 2
  rjmp polled               ; 2   sum 8
nothing_received:
  rjmp .+0                  ; 2
  rjmp .+0                  ; 2
  nop                       ; 1   sum 8
polled:                     ; at 119
  ldi r31, 218              ; 1
wait:
  nop                       ; 1
  dec r31                   ; 1
  brne wait                 ; 2, at the end 1: sum 1 + 218 * 4 - 1 = 872, at 991
  in r31, IO(PCIFR)         ; 1
  bst r31, PCIF2            ; 1
  bld r1, 7                 ; 1
  st Y+, r1                 ; 2
  dec r30                   ; 1
  breq done                 ; 1
  rjmp slot                 ; 2   at 1000

done:
  movw r24, r26
  clr r1
  .irp register, 29,28,17,16,15,14,13,12,11,10,9,8,7,6,5,4,3,2
  pop r\register
  .endr
  ret
