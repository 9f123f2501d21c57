#include "message.h"

#include <util/crc16.h>

#include "../config.h"
#include "../serial.h"

#define FRAME_BYTES 3
#define OVERHEAD_BYTES 4

static uint8_t seq;

uint16_t crc16(const uint8_t *bytes, uint8_t length, uint16_t crc) {
  while (length--) {
    crc = _crc_xmodem_update(crc, *bytes++); /* polynomial 0x1021; started with 0xFFFF it is CCITT-FALSE */
    serial_poll();
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
  uint8_t head[2] = {type, seq++};
  uint16_t crc = crc16(payload, length, crc16(head, sizeof head, CRC_START));
  serial_write(SYSEX_START);
  serial_write(SYSEX_LINKPULSE);
  put(head[0]);
  put(head[1]);
  for (const uint8_t *byte = payload; length--; byte++) put(*byte);
  put(crc & 0xFF);
  put(crc >> 8);
  serial_write(SYSEX_END);
  return true;
}
