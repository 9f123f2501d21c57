/* What the board tells by itself: one place a kind, sent in the order of their coming, one a pass. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "flp.h"
#include "keep.h"
#include "probe.h"

/* Payloads as they go over the line (the AVR is little-endian and packs without holes). */
typedef struct {
  uint16_t counter;
  uint32_t time;
  uint8_t state;
  uint16_t milliamps;
  uint16_t jack_millivolts;
  uint8_t flags;
} tick_t;

typedef struct {
  uint32_t time;
  uint8_t index;
  uint16_t word;
  uint8_t sent[5];
  uint8_t heard[5];
  uint8_t round_trip;
  uint8_t foreign;
  uint8_t pulse_width;
} burst_report_t;

typedef struct {
  uint32_t time;
  uint8_t outcome;
  uint8_t bursts;
  uint8_t matches;
  uint16_t partner_word;
  uint8_t partner_word_valid;
  uint16_t foreign;
  uint8_t method;
} discovery_report_t;

typedef struct {
  uint32_t time;
  uint8_t on;
  uint8_t cause;
  uint32_t delay;
  uint16_t milliamps;
  uint8_t method;
  uint8_t pairs;
} power_report_t;

typedef struct {
  uint32_t time;
  uint32_t delay;
} jack_safe_t;

typedef struct {
  uint32_t time;
  uint16_t peak_milliamps;
  uint32_t duration;
  uint16_t sample_period_us;
  uint8_t count;
} inrush_t;

typedef struct {
  uint32_t time;
  uint8_t code;
  uint16_t jack_millivolts;
} fault_t;

typedef struct {
  uint8_t protocol;
  uint8_t major;
  uint8_t minor;
  uint8_t revision;
  uint8_t reset_cause;
  char serial[8];
  uint8_t calibrated;
  uint16_t calibration_date;
  uint16_t profile_id;
} identity_t;

typedef struct {
  uint32_t time;
  uint8_t reference;
  uint8_t adc_zero;
  uint8_t current_zero;
  uint8_t jack_off;
  uint8_t short_latch;
  uint8_t comparator_quiet;
  uint8_t loopback;
  uint8_t relay_front_end;
  uint8_t relay_pass_through;
  uint8_t estop;
  uint8_t switch2_opens;
  uint8_t switch2_closes;
  uint8_t gate_opens;
  uint8_t gate_closes;
  uint8_t pump_needed;
  uint8_t detection_source;
  uint8_t reset_cause;
  uint16_t reference_counts;
  uint16_t milliamps;
  uint16_t jack_millivolts;
} selftest_t;

/* Only an identified host is told anything. */
void report_identity(const identity_t *identity);
bool reports_allowed(void);
void report_trip(const trip_t *trip);
void report_tick(const tick_t *tick);
void report_burst(uint8_t index, const burst_t *burst);
void report_discovery(const discovery_report_t *discovery);
void report_power(const power_report_t *power);
void report_jack_safe(const jack_safe_t *safe);
/* `trace` must stay as it is until the next power-on. */
void report_inrush(const inrush_t *inrush, const uint8_t *trace);
void report_samples(uint32_t time, const uint16_t *milliamps, uint8_t count, uint16_t jack_millivolts);
void report_fault(const fault_t *fault);
void report_probe(const probe_report_t *probe);
void report_profile(void);
void report_selftest(const selftest_t *selftest);
/* Sends the oldest when there is room. */
void reports_pump(void);
