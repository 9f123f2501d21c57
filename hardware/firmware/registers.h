/* The two shift registers: slow outputs, told at once. No safety line hangs on them. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* RESET_N has cleared them, a watchdog reset has not: `word` is what they shall show from here on. */
void registers_begin(uint16_t word);
/* `bits`: of REGISTER_ in pinmap.h. */
void registers_set(uint16_t bits, bool high);
/* All of `bits` are high. */
bool registers_high(uint16_t bits);
