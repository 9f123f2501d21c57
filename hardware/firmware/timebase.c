#include "timebase.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

#include "config.h"
#include "serial.h"

/* Waking is all these do; the work is done in the loop. */
EMPTY_INTERRUPT(TIMER1_COMPB_vect)
EMPTY_INTERRUPT(USART_TX_vect)

static uint16_t last_low;
static uint16_t high;
static uint16_t tick;

void timebase_begin(void) {
  TCCR1A = 0;
  TCCR1B = _BV(CS11) | _BV(CS10); /* /64 */
  TIMSK1 = _BV(OCIE1B);
  SMCR = _BV(SE); /* idle; stays enabled for flp_burst.S */
  tick = TCNT1;
}

uint32_t now(void) {
  uint16_t low = TCNT1;
  if (low < last_low) high++;
  last_low = low;
  return ((uint32_t)high << 16) | low;
}

uint16_t upcoming_tick(void) { return tick + TICK_UNITS; }

bool arm_tick(uint16_t at) {
  tick = at;
  TIFR1 = _BV(OCF1B);
  OCR1B = at;
  return (int16_t)(at - TCNT1) >= 2;
}

/* Whole ticks, so that they stay in step with the bursts. */
void catch_up(void) {
  while ((int16_t)(tick + TICK_UNITS - TCNT1) < 2) tick += TICK_UNITS;
}

void wait_tick(void) {
  if (!arm_tick(tick + TICK_UNITS)) {
    catch_up();
    return;
  }
  while ((int16_t)(TCNT1 - tick) < 0) {
    serial_poll();
    sei();
    sleep_cpu(); /* runs before any interrupt is taken, so a match in between wakes it at once */
    cli();
  }
}
