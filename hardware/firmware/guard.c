#include "guard.h"

#include <avr/io.h>

#include "adc.h"
#include "config.h"
#include "heartbeat.h"
#include "keep.h"
#include "lines.h"
#include "registers.h"
#include "reports.h"
#include "timebase.h"
#include "trace.h"

#define HIGH(pin) (pin##_PORT |= _BV(pin##_BIT))
#define LOW(pin) (pin##_PORT &= ~_BV(pin##_BIT))
#define READ(pin) ((pin##_PIN & _BV(pin##_BIT)) != 0)
#define DRIVEN(pin) ((pin##_PORT & _BV(pin##_BIT)) != 0)

enum { TICK_ESTOP_OK = 1, TICK_PASS_THROUGH = 2, TICK_LOCKED = 4, TICK_TRIP = 8 };

static uint8_t state;
static const limits_t *limits;
static heartbeat_t heartbeat;
static uint8_t method;
static uint32_t passed_at; /* the pass before: a cause read from a pin began after it */
static uint32_t on_at;
static uint32_t off_at;
static uint32_t dwell = 0;
static uint32_t cause_onset;
static uint8_t seen_current;
static uint8_t seen_jack;
static bool watching_jack; /* its fall below 2.8 V is not reported yet */
static uint32_t opened_at; /* when the second switch was last told to open */

static uint16_t tick_counter;
static uint32_t tick_due;

static bool link_armed;
static uint32_t link_since;
static bool over;
static uint32_t over_since;
static bool under;
static uint32_t under_since;
static bool settling;
static uint32_t settling_since;

void guard_begin(void) {
  /* Low before they become outputs: no pulse. */
  LOW(GATE);
  LOW(PUMP);
  LOW(SWITCH2);
  LOW(LATCH_CLEAR);
  GATE_DDR |= _BV(GATE_BIT);
  PUMP_DDR |= _BV(PUMP_BIT);
  SWITCH2_DDR |= _BV(SWITCH2_BIT);
  LATCH_CLEAR_DDR |= _BV(LATCH_CLEAR_BIT);

  registers_begin();
  heartbeat_begin();
  uint32_t t = now();
  opened_at = t;
  tick_due = t + MS(TICK_MS);
  passed_at = t;
  off_at = t;
  if (keep.powered) {
    /* The reset itself opened both switches. */
    keep.powered = 0;
    keep.trip = (trip_t){1, CAUSE_BOARD_RESET, 0, JACK_SAFE_NOT_SEEN};
    keep_save();
    cause_onset = t;
    dwell = MS(DWELL_AFTER_RESET_MS);
    watching_jack = true;
    state = STATE_DISCHARGING;
  } else {
    state = STATE_OFF;
  }
  if (keep.locked) state = STATE_LOCKED;
}

uint8_t guard_state(void) { return state; }
bool guard_pass_through(void) { return READ(DISC_READBACK); }
bool guard_estop_ok(void) { return READ(ESTOP_OK); }
bool guard_short_clear(void) { return READ(SHORT_N); }
bool guard_jack_safe(void) { return readings.jack_millivolts < SAFE_MILLIVOLTS; }
bool guard_dwelling(void) { return dwell != 0; }
void guard_set_discovering(bool discovering) { state = discovering ? STATE_DISCOVERING : STATE_OFF; }

void guard_fault(uint8_t code) {
  fault_t fault = {now(), code, readings.jack_millivolts};
  report_fault(&fault);
  lines_trip();
}

void guard_clear_latch(bool active) {
  if (active && !DRIVEN(GATE)) HIGH(LATCH_CLEAR);
  else LOW(LATCH_CLEAR);
}

void guard_second_switch(bool closed) {
  if (!closed) {
    if (DRIVEN(SWITCH2)) opened_at = now();
    LOW(SWITCH2);
  } else if (!DRIVEN(GATE) && !registers_high(REGISTER_AF_CONNECT)) {
    HIGH(SWITCH2);
  }
}

static bool relays_may_move(void) {
  return !DRIVEN(GATE) && !DRIVEN(SWITCH2) && now() - opened_at >= MS(RELAY_SETTLE_MS) && guard_jack_safe();
}

bool guard_polarity(uint8_t pairs) {
  bool reversed = pairs == PAIRS_SPARE_REVERSED;
  if (registers_high(REGISTER_POL_REVERSE) == reversed) return true;
  if (state != STATE_DISCOVERING || !relays_may_move()) return false;
  registers_set(REGISTER_POL_REVERSE, reversed);
  return true;
}

