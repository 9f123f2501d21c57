#include "listen.h"

#include <avr/io.h>
#include <util/delay_basic.h>

#include "config.h"
#include "flp.h"
#include "serial.h"

static uint16_t last_pulse;
static bool heard_before;
static bool decoding;
static bool data_pulse; /* the last pulse stood in a data position */
static uint8_t bits;
static uint16_t word;
static uint8_t run;

void listen_begin(partner_t *partner) {
  partner->pulses = 0;
  partner->pattern = false;
  partner->word_valid = false;
  partner->word = 0;
  heard_before = false;
  decoding = false;
  run = 0;
  flp_foreign_edge();
}

static void first_clock(void) {
  decoding = true;
  data_pulse = false;
  bits = 0;
  word = 0;
}

/* `gap` units since the pulse before: the decoder of 802.3 28.3.2 by gaps alone. */
static void next_pulse(partner_t *partner, uint16_t gap) {
  bool half = gap >= GAP_DATA_MIN && gap <= GAP_DATA_MAX;
  bool whole = gap > GAP_DATA_MAX && gap <= GAP_CLOCK_MAX;
  if (half || whole) {
    if (++run >= FLP_RUN_MIN) partner->pattern = true;
  } else {
    run = 0;
    if (gap >= GAP_NLP_MIN && gap <= GAP_NLP_MAX) partner->pattern = true;
  }
  if (gap > GAP_CLOCK_MAX) {
    first_clock();
    return;
  }
  if (!decoding) return;
  if (!data_pulse && half) {
    data_pulse = true;
    return;
  }
  if (data_pulse ? !half : !whole) {
    decoding = false;
    return;
  }
  if (data_pulse) word |= 1U << bits;
  data_pulse = false;
  if (++bits == 16) {
    decoding = false;
    partner->word_valid = true;
    partner->word = word;
  }
}

void listen_slice(partner_t *partner) {
  uint16_t start = TCNT1;
  for (;;) {
    if (PCIFR & _BV(PCIF2)) {
      uint16_t at = TCNT1;
      /* The pulse is stretched to 500 ns at most; its end must not count as a second one. */
      _delay_loop_1(8);
      PCIFR = _BV(PCIF2);
      partner->pulses++;
      if (heard_before) {
        next_pulse(partner, at - last_pulse);
      } else {
        first_clock();
      }
      heard_before = true;
      last_pulse = at;
    }
    serial_poll();
    uint16_t t = TCNT1;
    uint16_t elapsed = t - start;
    bool quiet = !heard_before || (uint16_t)(t - last_pulse) > 2 * GAP_CLOCK_MAX;
    if ((elapsed >= LISTEN_SLICE_UNITS && quiet) || elapsed >= LISTEN_SLICE_MAX_UNITS) return;
  }
}
