#include "message.h"

#include <util/crc16.h>

#include "../config.h"
#include "../serial.h"

#define FRAME_BYTES 3
#define OVERHEAD_BYTES 4

static uint8_t seq;

/* The line is polled once for so many bytes: each takes some 60 cycles, a byte on the line 2800. */
#define BYTES_PER_POLL 8

static uint16_t add(uint16_t crc, uint8_t byte) {
  return _crc_xmodem_update(crc, byte); /* polynomial 0x1021; started with 0xFFFF it is CCITT-FALSE */
}

uint16_t crc16(const uint8_t *bytes, uint8_t length, uint16_t crc) {
  while (length--) {
    crc = add(crc, *bytes++);
    if (length % BYTES_PER_POLL == 0) serial_poll();
  }
  return crc;
}

static void put(uint8_t byte) {
  serial_write(byte & 0x7F);
  serial_write(byte >> 7);
}

bool message_send(uint8_t type, const void *payload, uint8_t length) {
  uint16_t needed = FRAME_BYTES + 2 * (uint16_t)(length + OVERHEAD_BYTES);
  if (serial_room() < needed) return false;
  serial_write(SYSEX_START);
  serial_write(SYSEX_LINKPULSE);
  put(type);
  put(seq);
  uint16_t crc = add(add(CRC_START, type), seq++);
  for (const uint8_t *byte = payload; length--; byte++) {
    put(*byte);
    crc = add(crc, *byte);
    if (length % BYTES_PER_POLL == 0) serial_poll();
  }
  put(crc & 0xFF);
  put(crc >> 8);
  serial_write(SYSEX_END);
  return true;
}
