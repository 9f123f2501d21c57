/* Messages of the board's own sysex, inwards: unpacking, length and CRC; a whole one goes to command(). */
#pragma once
#include <stdint.h>

void sysex_begin(void);
/* One 7-bit byte between F0 0C and F7. */
void sysex_byte(uint8_t byte);
/* F7: checks, carries out and answers. */
void sysex_end(void);
/* Tries again to send answers for which there was no room. */
void sysex_pump(void);
