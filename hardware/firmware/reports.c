#include "reports.h"

#include <stddef.h>
#include <string.h>

#include "link/message.h"
#include "profile.h"
#include "serial.h"

/* A report whose place is still taken is overwritten: the newest is worth more. */
static identity_t identity;
static trip_t trip;
static tick_t tick;
static burst_report_t burst;
static discovery_report_t discovery;
static power_report_t power[2]; /* off, on: a short life must not swallow its own beginning */
static jack_safe_t jack_safe;
static inrush_t inrush;
static fault_t fault;
static selftest_t selftest;
static struct {
  uint32_t time;
  uint8_t period_ms;
  uint8_t count;
  uint8_t rest[2 * SAMPLES_PER_BLOCK + 2];
} samples;
static probe_report_t probe;
static const uint8_t *trace_source;
static uint8_t trace_sent;

enum slot {
  SLOT_IDENTITY, SLOT_TRIP, SLOT_TICK, SLOT_BURST, SLOT_DISCOVERY, SLOT_OFF, SLOT_ON, SLOT_SAFE, SLOT_INRUSH, SLOT_TRACE,
  SLOT_SAMPLES, SLOT_FAULT, SLOT_SELFTEST, SLOT_PROBE, SLOT_PROFILE, SLOTS,
};

static const __flash struct {
  uint8_t type;
  uint8_t length;
  const void *payload;
} places[SLOTS] = {
    [SLOT_IDENTITY] = {IDENTITY, sizeof identity, &identity},
    [SLOT_TRIP] = {TRIP, sizeof trip, &trip},
    [SLOT_TICK] = {TICK, sizeof tick, &tick},
    [SLOT_BURST] = {BURST, sizeof burst, &burst},
    [SLOT_DISCOVERY] = {DISCOVERY, sizeof discovery, &discovery},
    [SLOT_OFF] = {POWER, sizeof power[0], &power[0]},
    [SLOT_ON] = {POWER, sizeof power[1], &power[1]},
    [SLOT_SAFE] = {JACK_SAFE, sizeof jack_safe, &jack_safe},
    [SLOT_INRUSH] = {INRUSH, sizeof inrush, &inrush},
    [SLOT_TRACE] = {TRACE, 0, NULL},
    [SLOT_SAMPLES] = {SAMPLES, 0, &samples},
    [SLOT_FAULT] = {FAULT, sizeof fault, &fault},
    [SLOT_SELFTEST] = {SELFTEST_RESULT, sizeof selftest, &selftest},
    [SLOT_PROBE] = {PROBE, sizeof probe, &probe},
    [SLOT_PROFILE] = {PROFILE, PROFILE_REPORT_BYTES, &profile},
};

static uint8_t waiting[SLOTS];
static uint8_t waiting_count;
static bool allowed;

bool reports_allowed(void) { return allowed; }

static void enqueue(uint8_t slot) {
  if (!allowed) return;
  for (uint8_t i = 0; i < waiting_count; i++) {
    if (waiting[i] == slot) return;
  }
  waiting[waiting_count++] = slot;
}

void report_identity(const identity_t *report) {
  allowed = true;
  identity = *report;
  enqueue(SLOT_IDENTITY);
}

void report_trip(const trip_t *report) {
  trip = *report;
  enqueue(SLOT_TRIP);
}

void report_tick(const tick_t *report) {
  tick = *report;
  enqueue(SLOT_TICK);
}

void report_burst(uint8_t index, const burst_t *sent) {
  burst.time = sent->time;
  burst.index = index;
  burst.word = sent->word;
  memcpy(burst.sent, sent->sent, sizeof burst.sent);
  memcpy(burst.heard, sent->heard, sizeof burst.heard);
  burst.round_trip = sent->round_trip;
  burst.foreign = sent->foreign;
  burst.pulse_width = sent->pulse_width;
  enqueue(SLOT_BURST);
}

void report_discovery(const discovery_report_t *report) {
  discovery = *report;
  enqueue(SLOT_DISCOVERY);
}

void report_power(const power_report_t *report) {
  power[report->on] = *report;
  enqueue(report->on ? SLOT_ON : SLOT_OFF);
}

void report_jack_safe(const jack_safe_t *report) {
  jack_safe = *report;
  enqueue(SLOT_SAFE);
}

void report_inrush(const inrush_t *report, const uint8_t *trace) {
  inrush = *report;
  trace_source = trace;
  trace_sent = 0;
  enqueue(SLOT_INRUSH);
  if (report->count > 0) enqueue(SLOT_TRACE);
}

void report_samples(uint32_t time, const uint16_t *milliamps, uint8_t count, uint16_t jack_millivolts) {
  samples.time = time;
  samples.period_ms = SAMPLE_MS;
  samples.count = count;
  memcpy(samples.rest, milliamps, 2 * count);
  memcpy(samples.rest + 2 * count, &jack_millivolts, 2);
  enqueue(SLOT_SAMPLES);
}

void report_fault(const fault_t *report) {
  fault = *report;
  enqueue(SLOT_FAULT);
}

void report_probe(const probe_report_t *report) {
  probe = *report;
  enqueue(SLOT_PROBE);
}

void report_profile(void) { enqueue(SLOT_PROFILE); }

void report_selftest(const selftest_t *report) {
  selftest = *report;
  enqueue(SLOT_SELFTEST);
}

/* True when the trace is through. */
static bool send_trace(void) {
  struct {
    uint8_t offset;
    uint16_t samples[TRACE_CHUNK];
  } chunk;
  uint8_t count = inrush.count - trace_sent;
  if (count > TRACE_CHUNK) count = TRACE_CHUNK;
  chunk.offset = trace_sent;
  for (uint8_t i = 0; i < count; i++) chunk.samples[i] = trace_source[trace_sent + i] * TRACE_MILLIAMPS;
  if (!message_send(TRACE, &chunk, 1 + 2 * count)) return false;
  trace_sent += count;
  return trace_sent >= inrush.count;
}

void reports_pump(void) {
  if (waiting_count == 0) return;
  uint8_t slot = waiting[0];
  if (slot == SLOT_TRACE) {
    /* Long, and never urgent: behind everything else, and a piece at a time, so that a TICK waits 11 ms at the most. */
    if (waiting_count > 1) {
      memmove(waiting, waiting + 1, waiting_count - 1);
      waiting[waiting_count - 1] = SLOT_TRACE;
      return;
    }
    if (!serial_sent() || !send_trace()) return;
  } else {
    uint8_t length = slot == SLOT_SAMPLES ? 8 + 2 * samples.count : places[slot].length;
    if (!message_send(places[slot].type, places[slot].payload, length)) return;
  }
  waiting_count--;
  memmove(waiting, waiting + 1, waiting_count);
}
