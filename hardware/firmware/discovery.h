/* Discovery by either method, and the way from there to power: one command, no host in between. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "guard.h"

void discovery_begin(void);
void discovery_relay(bool to_front_end);
/* Where a prestandard try hears nothing at all, a second one follows with the widest pulses. */
void discovery_start(const request_t *request, bool power, bool heartbeat_by_line);
/* Stops what is under way (a command, SYSTEM_RESET); nothing more is reported of it. */
void discovery_abort(void);
/* The last one has found an unpowered phone. */
bool discovery_found(void);
/* Ends a pass: sleeps until the next tick, or listens, or sends the burst that is due. */
void discovery_wait(void);
void discovery_pass(void);
/* A burst is near: no work that could outlast a tick. */
bool discovery_quiet(void);
