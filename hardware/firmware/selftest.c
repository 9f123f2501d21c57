#include "selftest.h"

#include <avr/io.h>

#include "adc.h"
#include "command.h"
#include "config.h"
#include "discovery.h"
#include "flp.h"
#include "guard.h"
#include "registers.h"
#include "reports.h"
#include "timebase.h"

enum result { PASSED, FAILED, NOT_POSSIBLE };
enum phase {
  IDLE,
  REFERENCE,
  ZERO,
  LATCH,
  QUIET,
  LOOPED,
  FRONT_END,
  PASS_THROUGH,
  AT_REST,
  SWITCH2_CLOSED,
  SWITCH2_OPEN,
  GATE_HIGH,
  GATE_LOW,
  GATE_AGAIN,
  PUMP_STOPPED,
  SOURCE_LOW,
  SOURCE_HIGH,
  STARVING,
};

static uint8_t phase;
static uint32_t since;
static uint8_t pulses;
static uint8_t echoes;
static bool wants_starving;
static selftest_t report;

static uint8_t result(bool good) { return good ? PASSED : FAILED; }

static void enter(uint8_t next) {
  phase = next;
  since = now();
}

void selftest_start(bool starve) {
  guard_set_discovering(true);
  wants_starving = starve;
  report = (selftest_t){
      .switch2_closes = NOT_POSSIBLE,
      .gate_closes = NOT_POSSIBLE,
      .pump_needed = NOT_POSSIBLE,
      .detection_source = NOT_POSSIBLE,
      .reset_cause = reset_cause,
  };
  adc_check(ADC_BANDGAP_CHANNEL);
  enter(REFERENCE);
}

static void open_everything(void) {
  guard_test_gate(false);
  guard_second_switch(false);
  registers_set(REGISTER_FLP_LOOPBACK | REGISTER_AF_HIGH, false);
  discovery_relay(false);
  guard_clear_latch(false);
  adc_plan(ADC_USUAL);
}

void selftest_abort(void) {
  if (phase == IDLE) return;
  open_everything();
  guard_set_discovering(false);
  phase = IDLE;
}

bool selftest_starves(void) { return phase == STARVING && now() - since >= MS(SELFTEST_SENT_MS); }

static void finish(void) {
  report.time = now();
  report.estop = result(guard_estop_ok());
  report.milliamps = readings.milliamps;
  report.current_zero = result(report.milliamps <= SELFTEST_CURRENT_MAX);
  report.jack_millivolts = readings.jack_millivolts;
  report.jack_off = result(guard_jack_safe());
  open_everything();
  report_selftest(&report);
  /* Busy until the restart: nothing may begin that it would cut. */
  if (wants_starving) enter(STARVING);
  else selftest_abort();
}

/* Read-back in the position told, within the time the relay may take. */
static bool relay_settled(bool pass_through, uint8_t *place, uint32_t t) {
  if (t - since < MS(RELAY_TIMEOUT_MS)) return false;
  *place = result(guard_pass_through() == pass_through);
  return true;
}

static bool second_switch_open(void) { return readings.readback_counts >= READBACK_OPEN; }
static bool gate_high(void) {
  uint16_t counts = readings.readback_counts;
  return second_switch_open() ? counts >= READBACK_OPEN_GATE_HIGH : counts >= READBACK_GATE_HIGH;
}

/* The front end is off the jack: what is sent must not be heard, nor anything else. */
static void send_pulse(void) {
  FLP_TX_PIN = _BV(FLP_TX_BIT);
  FLP_TX_PIN = _BV(FLP_TX_BIT);
  pulses++;
}