bool guard_low_voltage(bool joined) {
  if (joined && (state != STATE_DISCOVERING || !relays_may_move())) return false;
  /* Back with the sources at rest: the jack joins the power path, which is dead, without more than the lower of them. */
  registers_set(REGISTER_AF_HIGH | REGISTER_AF_CLASS, false);
  registers_set(REGISTER_AF_CONNECT, joined);
  return true;
}

void guard_test_gate(bool high) {
  if (high && state == STATE_DISCOVERING && !DRIVEN(SWITCH2)) HIGH(GATE);
  else LOW(GATE);
}

void guard_test_pump(void) {
  if (!DRIVEN(SWITCH2)) PUMP_PIN = _BV(PUMP_BIT);
}

void guard_heartbeat(uint16_t counter) { heartbeat_message(counter, tick_counter); }

bool guard_heartbeat_fresh(uint16_t timeout_ms, bool by_line) {
  heartbeat_t wanted = {by_line, timeout_ms};
  return heartbeat_fresh(&wanted, now());
}

void guard_link(bool up) {
  if (state != STATE_INRUSH && state != STATE_ON) return;
  if (!up && !link_armed) link_since = now();
  link_armed = !up;
}

uint8_t guard_obstacle(uint16_t heartbeat_timeout_ms, bool heartbeat_by_line) {
  if (!guard_estop_ok()) return CAUSE_ESTOP;
  if (!READ(SHORT_N)) return CAUSE_SHORT;
  if (!guard_pass_through() || registers_high(REGISTER_AF_CONNECT)) return CAUSE_RELAY;
  if (!guard_jack_safe()) return CAUSE_FOREIGN_VOLTAGE;
  if (heartbeat_by_line && heartbeat_too_fast()) return CAUSE_LINE_TOO_FAST;
  if (!guard_heartbeat_fresh(heartbeat_timeout_ms, heartbeat_by_line)) return CAUSE_HEARTBEAT;
  return NO_CAUSE;
}

/* As the polarity relay stands. */
static uint8_t fed_pairs(void) { return registers_high(REGISTER_POL_REVERSE) ? PAIRS_SPARE_REVERSED : PAIRS_SPARE; }

void guard_power_on(const request_t *wanted, uint8_t found_by, bool heartbeat_by_line, uint32_t discovered_at) {
  limits = &wanted->limits;
  method = found_by;
  heartbeat = (heartbeat_t){heartbeat_by_line, limits->heartbeat_timeout_ms};
  keep.powered = 1;
  keep_save();
  HIGH(GATE);
  on_at = now();
  state = STATE_INRUSH;
  link_armed = true;
  link_since = on_at;
  over = false;
  under = false;
  settling = false;
  seen_current = readings.current_seen;
  adc_plan(ADC_INRUSH);
  trace_begin(on_at);
  power_report_t report = {on_at, 1, NO_CAUSE, on_at - discovered_at, readings.milliamps, method, fed_pairs()};
  report_power(&report);
}

void guard_off(uint8_t cause, uint32_t onset) {
  if (state != STATE_INRUSH && state != STATE_ON) return;
  LOW(GATE);
  /* PUMP stays as it is: one edge more would hold the FET's enable for another 30 ms. */
  off_at = now();
  bool inrush = state == STATE_INRUSH;
  state = STATE_DISCHARGING;
  dwell = MS(limits->off_dwell_ms);
  adc_plan(ADC_USUAL);
  cause_onset = onset;
  watching_jack = true;
  seen_jack = readings.jack_seen;
  keep.powered = 0;
  if (cause != COMMANDED) keep.trip = (trip_t){1, cause, off_at - onset, JACK_SAFE_NOT_SEEN};
  keep_save();
  trace_flush();
  power_report_t report = {off_at, 0, cause, off_at - onset, readings.milliamps, method, fed_pairs()};
  report_power(&report);
  if (cause != COMMANDED) lines_trip();
  if (inrush) trace_inrush_end(off_at);
}

void guard_lock(uint32_t onset) {
  LOW(GATE);
  guard_second_switch(false);
  state = STATE_LOCKED;
  cause_onset = onset;
  watching_jack = true;
  keep.trip = (trip_t){1, CAUSE_SWITCH_STUCK, now() - onset, JACK_SAFE_NOT_SEEN};
  keep.locked = 1;
  keep_save();
  guard_fault(CAUSE_SWITCH_STUCK);
}

bool guard_unlock(void) {
  if (!guard_jack_safe()) return false;
  if (state == STATE_LOCKED) state = STATE_OFF;
  keep.locked = 0;
  keep_save();
  return true;
}

