/* The two shift registers: slow outputs, told at once. No safety line hangs on them. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* All 0, as every reset has left them: floating pins clear them. */
void registers_begin(void);
/* `bits`: of REGISTER_ in pinmap.h. */
void registers_set(uint16_t bits, bool high);
/* All of `bits` are high. */
bool registers_high(uint16_t bits);
