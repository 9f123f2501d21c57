#include "selftest.h"

#include <avr/io.h>

#include "adc.h"
#include "command.h"
#include "config.h"
#include "discovery.h"
#include "flp.h"
#include "guard.h"
#include "reports.h"
#include "timebase.h"

enum result { PASSED, FAILED, NOT_POSSIBLE };
enum phase { IDLE, REFERENCE, ZERO, LATCH, QUIET, FRONT_END, PASS_THROUGH };

static uint8_t phase;
static uint32_t since;
static uint8_t pulses;
static selftest_t report;

static uint8_t result(bool good) { return good ? PASSED : FAILED; }

static void enter(uint8_t next) {
  phase = next;
  since = now();
}

void selftest_start(void) {
  guard_set_discovering(true);
  /* Revision A has no line that turns FLP_TX back to the comparator on the board. */
  report = (selftest_t){.loopback = NOT_POSSIBLE, .reset_cause = reset_cause};
  adc_check(ADC_BANDGAP_CHANNEL);
  enter(REFERENCE);
}

void selftest_abort(void) {
  if (phase == IDLE) return;
  discovery_relay(false);
  guard_clear_latch(false);
  guard_set_discovering(false);
  phase = IDLE;
}

static void finish(void) {
  report.time = now();
  report.estop = result(guard_estop_ok());
  report.milliamps = readings.milliamps;
  report.current_zero = result(report.milliamps <= SELFTEST_CURRENT_MAX);
  report.jack_millivolts = readings.jack_millivolts;
  report.jack_off = result(guard_jack_safe());
  selftest_abort();
  report_selftest(&report);
}

/* Read-back in the position told, within the time the relay may take. */
static bool relay_settled(bool pass_through, uint8_t *place, uint32_t t) {
  if (t - since < MS(RELAY_TIMEOUT_MS)) return false;
  *place = result(guard_pass_through() == pass_through);
  return true;
}

/* The front end is off the jack: what is sent must not be heard, nor anything else. */
static void send_pulse(void) {
  FLP_TX_PIN = _BV(FLP_TX_BIT);
  FLP_TX_PIN = _BV(FLP_TX_BIT);
  pulses++;
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
      discovery_relay(true);
      enter(FRONT_END);
      break;
    case FRONT_END:
      if (!relay_settled(false, &report.relay_front_end, t)) break;
      discovery_relay(false);
      enter(PASS_THROUGH);
      break;
    case PASS_THROUGH:
      if (relay_settled(true, &report.relay_pass_through, t)) finish();
      break;
  }
}