/* The switches, each alone: what the other one would feed is proven to be open before. */
static void switches(uint32_t t) {
  if (phase == AT_REST && !guard_jack_safe()) {
    /* Nothing was closed yet: it comes from outside. */
    guard_fault(CAUSE_FOREIGN_VOLTAGE);
    finish();
    return;
  }
  if (!guard_jack_safe()) {
    /* One switch alone has brought voltage to the jack: the other conducts by itself. */
    open_everything();
    phase = IDLE;
    guard_lock(since);
    return;
  }
  bool pumped = phase == GATE_HIGH || phase == GATE_LOW || phase == GATE_AGAIN;
  if (pumped) guard_test_pump();
  if (t - since < (phase == PUMP_STOPPED ? MS(PUMP_DEAD_MS) : MS(SELFTEST_SWITCH_MS))) return;
  switch (phase) {
    case AT_REST:
      report.switch2_opens = result(second_switch_open());
      report.gate_opens = result(!gate_high());
      if (!guard_estop_ok()) {
        finish();
        return;
      }
      if (report.gate_opens == FAILED) {
        enter(SOURCE_LOW);
        return;
      }
      guard_second_switch(true);
      break;
    case SWITCH2_CLOSED:
      report.switch2_closes = result(!second_switch_open() && !gate_high());
      guard_second_switch(false);
      break;
    case SWITCH2_OPEN:
      if (!second_switch_open()) report.switch2_opens = FAILED;
      if (report.switch2_opens == FAILED) {
        enter(SOURCE_LOW);
        return;
      }
      guard_test_gate(true);
      break;
    case GATE_HIGH:
      report.gate_closes = result(gate_high());
      guard_test_gate(false);
      break;
    case GATE_LOW:
      if (gate_high()) report.gate_opens = FAILED;
      guard_test_gate(true);
      break;
    case GATE_AGAIN:
      report.pump_needed = result(gate_high());
      break;
    case PUMP_STOPPED:
      if (gate_high()) report.pump_needed = FAILED;
      guard_test_gate(false);
      break;
  }
  enter(phase + 1);
}

/* The detection source at its own end; the jack is not joined. */
static void source(uint32_t t) {
  if (t - since < MS(SELFTEST_SOURCE_MS)) return;
  uint16_t counts = readings.sense_counts;
  if (phase == SOURCE_LOW) {
    report.detection_source = result(counts >= SOURCE_LOW_MIN && counts <= SOURCE_LOW_MAX);
    registers_set(REGISTER_AF_HIGH, true);
    enter(SOURCE_HIGH);
    return;
  }
  if (counts < SOURCE_HIGH_MIN || counts > SOURCE_HIGH_MAX) report.detection_source = FAILED;
  finish();
}

void selftest_pass(void) {
  if (phase == IDLE) return;
  uint32_t t = now();
  uint16_t counts;
  switch (phase) {
    case REFERENCE:
      if (!adc_checked(&counts)) break;
      report.reference_counts = counts;
      report.reference = result(counts >= SELFTEST_BANDGAP_MIN && counts <= SELFTEST_BANDGAP_MAX);
      adc_check(ADC_GROUND_CHANNEL);
      enter(ZERO);
      break;
    case ZERO:
      if (!adc_checked(&counts)) break;
      report.adc_zero = result(counts <= SELFTEST_GROUND_MAX);
      guard_clear_latch(true);
      enter(LATCH);
      break;
    case LATCH:
      if (t - since < MS(LATCH_CLEAR_MS)) break;
      guard_clear_latch(false);
      report.short_latch = result(guard_short_clear());
      flp_foreign_edge();
      pulses = 0;
      report.comparator_quiet = PASSED;
      enter(QUIET);
      break;
    case QUIET:
      if (flp_foreign_edge()) report.comparator_quiet = FAILED;
      if (pulses < SELFTEST_PULSES) {
        send_pulse();
        break;
      }
      registers_set(REGISTER_FLP_LOOPBACK, true);
      pulses = 0;
      echoes = 0;
      enter(LOOPED);
      break;
    case LOOPED:
      if (t - since < MS(LOOPBACK_SETTLE_MS)) {
        flp_foreign_edge();
        break;
      }
      if (pulses > 0 && flp_foreign_edge()) echoes++;
      if (pulses < SELFTEST_PULSES) {
        send_pulse();
        break;
      }
      report.loopback = result(echoes == SELFTEST_PULSES);
      registers_set(REGISTER_FLP_LOOPBACK, false);
      discovery_relay(true);
      enter(FRONT_END);
      break;
    case FRONT_END:
      if (!relay_settled(false, &report.relay_front_end, t)) break;
      discovery_relay(false);
      enter(PASS_THROUGH);
      break;
    case PASS_THROUGH:
      if (!relay_settled(true, &report.relay_pass_through, t)) break;
      adc_plan(ADC_PROBE);
      enter(AT_REST);
      break;
    case SOURCE_LOW:
    case SOURCE_HIGH:
      source(t);
      break;
    case STARVING:
      break;
    default:
      switches(t);
  }
}
