/* Discovery, and the way from a loopback to power: one command, no host in between. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "guard.h"

void discovery_begin(void);
void discovery_relay(bool to_front_end);
/* `pulse_width`: of the first try; where it hears nothing at all, a second one follows with the widest. */
void discovery_start(uint8_t echoes, uint8_t max_bursts, uint8_t pulse_width, bool power, const limits_t *limits);
/* Stops what is under way (a command, SYSTEM_RESET); nothing more is reported of it. */
void discovery_abort(void);
/* Ends a pass: sleeps until the next tick, or listens, or sends the burst that is due. */
void discovery_wait(void);
void discovery_pass(void);
/* A burst is near: no work that could outlast a tick. */
bool discovery_quiet(void);
