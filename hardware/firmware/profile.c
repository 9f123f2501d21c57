#include "profile.h"

#include <avr/eeprom.h>
#include <stddef.h>
#include <string.h>

#include "config.h"
#include "guard.h"
#include "link/message.h"
#include "link/sysex.h"

#define STORED_BYTES (sizeof(profile_t) - offsetof(profile_t, id))
#define PLACE ((uint8_t *)PROFILE_AT)

profile_t profile;
static bool writing;
static uint8_t at;
static uint8_t answers_seq;

static uint8_t *stored(void) { return (uint8_t *)&profile.id; }
static uint16_t sum(void) { return crc16(stored(), STORED_BYTES - sizeof profile.crc, CRC_START); }

void profile_begin(void) {
  eeprom_read_block(stored(), PLACE, STORED_BYTES);
  profile.valid = profile.id != 0 && profile.crc == sum() && request_check(&profile.request) == ACCEPTED;
  if (!profile.valid) memset(&profile, 0, sizeof profile);
}

uint8_t profile_store(const uint8_t *payload, uint8_t seq) {
  profile_t wanted;
  memcpy(&wanted.id, payload, STORED_BYTES - sizeof wanted.crc);
  if (wanted.id == 0) return BAD_PARAMETER;
  uint8_t code = request_check(&wanted.request);
  if (code != ACCEPTED) return code;
  profile = wanted;
  profile.valid = false; /* until it has been read back */
  profile.crc = sum();
  guard_set_discovering(true);
  writing = true;
  at = 0;
  answers_seq = seq;
  return NO_ANSWER;
}

void profile_pass(void) {
  if (!writing || !eeprom_is_ready()) return;
  if (at < STORED_BYTES) {
    eeprom_update_byte(PLACE + at, stored()[at]);
    at++;
    return;
  }
  writing = false;
  guard_set_discovering(false);
  profile.valid = true;
  for (uint8_t i = 0; i < STORED_BYTES; i++) {
    if (eeprom_read_byte(PLACE + i) != stored()[i]) profile.valid = false;
  }
  uint8_t code = profile.valid ? ACCEPTED : BAD_PARAMETER;
  if (!profile.valid) memset(&profile, 0, sizeof profile);
  sysex_answer(STORE_PROFILE, answers_seq, code);
}
