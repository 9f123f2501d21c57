#include "keep.h"

#include <stddef.h>
#include <string.h>

#include "link/message.h"

/* Not cleared by the start-up code. */
keep_t keep __attribute__((section(".noinit")));

static uint16_t sum(void) { return crc16((const uint8_t *)&keep, offsetof(keep_t, crc), CRC_START); }

void keep_begin(void) {
  if (keep.crc == sum()) return;
  memset(&keep, 0, sizeof keep);
  keep_save();
}

void keep_save(void) { keep.crc = sum(); }
