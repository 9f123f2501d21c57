/* One conversion a tick, by a plan of eight; everything else reads the table. The reference is the external one. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct {
  uint16_t milliamps;
  uint16_t jack_millivolts;
  /* As converted. */
  uint16_t current_counts;
  uint16_t jack_counts;
  uint16_t readback_counts;
  uint16_t sense_counts;
  /* Conversions so far, modulo 256: a change says that the value is new. */
  uint8_t current_seen;
  uint8_t jack_seen;
  /* The low bits of every conversion, mixed: noise for the random words. */
  uint16_t noise;
} readings_t;

extern readings_t readings;

enum adc_plan {
  ADC_USUAL,  /* current and jack by turns */
  ADC_INRUSH, /* current, the jack once in eight */
  ADC_PROBE,  /* AF_SENSE and READBACK by turns, now and then the others */
};

void adc_begin(void);
void adc_poll(void);
void adc_plan(uint8_t plan);
/* Measures a channel of the chip's own (bandgap, ground) several times in a row, between the others. */
void adc_check(uint8_t channel);
/* True once it is done; the last value. */
bool adc_checked(uint16_t *counts);
/* From the plan's next round on: sums of ADC_SUMMED conversions of each over a period of the mains. Plan: ADC_PROBE. */
void adc_sum(void);
/* True once it is done. */
bool adc_summed(uint16_t *sense, uint16_t *readback);
