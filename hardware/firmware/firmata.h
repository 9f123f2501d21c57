/* Firmata 2.5 for the pins that are free for the host; guarded pins exist but can do nothing. */
#pragma once
#include <stdint.h>

/* Announces version and firmware, as a board does after a reset. */
void firmata_begin(void);
void firmata_byte(uint8_t byte);
/* Reports pins and sends answers that waited for room. */
void firmata_pump(void);
