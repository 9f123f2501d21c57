#include "trace.h"

#include <stdbool.h>

#include "adc.h"
#include "config.h"
#include "reports.h"

static bool in_inrush;
static uint32_t began_at;
static uint32_t trace_due;
static uint16_t peak;
static uint8_t trace[TRACE_SAMPLES];
static uint8_t trace_count;

static uint32_t sample_due;
static uint32_t sampled_at;
static uint16_t block[SAMPLES_PER_BLOCK];
static uint8_t block_count;

void trace_begin(uint32_t on_at) {
  in_inrush = true;
  began_at = on_at;
  trace_due = on_at + TICK_UNITS;
  sample_due = on_at + MS(SAMPLE_MS);
  peak = 0;
  trace_count = 0;
  block_count = 0;
}

void trace_flush(void) {
  if (block_count > 0) report_samples(sampled_at, block, block_count, readings.jack_millivolts);
  block_count = 0;
}

void trace_pass(uint32_t t) {
  if (in_inrush) {
    if (readings.milliamps > peak) peak = readings.milliamps;
    /* The pass in which the jack was measured repeats the current before it. */
    while ((int32_t)(t - trace_due) >= 0) {
      trace_due += TICK_UNITS;
      if (trace_count < TRACE_SAMPLES) trace[trace_count++] = readings.milliamps / TRACE_MILLIAMPS;
    }
  }
  if ((int32_t)(t - sample_due) >= 0) {
    sample_due += MS(SAMPLE_MS);
    sampled_at = t;
    block[block_count++] = readings.milliamps;
    if (block_count == SAMPLES_PER_BLOCK) trace_flush();
  }
}

void trace_inrush_end(uint32_t t) {
  in_inrush = false;
  inrush_t report = {t, peak, t - began_at, TICK_UNITS * UNIT_US, trace_count};
  report_inrush(&report, trace);
}
