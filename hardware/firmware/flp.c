#include "flp.h"

#include <avr/io.h>
#include <string.h>

#include "adc.h"
#include "config.h"
#include "serial.h"
#include "timebase.h"

#define PULSE _BV(FLP_TX_BIT)
#define SAMPLES 24
#define INDEX_MASK 0x1F
#define CHANGED 0x80
/* From the rise of a pulse to the first sample. */
#define FIRST_SAMPLE_CYCLES 4
#define NO_ROUND_TRIP 0xFF

typedef uint8_t *send_t(uint8_t *slots, uint8_t *received, uint8_t tick);
send_t flp_burst_2, flp_burst_4, flp_burst_8, flp_burst_16;
static send_t *const senders[PULSE_WIDTHS] = {flp_burst_2, flp_burst_4, flp_burst_8, flp_burst_16};

static uint8_t slots[BURST_POSITIONS];
static uint8_t received[BURST_POSITIONS];
static uint8_t sent[5];
static uint16_t word;
static uint32_t random_state = 0x4C505553;

void flp_begin(void) { PCMSK2 = _BV(FLP_RX_BIT); /* the flag only: PCICR stays 0 */ }

void flp_entropy(uint32_t value) { random_state ^= value; }

static uint16_t fresh_word(uint16_t last) {
  random_state ^= ((uint32_t)readings.noise << 16) | TCNT1;
  uint16_t fresh;
  do {
    if (random_state == 0) random_state = 0x4C505553;
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    fresh = random_state >> 16;
  } while (fresh == 0 || fresh == last);
  return fresh;
}

void flp_prepare(void) {
  word = fresh_word(word);
  uint16_t bits = word;
  memset(sent, 0, sizeof sent);
  for (uint8_t position = 0; position < BURST_POSITIONS; position++) {
    if ((position & 1) == 0) {
      slots[position] = PULSE;
    } else {
      slots[position] = bits & 1 ? PULSE : 0;
      bits >>= 1;
    }
    if (slots[position] & PULSE) sent[position >> 3] |= 1 << (position & 7);
    serial_poll();
  }
}

/* Short before the burst: what takes time was done by flp_prepare. */
bool flp_send(uint16_t at, uint8_t width, burst_t *burst) {
  serial_poll();
  if (!arm_tick(at)) return false;
  uint8_t *end = senders[width](slots, received, (uint8_t)at);
  for (uint8_t *byte = received; byte < end; byte++) serial_received(*byte);
  uint32_t after = now();
  burst->time = after - (uint16_t)((uint16_t)after - at);
  serial_poll();

  burst->word = word;
  burst->pulse_width = width;
  burst->round_trip = NO_ROUND_TRIP;
  burst->foreign = 0;
  memcpy(burst->sent, sent, sizeof burst->sent);
  memset(burst->heard, 0, sizeof burst->heard);
  for (uint8_t position = 0; position < BURST_POSITIONS; position++) {
    uint8_t first = slots[position] & INDEX_MASK;
    uint8_t mask = 1 << (position & 7);
    bool own = sent[position >> 3] & mask;
    if (slots[position] & CHANGED) burst->foreign++;
    if (first < SAMPLES) {
      burst->heard[position >> 3] |= mask;
      if (!own) {
        burst->foreign++;
      } else if (first + FIRST_SAMPLE_CYCLES < burst->round_trip) {
        burst->round_trip = first + FIRST_SAMPLE_CYCLES;
      }
    }
    serial_poll();
  }
  return true;
}

bool flp_matches(const burst_t *burst) {
  return burst->foreign == 0 && memcmp(burst->sent, burst->heard, sizeof burst->sent) == 0;
}

bool flp_silent(const burst_t *burst) {
  static const uint8_t none[sizeof burst->heard];
  return burst->foreign == 0 && memcmp(burst->heard, none, sizeof none) == 0;
}

bool flp_foreign_edge(void) {
  if (!(PCIFR & _BV(PCIF2))) return false;
  PCIFR = _BV(PCIF2);
  return true;
}
