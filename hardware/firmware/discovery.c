#include "discovery.h"

#include <avr/io.h>

#include "config.h"
#include "flp.h"
#include "listen.h"
#include "probe.h"
#include "reports.h"
#include "serial.h"
#include "timebase.h"

enum outcome { LOOPBACK, NOTHING, PARTNER, NOISE, SIGNATURE, NO_SIGNATURE };
enum phase { IDLE, RELAY_OUT, LISTENING, BURSTING, LISTENING_AGAIN, TO_PROBE, PROBING, RELAY_BACK, SECOND_SWITCH };

static uint8_t phase;
static uint32_t since; /* when the phase began */
static request_t request;
static uint8_t pulse_width; /* of the bursts now */
static bool power;
static bool heartbeat_by_line;
static uint8_t method; /* that decided */
static bool found;

static partner_t partner;
static uint16_t burst_at; /* Timer 1 at the start of the next burst */
static bool burst_sent;
static burst_t burst;
static uint8_t bursts;
static uint8_t matches;
static uint8_t streak;
static uint8_t foreign_streak;
static uint16_t foreign;
static bool foreign_between;
static bool all_silent;
static uint32_t discovered_at;

void discovery_relay(bool to_front_end) {
  if (to_front_end) DISC_RELAY_PORT |= _BV(DISC_RELAY_BIT);
  else DISC_RELAY_PORT &= ~_BV(DISC_RELAY_BIT);
}

static void enter(uint8_t next) {
  phase = next;
  since = now();
}

void discovery_begin(void) {
  discovery_relay(false);
  DISC_RELAY_DDR |= _BV(DISC_RELAY_BIT);
  FLP_TX_PORT &= ~_BV(FLP_TX_BIT);
  FLP_TX_DDR |= _BV(FLP_TX_BIT);
  flp_begin();
}

static void fail(uint8_t code) {
  discovery_abort();
  guard_fault(code);
}

/* The jack's pairs as the method feeds them, and on to the low-voltage probe. */
static void start_probe(void) {
  discovery_relay(false);
  if (request.method != METHOD_PRESTANDARD && !guard_polarity(request_pairs(&request, METHOD_AF))) fail(CAUSE_FOREIGN_VOLTAGE);
  else enter(TO_PROBE);
}

void discovery_start(const request_t *wanted, bool wanted_power, bool wanted_line) {
  request = *wanted;
  pulse_width = request.pulse_width;
  power = wanted_power;
  heartbeat_by_line = wanted_line;
  found = false;
  bursts = matches = streak = foreign_streak = 0;
  foreign = 0;
  partner.word = 0;
  partner.word_valid = false;
  all_silent = true;
  burst_sent = false;
  guard_set_discovering(true);
  if (request.method == METHOD_AF) {
    start_probe();
  } else {
    discovery_relay(true);
    enter(RELAY_OUT);
  }
}

void discovery_abort(void) {
  if (phase == IDLE) return;
  probe_abort();
  discovery_relay(false);
  guard_clear_latch(false);
  guard_second_switch(false);
  guard_set_discovering(false);
  serial_hold = false;
  phase = IDLE;
}

bool discovery_found(void) { return found; }

static void conclude(uint8_t outcome, uint8_t decided_by) {
  method = decided_by;
  found = outcome == LOOPBACK || outcome == SIGNATURE;
  discovery_report_t report = {
      now(), outcome, bursts, matches, partner.word, partner.word_valid, foreign, method,
  };
  report_discovery(&report);
  if (!found || !power) {
    discovery_abort();
  } else if (!guard_polarity(request_pairs(&request, method))) {
    fail(CAUSE_FOREIGN_VOLTAGE);
  } else {
    guard_clear_latch(true);
    enter(RELAY_BACK);
  }
}

/* What the bursts have told. Nothing: the probe says whether the jack is empty. */
static void decide(uint8_t outcome) {
  serial_hold = false;
  discovery_relay(false);
  if (outcome == NOTHING) start_probe();
  else conclude(outcome, METHOD_PRESTANDARD);
}

static void judge_probe(void) {
  const probe_report_t *probe = probe_result();
  report_probe(probe);
  if (request.method == METHOD_PRESTANDARD) conclude(NOTHING, METHOD_PRESTANDARD);
  else if (probe->kind == PROBE_NOT_POSSIBLE && request.method == METHOD_AUTO) conclude(NOTHING, METHOD_PRESTANDARD);
  else if (probe_valid(&discovered_at)) conclude(SIGNATURE, METHOD_AF);
  else conclude(probe->kind == PROBE_OPEN ? NOTHING : NO_SIGNATURE, METHOD_AF);
}

static void start_bursts(void) {
  flp_prepare();
  flp_foreign_edge();
  foreign_between = false;
  /* A few ticks ahead, so that the line is quiet by then. */
  burst_at = upcoming_tick() + (BURST_QUIET_TICKS + 1) * TICK_UNITS;
  enter(BURSTING);
}

