#include "command.h"

#include <stdbool.h>
#include <string.h>

#include "calibration.h"
#include "config.h"
#include "discovery.h"
#include "flp.h"
#include "guard.h"
#include "keep.h"
#include "link/message.h"
#include "reports.h"
#include "selftest.h"
#include "timebase.h"

typedef struct {
  uint8_t flags;
  uint8_t echoes;
  uint8_t max_bursts;
  uint8_t pulse_width;
  limits_t limits;
  uint32_t entropy;
} discover_t;
#define DISCOVER_POWER 0x01

static uint8_t identify(const uint8_t *payload) {
  if (payload[0] != PROTOCOL_VERSION) return REFUSED_PROTOCOL_VERSION;
  /* A host that introduces itself finds the power off. */
  discovery_abort();
  selftest_abort();
  guard_off(COMMANDED, now());
  identity_t identity = {
      PROTOCOL_VERSION, FIRMWARE_MAJOR,      FIRMWARE_MINOR,   calibration.revision,
      reset_cause,      {0},                 calibration_valid(), calibration.date,
  };
  memcpy(identity.serial, calibration.serial, sizeof identity.serial);
  report_identity(&identity);
  return NO_ANSWER;
}

static bool within(uint16_t value, uint16_t low, uint16_t high) { return value >= low && value <= high; }

static bool limits_fit(const limits_t *limits) {
  return within(limits->inrush_timer_ms, INRUSH_TIMER_MIN, INRUSH_TIMER_MAX) &&
         within(limits->overload_milliamps, OVERLOAD_MA_MIN, OVERLOAD_MA_MAX) &&
         within(limits->overload_ms, OVERLOAD_MS_MIN, OVERLOAD_MS_MAX) &&
         within(limits->underload_milliamps, UNDERLOAD_MA_MIN, UNDERLOAD_MA_MAX) &&
         within(limits->underload_ms, UNDERLOAD_MS_MIN, UNDERLOAD_MS_MAX) &&
         within(limits->heartbeat_timeout_ms, HEARTBEAT_MS_MIN, HEARTBEAT_MS_MAX) &&
         within(limits->link_deadline_ms, LINK_DEADLINE_MS_MIN, LINK_DEADLINE_MS_MAX) &&
         within(limits->off_dwell_ms, OFF_DWELL_MS_MIN, OFF_DWELL_MS_MAX);
}

static uint8_t discover(const uint8_t *payload) {
  discover_t wish;
  memcpy(&wish, payload, sizeof wish);
  bool power = wish.flags & DISCOVER_POWER;
  if (wish.flags & ~DISCOVER_POWER) return BAD_PARAMETER;
  if (!within(wish.echoes, ECHOES_MIN, ECHOES_MAX)) return BAD_PARAMETER;
  if (!within(wish.max_bursts, wish.echoes, BURSTS_MAX)) return BAD_PARAMETER;
  if (wish.pulse_width > PULSE_WIDEST) return BAD_PARAMETER;
  if (!limits_fit(&wish.limits)) return BAD_PARAMETER;
  if (!reports_allowed()) return NOT_IDENTIFIED;
  if (!calibration_valid()) return NOT_CALIBRATED;
  if (guard_state() == STATE_LOCKED) return LOCKED;
  if (guard_state() != STATE_OFF) return BUSY;
  if (guard_dwelling()) return OFF_DWELL;
  if (!guard_jack_safe()) {
    guard_fault(CAUSE_FOREIGN_VOLTAGE);
    return REFUSED_FOREIGN_VOLTAGE;
  }
  if (power && !guard_estop_ok()) return REFUSED_ESTOP;
  if (power && !guard_heartbeat_fresh(wish.limits.heartbeat_timeout_ms)) return NO_HEARTBEAT;
  flp_entropy(wish.entropy);
  discovery_start(wish.echoes, wish.max_bursts, wish.pulse_width, power, &wish.limits);
  return ACCEPTED;
}

static uint8_t off(const uint8_t *payload) {
  (void)payload;
  discovery_abort();
  selftest_abort();
  guard_off(COMMANDED, now());
  return ACCEPTED;
}

static uint8_t heartbeat(const uint8_t *payload) {
  guard_heartbeat(payload[0] | ((uint16_t)payload[1] << 8));
  return NO_ANSWER;
}

static uint8_t link_changed(const uint8_t *payload) {
  if (payload[0] > 1) return BAD_PARAMETER;
  guard_link(payload[0]);
  return ACCEPTED;
}

static uint8_t take_trip(const uint8_t *payload) {
  (void)payload;
  if (!reports_allowed()) return NOT_IDENTIFIED;
  report_trip(&keep.trip);
  memset(&keep.trip, 0, sizeof keep.trip);
  keep_save();
  return NO_ANSWER;
}

static uint8_t unlock(const uint8_t *payload) {
  (void)payload;
  return guard_unlock() ? ACCEPTED : REFUSED_FOREIGN_VOLTAGE;
}

static uint8_t selftest(const uint8_t *payload) {
  (void)payload;
  if (!reports_allowed()) return NOT_IDENTIFIED;
  if (guard_state() == STATE_LOCKED) return LOCKED;
  if (guard_state() != STATE_OFF) return BUSY;
  selftest_start();
  return ACCEPTED;
}

static const struct {
  uint8_t type;
  uint8_t length;
  uint8_t (*carry_out)(const uint8_t *payload);
} commands[] = {
    {IDENTIFY, 1, identify},      {DISCOVER, sizeof(discover_t), discover},
    {OFF, 0, off},                {HEARTBEAT, 2, heartbeat},
    {LINK, 1, link_changed},      {TAKE_TRIP, 0, take_trip},
    {UNLOCK, 0, unlock},          {SELFTEST, 0, selftest},
};

uint8_t command(uint8_t type, const uint8_t *payload, uint8_t length) {
  for (uint8_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (commands[i].type != type) continue;
    return commands[i].length == length ? commands[i].carry_out(payload) : BAD_LENGTH;
  }
  return UNKNOWN_TYPE;
}
