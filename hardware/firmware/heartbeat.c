#include "heartbeat.h"

#include <avr/cpufunc.h>
#include <avr/io.h>

#include "config.h"
#include "timebase.h"

/* When each of the newest TICKs left; 0: never. */
static uint32_t tick_sent[TICKS_KEPT];
static bool message_seen;
static uint16_t message_counter;
static uint32_t message_at;

/* The line: its last edge came after `edge_after` and no later than `edge_by`. */
static bool level;
static uint32_t edge_after;
static uint32_t edge_by;
static uint8_t edges; /* in a row, at the right distance: 0, 1, or 2 for two and more */
static bool too_fast;

static bool read(void) { return (HEARTBEAT_PIN & _BV(HEARTBEAT_BIT)) != 0; }

void heartbeat_begin(void) {
  PCMSK1 = _BV(HEARTBEAT_BIT); /* the flag only: PCICR stays 0 */
  PCIFR = _BV(PCIF1);
  level = read();
}

void heartbeat_tick(uint16_t counter, uint32_t t) { tick_sent[counter % TICKS_KEPT] = t; }

void heartbeat_message(uint16_t counter, uint16_t newest) {
  uint16_t age = newest - counter;
  uint32_t sent_at = tick_sent[counter % TICKS_KEPT];
  if (age >= TICKS_KEPT || sent_at == 0) return;
  if (message_seen && (int16_t)(counter - message_counter) <= 0) return;
  message_seen = true;
  message_counter = counter;
  /* It proves that its host lived when that TICK left, and nothing later: a heartbeat that lay in a buffer adds nothing. */
  message_at = sent_at;
}

/* True when the line has changed since the last call, even if it changed back. */
static bool line_changed(bool *now_level) {
  bool changed = PCIFR & _BV(PCIF1);
  for (;;) {
    PCIFR = _BV(PCIF1);
    *now_level = read();
    _NOP();
    _NOP();
    _NOP();
    _NOP(); /* the flag comes up to three cycles after the level: an edge in here is of this pass, not of the next */
    if (!(PCIFR & _BV(PCIF1))) return changed;
    if (changed) return changed; /* busier than any heartbeat: no use in waiting for quiet */
    changed = true;
  }
}

void heartbeat_pass(uint32_t t, uint32_t before) {
  bool now_level;
  bool changed = line_changed(&now_level);
  if (edges > 0 && t - edge_by > MS(LINE_SLOWEST_MS)) edges = 0;
  if (!changed && now_level == level) return;
  /* An even number of edges within a pass is as much too fast as two that cannot have been far enough apart. */
  bool fast = now_level == level || (edges > 0 && t - edge_after < MS(LINE_FASTEST_MS));
  level = now_level;
  if (fast) {
    too_fast = true;
    edges = 1;
  } else if (edges < 2) {
    edges++;
  }
  if (edges == 2) too_fast = false;
  edge_after = before;
  edge_by = t;
}

bool heartbeat_fresh(const heartbeat_t *heartbeat, uint32_t t) {
  uint16_t timeout = heartbeat->timeout_ms;
  if (!heartbeat->by_line) return message_seen && t - message_at < MS(timeout);
  if (timeout > LINE_SLOWEST_MS) timeout = LINE_SLOWEST_MS;
  return edges == 2 && t - edge_after < MS(timeout);
}

uint32_t heartbeat_at(const heartbeat_t *heartbeat) { return heartbeat->by_line ? edge_after : message_at; }

bool heartbeat_too_fast(void) { return too_fast; }
