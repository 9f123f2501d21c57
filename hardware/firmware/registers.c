#include "registers.h"

#include <avr/io.h>

#include "config.h"

static uint16_t shown;

/* Some 15 us. The clock is the status LED's pin: it gets its level back, and that edge shifts nothing that is latched. */
static void show(uint16_t word) {
  bool led = STATUS_LED_PORT & _BV(STATUS_LED_BIT);
  shown = word;
  for (uint8_t n = 0; n < 16; n++) {
    STATUS_LED_PORT &= ~_BV(STATUS_LED_BIT);
    if (word & 0x8000) SHIFT_DATA_PORT |= _BV(SHIFT_DATA_BIT);
    else SHIFT_DATA_PORT &= ~_BV(SHIFT_DATA_BIT);
    word <<= 1;
    STATUS_LED_PORT |= _BV(STATUS_LED_BIT);
  }
  if (!led) STATUS_LED_PORT &= ~_BV(STATUS_LED_BIT);
  SHIFT_LATCH_PORT |= _BV(SHIFT_LATCH_BIT);
  SHIFT_LATCH_PORT &= ~_BV(SHIFT_LATCH_BIT);
}

void registers_begin(void) {
  SHIFT_LATCH_PORT &= ~_BV(SHIFT_LATCH_BIT);
  SHIFT_DATA_DDR |= _BV(SHIFT_DATA_BIT);
  SHIFT_LATCH_DDR |= _BV(SHIFT_LATCH_BIT);
  STATUS_LED_DDR |= _BV(STATUS_LED_BIT);
  show(0);
}

void registers_set(uint16_t bits, bool high) {
  uint16_t word = high ? shown | bits : shown & ~bits;
  if (word != shown) show(word);
}

bool registers_high(uint16_t bits) { return (shown & bits) == bits; }
