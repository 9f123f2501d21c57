/* What production wrote into this board: who it is, and how its two measurements deviate. Read once, at reset. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* The first bytes of the EEPROM (docs/board-protocol.md); the AVR packs without holes. */
typedef struct {
  char serial[8]; /* printable ASCII */
  uint8_t revision;
  uint16_t current_gain;  /* mA a count, in parts of 2^16 */
  int16_t current_offset; /* parts of 2^8 mA */
  uint16_t jack_gain;     /* mV a count, in parts of 2^9 */
  int16_t jack_offset;    /* mV */
  uint16_t date;          /* days since 2000-01-01 */
  uint16_t crc;           /* over all before it */
} calibration_t;

/* Nominal, with the serial number UNSET and revision 0, where the block is not to be trusted. */
extern calibration_t calibration;

void calibration_begin(void);
bool calibration_valid(void);
