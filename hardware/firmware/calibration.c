#include "calibration.h"

#include <avr/eeprom.h>
#include <stddef.h>

#include "config.h"
#include "link/message.h"

static const calibration_t nominal = {
    .serial = {'U', 'N', 'S', 'E', 'T', ' ', ' ', ' '},
    .current_gain = GAIN_NOMINAL,
    .jack_gain = GAIN_NOMINAL,
};

calibration_t calibration;
static bool valid;

static bool near(int16_t value, int16_t limit) { return value >= -limit && value <= limit; }
static bool gain_fits(uint16_t gain) { return gain >= GAIN_MIN && gain <= GAIN_MAX; }

/* A right CRC over figures no good board has is a fault of the one who wrote it. */
static bool trusted(void) {
  for (uint8_t i = 0; i < sizeof calibration.serial; i++) {
    if (calibration.serial[i] < ' ' || calibration.serial[i] > '~') return false;
  }
  return calibration.crc == crc16((const uint8_t *)&calibration, offsetof(calibration_t, crc), CRC_START) &&
         gain_fits(calibration.current_gain) && gain_fits(calibration.jack_gain) &&
         near(calibration.current_offset, CURRENT_OFFSET_MAX) && near(calibration.jack_offset, JACK_OFFSET_MAX);
}

void calibration_begin(void) {
  eeprom_read_block(&calibration, (const void *)0, sizeof calibration);
  valid = trusted();
  if (!valid) calibration = nominal;
}

bool calibration_valid(void) { return valid; }
