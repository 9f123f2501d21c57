/* One conversion a tick: CURRENT, JACK_VOLTS, CURRENT, then JACK_VOLTS or a channel the host listens to. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct {
  uint16_t milliamps;
  uint16_t jack_millivolts;
  /* Conversions so far, modulo 256: a change says that the value is new. */
  uint8_t current_count;
  uint8_t jack_count;
  /* The low bits of every conversion, mixed: noise for the random words. */
  uint16_t noise;
} readings_t;

extern readings_t readings;

void adc_begin(void);
void adc_poll(void);
/* Asks for one conversion of an ADC channel that belongs to the host; false: another one is under way. */
bool adc_request(uint8_t channel);
/* Measures a channel of the chip's own (bandgap, ground) several times in a row, between the others. */
void adc_check(uint8_t channel);
/* True once it is done; the last value. */
bool adc_checked(uint16_t *counts);
/* True once after a requested conversion. */
bool adc_answer(uint8_t *channel, uint16_t *counts);
