/* FLP bursts of our own and what comes back of them. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct {
  uint32_t time; /* of the burst's start */
  uint16_t word;
  uint8_t sent[5]; /* bit n: pulse position n+1 */
  uint8_t heard[5];
  uint8_t round_trip; /* cycles, 0xFF: nothing came back */
  uint8_t foreign;    /* pulses in places where we sent none */
  uint8_t pulse_width;
} burst_t;

void flp_begin(void);
void flp_entropy(uint32_t value);
/* Lays out the next burst with a fresh random word. */
void flp_prepare(void);
/* Sends it at the tick `at`; `width`: code of the protocol. False: the tick is gone, nothing was sent. */
bool flp_send(uint16_t at, uint8_t width, burst_t *burst);
/* All 33 positions came back and nothing else. */
bool flp_matches(const burst_t *burst);
bool flp_silent(const burst_t *burst);
/* A pulse was heard since the last call. */
bool flp_foreign_edge(void);
