#include "command.h"

#include <stdbool.h>
#include <string.h>

#include "calibration.h"
#include "config.h"
#include "discovery.h"
#include "flp.h"
#include "guard.h"
#include "keep.h"
#include "lines.h"
#include "link/message.h"
#include "link/sysex.h"
#include "profile.h"
#include "reports.h"
#include "selftest.h"
#include "timebase.h"

typedef struct {
  uint8_t flags;
  request_t request;
  uint32_t entropy;
} discover_t;
enum { DISCOVER_POWER = 0x01, DISCOVER_HEARTBEAT_LINE = 0x02 };
enum { SELFTEST_STARVE = 0x01 };

static uint8_t identify(const uint8_t *payload) {
  if (payload[0] != PROTOCOL_VERSION) return REFUSED_PROTOCOL_VERSION;
  /* A host that introduces itself finds the power off. */
  discovery_abort();
  selftest_abort();
  guard_off(COMMANDED, now());
  identity_t identity = {
      PROTOCOL_VERSION, FIRMWARE_MAJOR,      FIRMWARE_MINOR,   calibration.revision,
      reset_cause,      {0},                 calibration_valid(), calibration.date,
      profile.id,
  };
  memcpy(identity.serial, calibration.serial, sizeof identity.serial);
  report_identity(&identity);
  return NO_ANSWER;
}

static uint8_t discover(const uint8_t *payload) {
  discover_t wish;
  memcpy(&wish, payload, sizeof wish);
  const limits_t *limits = &wish.request.limits;
  bool power = wish.flags & DISCOVER_POWER;
  bool by_line = wish.flags & DISCOVER_HEARTBEAT_LINE;
  if (wish.flags & ~(DISCOVER_POWER | DISCOVER_HEARTBEAT_LINE)) return BAD_PARAMETER;
  uint8_t code = request_check(&wish.request);
  if (code != ACCEPTED) return code;
  if (!reports_allowed()) return NOT_IDENTIFIED;
  if (!calibration_valid()) return NOT_CALIBRATED;
  if (guard_state() == STATE_LOCKED) return LOCKED;
  if (lines_power_requested()) return REFUSED_LINES;
  if (guard_state() != STATE_OFF) return BUSY;
  if (guard_dwelling()) return OFF_DWELL;
  if (!guard_jack_safe()) {
    guard_fault(CAUSE_FOREIGN_VOLTAGE);
    return REFUSED_FOREIGN_VOLTAGE;
  }
  if (power && !guard_estop_ok()) return REFUSED_ESTOP;
  if (power && !guard_heartbeat_fresh(limits->heartbeat_timeout_ms, by_line)) return NO_HEARTBEAT;
  flp_entropy(wish.entropy);
  discovery_start(&wish.request, power, by_line);
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

/* For what needs a board that is off and at rest. */
static uint8_t not_at_rest(void) {
  if (!reports_allowed()) return NOT_IDENTIFIED;
  if (guard_state() == STATE_LOCKED) return LOCKED;
  return guard_state() == STATE_OFF ? ACCEPTED : BUSY;
}

static uint8_t selftest(const uint8_t *payload) {
  if (payload[0] & ~SELFTEST_STARVE) return BAD_PARAMETER;
  uint8_t code = not_at_rest();
  if (code == ACCEPTED) selftest_start(payload[0] & SELFTEST_STARVE);
  return code;
}

static uint8_t store_profile(const uint8_t *payload) {
  uint8_t code = not_at_rest();
  if (code == ACCEPTED && lines_power_requested()) code = REFUSED_LINES;
  return code == ACCEPTED ? profile_store(payload, sysex_seq()) : code;
}

static uint8_t read_profile(const uint8_t *payload) {
  (void)payload;
  if (!reports_allowed()) return NOT_IDENTIFIED;
  report_profile();
  return NO_ANSWER;
}

static const __flash struct {
  uint8_t type;
  uint8_t length;
  uint8_t (*carry_out)(const uint8_t *payload);
} commands[] = {
    {IDENTIFY, 1, identify},
    {DISCOVER, sizeof(discover_t), discover},
    {OFF, 0, off},
    {HEARTBEAT, 2, heartbeat},
    {LINK, 1, link_changed},
    {TAKE_TRIP, 0, take_trip},
    {UNLOCK, 0, unlock},
    {SELFTEST, 1, selftest},
    {STORE_PROFILE, 2 + sizeof(request_t), store_profile},
    {READ_PROFILE, 0, read_profile},
};

uint8_t command(uint8_t type, const uint8_t *payload, uint8_t length) {
  for (uint8_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (commands[i].type != type) continue;
    return commands[i].length == length ? commands[i].carry_out(payload) : BAD_LENGTH;
  }
  return UNKNOWN_TYPE;
}
