#include "adc.h"

#include <avr/io.h>

#include "calibration.h"
#include "config.h"

readings_t readings;

#define PLAN_STEPS 8
static const __flash uint8_t plans[][PLAN_STEPS] = {
    [ADC_USUAL] = {CURRENT_CHANNEL, JACK_VOLTS_CHANNEL, CURRENT_CHANNEL, JACK_VOLTS_CHANNEL, CURRENT_CHANNEL,
                   JACK_VOLTS_CHANNEL, CURRENT_CHANNEL, JACK_VOLTS_CHANNEL},
    [ADC_INRUSH] = {CURRENT_CHANNEL, CURRENT_CHANNEL, CURRENT_CHANNEL, CURRENT_CHANNEL, CURRENT_CHANNEL, CURRENT_CHANNEL,
                    CURRENT_CHANNEL, JACK_VOLTS_CHANNEL},
    [ADC_PROBE] = {AF_SENSE_CHANNEL, READBACK_CHANNEL, AF_SENSE_CHANNEL, READBACK_CHANNEL, AF_SENSE_CHANNEL,
                   READBACK_CHANNEL, CURRENT_CHANNEL, JACK_VOLTS_CHANNEL},
};

static uint8_t plan;
static uint8_t step;
static uint8_t converting;
static uint8_t check_channel;
static uint8_t checks_left;
static uint16_t checked;
static bool sum_waits; /* for the next round */
static uint8_t rounds_left;
static uint16_t sense_sum;
static uint16_t readback_sum;

static uint16_t bounded(int32_t value) { return value < 0 ? 0 : value > UINT16_MAX ? UINT16_MAX : value; }
static uint16_t to_milliamps(uint16_t counts) {
  int32_t value = (int32_t)((uint32_t)counts * calibration.current_gain) + (int32_t)calibration.current_offset * 256;
  return bounded((value + 0x8000) >> 16);
}
static uint16_t to_millivolts(uint16_t counts) {
  return bounded((int32_t)(((uint32_t)counts * calibration.jack_gain) >> 9) + calibration.jack_offset);
}

/* REFS1..0 stay 00: AREF is driven from outside, and any other choice would tie it to the supply. */
static void start(uint8_t channel) {
  converting = channel;
  ADMUX = channel;
  ADCSRA = _BV(ADEN) | _BV(ADSC) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0); /* 125 kHz: 104 us, within a tick */
}

static void start_step(void) {
  if (step == 0 && sum_waits) {
    sum_waits = false;
    rounds_left = ADC_SUM_ROUNDS;
  } else if (step == 0 && rounds_left > 0) {
    rounds_left--;
  }
  start(plans[plan][step]);
}

void adc_begin(void) {
  DIDR0 = _BV(CURRENT_CHANNEL) | _BV(JACK_VOLTS_CHANNEL);
  start_step();
}

void adc_plan(uint8_t wanted) {
  plan = wanted;
  step = PLAN_STEPS - 1; /* what converts now still ends; then from the start */
  sum_waits = false;
  rounds_left = 0;
}

void adc_poll(void) {
  if (ADCSRA & _BV(ADSC)) return;
  uint16_t counts = ADC;
  readings.noise = ((readings.noise << 1) | (readings.noise >> 15)) ^ counts;
  switch (converting) {
    case CURRENT_CHANNEL:
      readings.current_counts = counts;
      readings.milliamps = to_milliamps(counts);
      readings.current_seen++;
      break;
    case JACK_VOLTS_CHANNEL:
      readings.jack_counts = counts;
      readings.jack_millivolts = to_millivolts(counts);
      readings.jack_seen++;
      break;
    case AF_SENSE_CHANNEL:
      readings.sense_counts = counts;
      if (rounds_left > 0) sense_sum += counts;
      break;
    case READBACK_CHANNEL:
      readings.readback_counts = counts;
      if (rounds_left > 0) readback_sum += counts;
      break;
    default:
      checked = counts;
      if (--checks_left > 0) {
        start(check_channel);
        return;
      }
  }
  step = (step + 1) % PLAN_STEPS;
  if (step == PLAN_STEPS - 1 && checks_left > 0) start(check_channel);
  else start_step();
}

void adc_check(uint8_t channel) {
  check_channel = channel;
  checks_left = ADC_CHECK_CONVERSIONS;
}

bool adc_checked(uint16_t *counts) {
  *counts = checked;
  return checks_left == 0;
}

void adc_sum(void) {
  sum_waits = true;
  rounds_left = 0;
  sense_sum = 0;
  readback_sum = 0;
}

bool adc_summed(uint16_t *sense, uint16_t *readback) {
  *sense = sense_sum;
  *readback = readback_sum;
  return !sum_waits && rounds_left == 0;
}