static void judge_burst(void) {
  bursts++;
  report_burst(bursts, &burst);
  foreign += burst.foreign;
  if (foreign_between) foreign++;
  bool disturbed = burst.foreign > 0 || foreign_between;
  if (disturbed || !flp_silent(&burst)) all_silent = false;
  foreign_streak = disturbed ? foreign_streak + 1 : 0;
  if (!disturbed && flp_matches(&burst)) {
    matches++;
    streak++;
    discovered_at = now();
  } else {
    streak = 0;
  }
  foreign_between = false;

  if (streak >= request.echoes) {
    decide(LOOPBACK);
  } else if (bursts >= request.max_bursts && all_silent && pulse_width < PULSE_WIDEST) {
    /* A filter may have swallowed the pulses: once more with the widest, counted anew. */
    pulse_width = PULSE_WIDEST;
    bursts = 0;
    flp_prepare();
  } else if (bursts >= request.max_bursts && all_silent) {
    decide(NOTHING);
  } else if (bursts >= request.max_bursts || foreign_streak >= FOREIGN_BURSTS_MAX) {
    listen_begin(&partner);
    enter(LISTENING_AGAIN);
  } else {
    flp_prepare();
  }
}

static void bursting_pass(void) {
  if (burst_sent) {
    burst_sent = false;
    judge_burst();
  } else if (flp_foreign_edge()) {
    foreign_between = true;
  }
  /* A burst whose tick was missed is left out; the next one stands in its place in time. */
  while (phase == BURSTING && (int16_t)(burst_at - upcoming_tick()) < 0) burst_at += BURST_PERIOD_UNITS;
}

/* The read-back must follow the relay. */
static bool relay_arrived(bool at_front_end, uint32_t t) {
  bool there = guard_pass_through() != at_front_end;
  if (!there && t - since >= MS(RELAY_TIMEOUT_MS)) fail(CAUSE_RELAY);
  return there && t - since >= MS(RELAY_SETTLE_MS);
}

static void power_up(uint32_t t) {
  uint8_t obstacle = guard_obstacle(request.limits.heartbeat_timeout_ms, heartbeat_by_line);
  uint32_t max_age = method == METHOD_AF ? MS(SIGNATURE_MAX_AGE_MS) : MS(DISCOVERY_MAX_AGE_MS);
  if (obstacle == NO_CAUSE && t - discovered_at >= max_age) obstacle = CAUSE_RELAY;
  if (obstacle == NO_CAUSE && phase == RELAY_BACK) {
    guard_second_switch(true);
    enter(SECOND_SWITCH);
    return;
  }
  if (obstacle == NO_CAUSE) {
    phase = IDLE;
    guard_power_on(&request, method, heartbeat_by_line, discovered_at);
    return;
  }
  if (obstacle == CAUSE_FOREIGN_VOLTAGE && phase == SECOND_SWITCH) {
    /* The jack was dead until the second switch closed: the FET conducts by itself. */
    discovery_abort();
    guard_lock(since);
    return;
  }
  fail(obstacle);
}

void discovery_pass(void) {
  if (phase == IDLE) return;
  uint32_t t = now();
  switch (phase) {
    case RELAY_OUT:
      if (relay_arrived(true, t)) {
        listen_begin(&partner);
        enter(LISTENING);
      }
      break;
    case LISTENING:
    case LISTENING_AGAIN:
      if (partner.word_valid || t - since >= MS(LISTEN_MS)) {
        foreign += partner.pulses;
        if (partner.pulses > 0) all_silent = false;
        if (partner.pattern) decide(PARTNER);
        else if (phase == LISTENING) start_bursts();
        else decide(NOISE);
      }
      break;
    case BURSTING:
      bursting_pass();
      break;
    case TO_PROBE:
      if (!relay_arrived(false, t)) break;
      if (probe_start()) enter(PROBING);
      else fail(CAUSE_FOREIGN_VOLTAGE);
      break;
    case PROBING:
      if (probe_pass()) judge_probe();
      break;
    case RELAY_BACK:
      if (t - since >= MS(LATCH_CLEAR_MS)) guard_clear_latch(false);
      if (relay_arrived(false, t)) power_up(t);
      break;
    case SECOND_SWITCH:
      if (t - since >= MS(SWITCH2_SETTLE_MS)) power_up(t);
      break;
  }
}

bool discovery_quiet(void) {
  bool quiet = phase == BURSTING && (int16_t)(burst_at - upcoming_tick()) <= BURST_QUIET_TICKS * TICK_UNITS;
  serial_hold = quiet;
  return quiet;
}

void discovery_wait(void) {
  if (phase == LISTENING || phase == LISTENING_AGAIN) {
    listen_slice(&partner);
    catch_up();
  } else if (phase == BURSTING && burst_at == upcoming_tick()) {
    burst_sent = flp_send(burst_at, pulse_width, &burst);
    if (burst_sent) burst_at += BURST_PERIOD_UNITS;
  } else {
    wait_tick();
  }
}
