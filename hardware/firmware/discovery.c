#include "discovery.h"

#include <avr/io.h>

#include "config.h"
#include "flp.h"
#include "listen.h"
#include "reports.h"
#include "serial.h"
#include "timebase.h"

enum outcome { LOOPBACK, NOTHING, PARTNER, NOISE };
enum phase { IDLE, RELAY_OUT, LISTENING, BURSTING, LISTENING_AGAIN, RELAY_BACK, SECOND_SWITCH };

static uint8_t phase;
static uint32_t since; /* when the phase began */
static uint8_t echoes;
static uint8_t max_bursts;
static uint8_t pulse_width;
static bool power;
static limits_t limits;

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

void discovery_start(uint8_t wanted_echoes, uint8_t wanted_bursts, uint8_t wanted_width, bool wanted_power,
                     const limits_t *wanted) {
  echoes = wanted_echoes;
  max_bursts = wanted_bursts;
  pulse_width = wanted_width;
  power = wanted_power;
  limits = *wanted;
  bursts = matches = streak = foreign_streak = 0;
  foreign = 0;
  all_silent = true;
  burst_sent = false;
  guard_set_discovering(true);
  discovery_relay(true);
  enter(RELAY_OUT);
}

void discovery_abort(void) {
  if (phase == IDLE) return;
  discovery_relay(false);
  guard_clear_latch(false);
  guard_second_switch(false);
  guard_set_discovering(false);
  serial_hold = false;
  phase = IDLE;
}

static void fail(uint8_t code) {
  discovery_abort();
  guard_fault(code);
}

static void decide(uint8_t outcome) {
  discovery_report_t report = {
      now(), outcome, bursts, matches, partner.word, partner.word_valid, foreign,
  };
  report_discovery(&report);
  serial_hold = false;
  discovery_relay(false);
  if (outcome == LOOPBACK && power) {
    guard_clear_latch(true);
    enter(RELAY_BACK);
  } else {
    discovery_abort();
  }
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

  if (streak >= echoes) {
    decide(LOOPBACK);
  } else if (bursts >= max_bursts && all_silent && pulse_width < PULSE_WIDEST) {
    /* A filter may have swallowed the pulses: once more with the widest, counted anew. */
    pulse_width = PULSE_WIDEST;
    bursts = 0;
    flp_prepare();
  } else if (bursts >= max_bursts && all_silent) {
    decide(NOTHING);
  } else if (bursts >= max_bursts || foreign_streak >= FOREIGN_BURSTS_MAX) {
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
  uint8_t obstacle = guard_obstacle(&limits);
  if (obstacle == NO_CAUSE && t - discovered_at >= MS(DISCOVERY_MAX_AGE_MS)) obstacle = CAUSE_RELAY;
  if (obstacle == NO_CAUSE && phase == RELAY_BACK) {
    guard_second_switch(true);
    enter(SECOND_SWITCH);
    return;
  }
  if (obstacle == NO_CAUSE) {
    phase = IDLE;
    guard_power_on(&limits, discovered_at);
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
