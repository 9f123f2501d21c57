/* Messages of the board's own sysex, inwards: unpacking, length and CRC; a whole one goes to command(). */
#pragma once
#include <stdint.h>

void sysex_begin(void);
/* One 7-bit byte between F0 0C and F7. */
void sysex_byte(uint8_t byte);
/* F7: checks, carries out and answers. */
void sysex_end(void);
/* The sequence number of the message that is being carried out, and a later answer to it. */
uint8_t sysex_seq(void);
void sysex_answer(uint8_t type, uint8_t seq, uint8_t code);
/* Tries again to send answers for which there was no room. */
void sysex_pump(void);
