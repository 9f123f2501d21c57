/* Messages of the board's own sysex, outwards (docs/board-protocol.md). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYSEX_START 0xF0
#define SYSEX_END 0xF7
#define SYSEX_LINKPULSE 0x0C

enum message_type {
  IDENTIFY = 0x01,
  DISCOVER = 0x02,
  OFF = 0x03,
  HEARTBEAT = 0x04,
  LINK = 0x05,
  TAKE_TRIP = 0x06,
  UNLOCK = 0x07,
  SELFTEST = 0x08,
  STORE_PROFILE = 0x09,
  READ_PROFILE = 0x0A,
  IDENTITY = 0x41,
  ACK = 0x42,
  REFUSED = 0x43,
  TICK = 0x44,
  BURST = 0x45,
  DISCOVERY = 0x46,
  POWER = 0x47,
  JACK_SAFE = 0x48,
  INRUSH = 0x49,
  TRACE = 0x4A,
  SAMPLES = 0x4B,
  FAULT = 0x4C,
  TRIP = 0x4D,
  SELFTEST_RESULT = 0x4E,
  PROBE = 0x4F,
  PROFILE = 0x50,
};

enum refusal {
  ACCEPTED = 0,
  UNKNOWN_TYPE = 1,
  BAD_LENGTH = 2,
  BAD_CRC = 3,
  BAD_PARAMETER = 4,
  BUSY = 5,
  REFUSED_FOREIGN_VOLTAGE = 6,
  OFF_DWELL = 7,
  NO_HEARTBEAT = 8,
  REFUSED_ESTOP = 9,
  LOCKED = 10,
  NOT_IDENTIFIED = 11,
  REFUSED_PROTOCOL_VERSION = 12,
  NOT_CALIBRATED = 13,
  REFUSED_PAIRS = 14,
  REFUSED_LINES = 15,
  /* Not on the line: the command has sent its own answer, or wants none. */
  NO_ANSWER = 0xFF,
};

/* Sends a whole message when the transmit ring has room for it; false: nothing was sent. */
bool message_send(uint8_t type, const void *payload, uint8_t length);
uint16_t crc16(const uint8_t *bytes, uint8_t length, uint16_t crc);
#define CRC_START 0xFFFF
