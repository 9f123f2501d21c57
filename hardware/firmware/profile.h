/* The stored profile of the discrete lines: how they discover and what they may feed. In the EEPROM, with a CRC. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "request.h"

/* The report PROFILE as it goes over the line, then the CRC; in the EEPROM all but `valid`. */
typedef struct {
  uint8_t valid;
  uint16_t id;
  request_t request;
  uint16_t crc; /* over id and request */
} profile_t;
#define PROFILE_REPORT_BYTES (1 + 2 + sizeof(request_t))

extern profile_t profile;

void profile_begin(void);
/* A whole payload of STORE_PROFILE. NO_ANSWER: it is being written, the answer follows; else why not. */
uint8_t profile_store(const uint8_t *payload, uint8_t seq);
/* Writes a byte when the EEPROM is ready for one. */
void profile_pass(void);
