/* Current over time while power is on: the inrush at every tick (6.25 kHz), then blocks of 10 samples at 10 ms. */
#pragma once
#include <stdint.h>

void trace_begin(uint32_t on_at);
void trace_pass(uint32_t t);
/* Reports the inrush as traced so far; it ended at `t`. */
void trace_inrush_end(uint32_t t);
/* Reports the samples of a block that is not full yet. */
void trace_flush(void);