/* A condition that must last: true once it has lasted `ms`. */
static bool lasts(bool condition, bool *running, uint32_t *since, uint32_t t, uint16_t ms) {
  if (!condition) {
    *running = false;
    return false;
  }
  if (!*running) {
    *running = true;
    *since = t;
  }
  return t - *since >= MS(ms);
}

/* Everything that must hold while power is on; the first that does not, and when that began. */
static uint8_t broken_condition(uint32_t t, uint32_t *onset) {
  *onset = passed_at;
  if (!READ(SHORT_N)) return CAUSE_SHORT;
  if (!guard_estop_ok()) return CAUSE_ESTOP;
  if (!guard_pass_through()) return CAUSE_RELAY;

  if (heartbeat.by_line && heartbeat_too_fast()) return CAUSE_LINE_TOO_FAST;

  *onset = heartbeat_at(&heartbeat);
  if (!heartbeat_fresh(&heartbeat, t)) return CAUSE_HEARTBEAT;
  *onset = link_since + MS(limits->link_deadline_ms);
  if (link_armed && t - link_since >= MS(limits->link_deadline_ms)) return CAUSE_LINK_DEADLINE;
  *onset = on_at;
  if (state == STATE_INRUSH && t - on_at >= MS(limits->inrush_timer_ms)) return CAUSE_INRUSH;

  if (seen_current == readings.current_seen) return NO_CAUSE;
  seen_current = readings.current_seen;
  uint16_t milliamps = readings.milliamps;
  bool above = milliamps > limits->overload_milliamps;
  if (state == STATE_INRUSH) {
    bool settled = !above && readings.jack_millivolts >= INRUSH_DONE_MILLIVOLTS;
    if (lasts(settled, &settling, &settling_since, t, INRUSH_SETTLED_MS)) {
      state = STATE_ON;
      adc_plan(ADC_USUAL);
      trace_inrush_end(settling_since);
    }
    return NO_CAUSE;
  }
  if (lasts(above, &over, &over_since, t, limits->overload_ms)) {
    *onset = over_since;
    return CAUSE_OVERLOAD;
  }
  if (lasts(milliamps < limits->underload_milliamps, &under, &under_since, t, limits->underload_ms)) {
    *onset = under_since;
    return CAUSE_UNDERLOAD;
  }
  return NO_CAUSE;
}

/* After off: the second switch opens when the jack is safe, or when it should have been. */
static void watch_jack(uint32_t t) {
  if (seen_jack != readings.jack_seen) {
    seen_jack = readings.jack_seen;
    if (t - off_at >= MS(1) && guard_jack_safe()) {
      guard_second_switch(false);
      watching_jack = false;
      if (state == STATE_DISCHARGING) state = STATE_OFF;
      jack_safe_t report = {t, t - cause_onset};
      report_jack_safe(&report);
      if (keep.trip.valid && keep.trip.jack_safe == JACK_SAFE_NOT_SEEN) {
        keep.trip.jack_safe = report.delay;
        keep_save();
      }
      return;
    }
  }
  if (state == STATE_DISCHARGING && t - off_at >= MS(STUCK_AFTER_MS)) {
    guard_lock(cause_onset);
  }
}

static void send_tick(uint32_t t) {
  tick_due += MS(TICK_MS);
  tick_counter++;
  heartbeat_tick(tick_counter, t);
  uint8_t flags = (guard_estop_ok() ? TICK_ESTOP_OK : 0) | (guard_pass_through() ? TICK_PASS_THROUGH : 0) |
                  (state == STATE_LOCKED ? TICK_LOCKED : 0) | (keep.trip.valid ? TICK_TRIP : 0) | lines_flags();
  tick_t tick = {tick_counter, t, state, readings.milliamps, readings.jack_millivolts, flags};
  report_tick(&tick);
}

void guard_pass(void) {
  uint32_t t = now();
  heartbeat_pass(t, passed_at);
  if (state == STATE_INRUSH || state == STATE_ON) {
    uint32_t onset;
    uint8_t cause = broken_condition(t, &onset);
    if (cause != NO_CAUSE) {
      guard_off(cause, onset);
      t = now(); /* no earlier than off_at */
    } else {
      PUMP_PIN = _BV(PUMP_BIT); /* toggles */
      trace_pass(t);
    }
  }
  if (watching_jack) watch_jack(t);
  if (state == STATE_OFF && registers_high(REGISTER_POL_REVERSE) && relays_may_move()) {
    registers_set(REGISTER_POL_REVERSE, false);
  }
  if (dwell != 0 && t - off_at >= dwell) dwell = 0;
  if ((int32_t)(t - tick_due) >= 0) send_tick(t);
  passed_at = t;
}
