#include "sysex.h"

#include <stdbool.h>

#include "../command.h"
#include "../config.h"
#include "../lines.h"
#include "message.h"

#define BODY_MIN 4
#define ANSWERS 4

static uint8_t body[BODY_MAX];
static uint8_t length; /* whole bytes unpacked */
static bool half;      /* the low seven bits of the next one are there */
static bool broken;    /* too long, or not packed as it should be */

/* Answers waiting for room; what finds no place is dropped, the host's time-out sees to it. */
typedef struct {
  uint8_t of_type;
  uint8_t of_seq;
  uint8_t code;
} answer_t;
static answer_t answers[ANSWERS];
static uint8_t answer_count;

void sysex_begin(void) {
  length = 0;
  half = false;
  broken = false;
}

void sysex_byte(uint8_t byte) {
  if (length == BODY_MAX) {
    broken = true;
  } else if (!half) {
    body[length] = byte;
    half = true;
  } else if (byte > 1) {
    broken = true;
  } else {
    body[length++] |= byte << 7;
    half = false;
  }
}

static bool send_answer(const answer_t *answer) {
  bool accepted = answer->code == ACCEPTED;
  return message_send(accepted ? ACK : REFUSED, answer, accepted ? 2 : 3);
}

void sysex_pump(void) {
  while (answer_count > 0 && send_answer(&answers[0])) {
    answer_count--;
    for (uint8_t i = 0; i < answer_count; i++) answers[i] = answers[i + 1];
  }
}

static uint8_t carry_out(void) {
  if (broken || half || length < BODY_MIN) return BAD_LENGTH;
  uint16_t stored = body[length - 2] | ((uint16_t)body[length - 1] << 8);
  if (crc16(body, length - 2, CRC_START) != stored) return BAD_CRC;
  lines_host_heard();
  return command(body[0], &body[2], length - BODY_MIN);
}

uint8_t sysex_seq(void) { return body[1]; }

void sysex_answer(uint8_t type, uint8_t seq, uint8_t code) {
  answer_t answer = {type, seq, code};
  sysex_pump();
  if (answer_count == 0 && send_answer(&answer)) return;
  if (answer_count < ANSWERS) answers[answer_count++] = answer;
}

void sysex_end(void) {
  uint8_t code = carry_out();
  if (code != NO_ANSWER) sysex_answer(length > 0 ? body[0] : 0, length > 1 ? body[1] : 0, code);
}
