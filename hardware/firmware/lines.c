#include "lines.h"

#include <avr/io.h>

#include "calibration.h"
#include "config.h"
#include "discovery.h"
#include "guard.h"
#include "heartbeat.h"
#include "profile.h"
#include "registers.h"
#include "timebase.h"

enum { TICK_PWR_REQ = 0x10, TICK_HEARTBEAT_LINE = 0x20, TICK_LINES_COMMAND = 0x40 };
/* What the lines are at: looking for a phone, or powering it; each first waits for its turn. */
enum phase { IDLE, LOOK_WAITS, LOOKING, POWER_WAITS, DISCOVERING, POWERED };

static uint8_t phase;
static bool host_present;
static uint32_t host_at;
static bool commanded; /* in the last pass */
static bool start_was;
static bool request_was;
static bool fault;
static uint32_t fault_at;

#define READ(pin) ((pin##_PIN & _BV(pin##_BIT)) != 0)

static bool command(void) { return phase != IDLE || !host_present; }
static bool ready(void) {
  return command() && calibration_valid() && profile.valid && guard_state() != STATE_LOCKED && !fault;
}
static bool is_on(void) { return guard_state() == STATE_INRUSH || guard_state() == STATE_ON; }

void lines_begin(void) { request_was = READ(PWR_REQ); }

void lines_host_heard(void) {
  host_present = true;
  host_at = now();
}

void lines_trip(void) {
  if (!command()) return;
  fault = true;
  fault_at = now();
}

bool lines_power_requested(void) { return READ(PWR_REQ); }

static bool heartbeat_alive(void) {
  return guard_heartbeat_fresh(profile.valid ? profile.request.limits.heartbeat_timeout_ms : LINE_SLOWEST_MS, true);
}

uint8_t lines_flags(void) {
  return (READ(PWR_REQ) ? TICK_PWR_REQ : 0) | (heartbeat_alive() ? TICK_HEARTBEAT_LINE : 0) |
         (command() ? TICK_LINES_COMMAND : 0);
}

static void end(void) { phase = IDLE; }

/* What was wanted is not any more: PWR_REQ has fallen, or FLP_START while it waited. */
static void give_up(uint32_t onset) {
  discovery_abort();
  guard_off(COMMANDED, onset);
  end();
}

static void power_requested(void) {
  if (phase == LOOKING) discovery_abort();
  end();
  if (!calibration_valid() || !profile.valid || guard_state() == STATE_LOCKED) return;
  if (fault) guard_fault(CAUSE_PWR_REQ_HELD);
  else if (heartbeat_too_fast()) guard_fault(CAUSE_LINE_TOO_FAST);
  else if (!heartbeat_alive()) guard_fault(CAUSE_HEARTBEAT);
  else if (!guard_estop_ok()) guard_fault(CAUSE_ESTOP);
  else phase = POWER_WAITS;
}

/* As soon as the board is at rest and the off-dwell is over. */
static void discover(bool power) {
  if (guard_state() == STATE_LOCKED) end();
  if (guard_state() != STATE_OFF || guard_dwelling()) return;
  registers_set(REGISTER_LOOP, false);
  if (!guard_jack_safe()) {
    guard_fault(CAUSE_FOREIGN_VOLTAGE);
    end();
    return;
  }
  phase = power ? DISCOVERING : LOOKING;
  discovery_start(&profile.request, power, true);
}

static void go_on(bool start, bool start_rose) {
  switch (phase) {
    case IDLE:
      if (start_rose && ready() && !READ(PWR_REQ)) phase = LOOK_WAITS;
      break;
    case LOOK_WAITS:
      if (!start) end();
      else discover(false);
      break;
    case LOOKING:
      if (guard_state() == STATE_DISCOVERING) break;
      registers_set(REGISTER_LOOP, start && discovery_found());
      end();
      break;
    case POWER_WAITS:
      discover(true);
      break;
    case DISCOVERING:
      if (is_on()) {
        phase = POWERED;
      } else if (guard_state() != STATE_DISCOVERING) {
        if (!fault) guard_fault(CAUSE_NOT_FOUND);
        end();
      }
      break;
    case POWERED:
      if (!is_on()) end();
      else if (start_rose) guard_link(true);
      else if (!start && start_was) guard_link(false);
      break;
  }
}

void lines_pass(void) {
  uint32_t t = now();
  bool start = READ(FLP_START);
  bool request = READ(PWR_REQ);
  if (host_present && t - host_at >= MS(HOST_SILENT_MS)) host_present = false;
  if (fault && !request && t - fault_at >= MS(FAULT_SHOWN_MS)) fault = false;

  bool takes_over = command() && !commanded;
  commanded = command();
  if (takes_over && request) guard_fault(CAUSE_PWR_REQ_HELD);
  else if (commanded && request && !request_was && phase <= LOOKING) power_requested();
  if (!request && phase >= POWER_WAITS) give_up(t);
  go_on(start, start && !start_was);

  if (!start || is_on()) registers_set(REGISTER_LOOP, false);
  registers_set(REGISTER_PGOOD, guard_state() == STATE_ON);
  registers_set(REGISTER_FAULT_N, ready());
  start_was = start;
  request_was = request;
}
