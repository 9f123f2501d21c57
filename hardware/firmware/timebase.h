/* Time and the tick. Timer 1 runs free at 64 cycles; the only interrupt that ever wakes the CPU for work is its compare B. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

void timebase_begin(void);
/* Units of 64 cycles since reset; must be called at least every 262 ms. */
uint32_t now(void);
/* Sleeps until the next tick, sending serial bytes meanwhile; returns at once when the pass before outlasted its tick. */
void wait_tick(void);
/* Leaves out the ticks that have passed by: after work that outlasted them. */
void catch_up(void);
/* Timer value of the tick that comes next. */
uint16_t upcoming_tick(void);
/* Arms the compare for `at` (a coming tick); false: too late to be met. The caller sleeps for it. */
bool arm_tick(uint16_t at);
