#include "adc.h"

#include <avr/io.h>

#include "calibration.h"
#include "config.h"

readings_t readings;

#define NO_CHANNEL 0xFF
static uint8_t converting = NO_CHANNEL;
static uint8_t step;
static uint8_t requested = NO_CHANNEL;
static uint8_t answered = NO_CHANNEL;
static uint16_t answer;
static uint8_t check_channel;
static uint8_t checks_left;
static uint16_t checked;

static uint16_t bounded(int32_t value) { return value < 0 ? 0 : value > UINT16_MAX ? UINT16_MAX : value; }
static uint16_t to_milliamps(uint16_t counts) {
  int32_t value = (int32_t)((uint32_t)counts * calibration.current_gain) + (int32_t)calibration.current_offset * 256;
  return bounded((value + 0x8000) >> 16);
}
static uint16_t to_millivolts(uint16_t counts) {
  return bounded((int32_t)(((uint32_t)counts * calibration.jack_gain) >> 9) + calibration.jack_offset);
}

static void start(uint8_t channel) {
  converting = channel;
  ADMUX = _BV(REFS0) | channel;
  ADCSRA = _BV(ADEN) | _BV(ADSC) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0); /* 125 kHz: 104 us, within a tick */
}

void adc_begin(void) {
  DIDR0 = _BV(CURRENT_CHANNEL) | _BV(JACK_VOLTS_CHANNEL);
  start(CURRENT_CHANNEL);
}

void adc_poll(void) {
  if (ADCSRA & _BV(ADSC)) return;
  uint16_t counts = ADC;
  readings.noise = ((readings.noise << 1) | (readings.noise >> 15)) ^ counts;
  switch (converting) {
    case CURRENT_CHANNEL:
      readings.milliamps = to_milliamps(counts);
      readings.current_count++;
      break;
    case JACK_VOLTS_CHANNEL:
      readings.jack_millivolts = to_millivolts(counts);
      readings.jack_count++;
      break;
    case ADC_BANDGAP_CHANNEL:
    case ADC_GROUND_CHANNEL:
      checked = counts;
      if (--checks_left > 0) {
        start(check_channel);
        return;
      }
      break;
    default:
      answered = converting;
      answer = counts;
  }
  step = (step + 1) & 3;
  if ((step & 1) == 0) {
    start(CURRENT_CHANNEL);
  } else if (step == 3 && checks_left > 0) {
    start(check_channel);
  } else if (step == 3 && requested != NO_CHANNEL) {
    start(requested);
    requested = NO_CHANNEL;
  } else {
    start(JACK_VOLTS_CHANNEL);
  }
}

void adc_check(uint8_t channel) {
  check_channel = channel;
  checks_left = ADC_CHECK_CONVERSIONS;
}

bool adc_checked(uint16_t *counts) {
  *counts = checked;
  return checks_left == 0;
}

bool adc_request(uint8_t channel) {
  if (requested != NO_CHANNEL) return false;
  requested = channel;
  return true;
}

bool adc_answer(uint8_t *channel, uint16_t *counts) {
  if (answered == NO_CHANNEL) return false;
  *channel = answered;
  *counts = answer;
  answered = NO_CHANNEL;
  return true;
}
