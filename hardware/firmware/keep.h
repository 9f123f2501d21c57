/* What outlives a reset that is no loss of power: the last trip, the lock, and whether power was on. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define JACK_SAFE_NOT_SEEN 0xFFFFFFFFUL

typedef struct {
  uint8_t valid;
  uint8_t cause;
  uint32_t switch_off;
  uint32_t jack_safe;
} trip_t;

typedef struct {
  trip_t trip;
  uint8_t powered;
  uint8_t locked;
  uint16_t crc;
} keep_t;

extern keep_t keep;

/* Trusts what is there when its CRC is right, else starts empty. */
void keep_begin(void);
/* After every change. */
void keep_save(void);
