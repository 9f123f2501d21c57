#include "guard.h"

#include <avr/io.h>

#include "adc.h"
#include "config.h"
#include "keep.h"
#include "reports.h"
#include "timebase.h"
#include "trace.h"

#define HIGH(pin) (pin##_PORT |= _BV(pin##_BIT))
#define LOW(pin) (pin##_PORT &= ~_BV(pin##_BIT))
#define READ(pin) ((pin##_PIN & _BV(pin##_BIT)) != 0)

enum { TICK_ESTOP_OK = 1, TICK_PASS_THROUGH = 2, TICK_LOCKED = 4, TICK_TRIP = 8 };

static uint8_t state;
static limits_t limits;
static uint32_t passed_at; /* the pass before: a cause read from a pin began after it */
static uint32_t on_at;
static uint32_t off_at;
static uint32_t dwell = 0;
static uint32_t cause_onset;
static uint8_t seen_current;
static uint8_t seen_jack;
static bool watching_jack; /* its fall below 2.8 V is not reported yet */

static uint16_t tick_counter;
/* When each of the newest TICKs left; 0: never. */
static uint32_t tick_sent[TICKS_KEPT];
static uint32_t tick_due;
static bool heartbeat_seen;
static uint16_t heartbeat_counter;
static uint32_t heartbeat_at;

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

  uint32_t t = now();
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
}

void guard_clear_latch(bool active) {
  if (active && !(GATE_PORT & _BV(GATE_BIT))) HIGH(LATCH_CLEAR);
  else LOW(LATCH_CLEAR);
}

void guard_second_switch(bool closed) {
  if (closed) HIGH(SWITCH2);
  else LOW(SWITCH2);
}

void guard_heartbeat(uint16_t counter) {
  uint16_t age = tick_counter - counter;
  uint32_t sent_at = tick_sent[counter % TICKS_KEPT];
  if (age >= TICKS_KEPT || sent_at == 0) return;
  if (heartbeat_seen && (int16_t)(counter - heartbeat_counter) <= 0) return;
  heartbeat_seen = true;
  heartbeat_counter = counter;
  /* It proves that its host lived when that TICK left, and nothing later: a heartbeat that lay in a buffer adds nothing. */
  heartbeat_at = sent_at;
}

static bool heartbeat_fresh(uint32_t t, uint16_t timeout_ms) {
  return heartbeat_seen && t - heartbeat_at < MS(timeout_ms);
}

bool guard_heartbeat_fresh(uint16_t timeout_ms) { return heartbeat_fresh(now(), timeout_ms); }

void guard_link(bool up) {
  if (state != STATE_INRUSH && state != STATE_ON) return;
  if (!up && !link_armed) link_since = now();
  link_armed = !up;
}

uint8_t guard_obstacle(const limits_t *wanted) {
  if (!guard_estop_ok()) return CAUSE_ESTOP;
  if (!READ(SHORT_N)) return CAUSE_SHORT;
  if (!guard_pass_through()) return CAUSE_RELAY;
  if (!guard_jack_safe()) return CAUSE_FOREIGN_VOLTAGE;
  if (!guard_heartbeat_fresh(wanted->heartbeat_timeout_ms)) return CAUSE_HEARTBEAT;
  return NO_CAUSE;
}

void guard_power_on(const limits_t *wanted, uint32_t discovered_at) {
  limits = *wanted;
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
  seen_current = readings.current_count;
  trace_begin(on_at);
  power_report_t report = {on_at, 1, NO_CAUSE, on_at - discovered_at, readings.milliamps};
  report_power(&report);
}

void guard_off(uint8_t cause, uint32_t onset) {
  if (state != STATE_INRUSH && state != STATE_ON) return;
  LOW(GATE);
  /* PUMP stays as it is: one edge more would hold the FET's enable for another 30 ms. */
  off_at = now();
  bool inrush = state == STATE_INRUSH;
  state = STATE_DISCHARGING;
  dwell = MS(limits.off_dwell_ms);
  cause_onset = onset;
  watching_jack = true;
  seen_jack = readings.jack_count;
  keep.powered = 0;
  if (cause != COMMANDED) keep.trip = (trip_t){1, cause, off_at - onset, JACK_SAFE_NOT_SEEN};
  keep_save();
  trace_flush();
  power_report_t report = {off_at, 0, cause, off_at - onset, readings.milliamps};
  report_power(&report);
  if (inrush) trace_inrush_end(off_at);
}

void guard_lock(uint32_t onset) {
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

  *onset = heartbeat_at;
  if (!heartbeat_fresh(t, limits.heartbeat_timeout_ms)) return CAUSE_HEARTBEAT;
  *onset = link_since + MS(limits.link_deadline_ms);
  if (link_armed && t - link_since >= MS(limits.link_deadline_ms)) return CAUSE_LINK_DEADLINE;
  *onset = on_at;
  if (state == STATE_INRUSH && t - on_at >= MS(limits.inrush_timer_ms)) return CAUSE_INRUSH;

  if (seen_current == readings.current_count) return NO_CAUSE;
  seen_current = readings.current_count;
  uint16_t milliamps = readings.milliamps;
  bool above = milliamps > limits.overload_milliamps;
  if (state == STATE_INRUSH) {
    bool settled = !above && readings.jack_millivolts >= INRUSH_DONE_MILLIVOLTS;
    if (lasts(settled, &settling, &settling_since, t, INRUSH_SETTLED_MS)) {
      state = STATE_ON;
      trace_inrush_end(settling_since);
    }
    return NO_CAUSE;
  }
  if (lasts(above, &over, &over_since, t, limits.overload_ms)) {
    *onset = over_since;
    return CAUSE_OVERLOAD;
  }
  if (lasts(milliamps < limits.underload_milliamps, &under, &under_since, t, limits.underload_ms)) {
    *onset = under_since;
    return CAUSE_UNDERLOAD;
  }
  return NO_CAUSE;
}

/* After off: the second switch opens when the jack is safe, or when it should have been. */
static void watch_jack(uint32_t t) {
  if (seen_jack != readings.jack_count) {
    seen_jack = readings.jack_count;
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
  tick_sent[tick_counter % TICKS_KEPT] = t;
  uint8_t flags = (guard_estop_ok() ? TICK_ESTOP_OK : 0) | (guard_pass_through() ? TICK_PASS_THROUGH : 0) |
                  (state == STATE_LOCKED ? TICK_LOCKED : 0) | (keep.trip.valid ? TICK_TRIP : 0);
  tick_t tick = {tick_counter, t, state, readings.milliamps, readings.jack_millivolts, flags};
  report_tick(&tick);
}

void guard_pass(void) {
  uint32_t t = now();
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
  if (dwell != 0 && t - off_at >= dwell) dwell = 0;
  if ((int32_t)(t - tick_due) >= 0) send_tick(t);
  passed_at = t;
}
