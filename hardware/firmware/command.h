/* What a host's message does. */
#pragma once
#include <stdint.h>

/* Returns ACCEPTED, a refusal (nothing has changed then) or NO_ANSWER. */
uint8_t command(uint8_t type, const uint8_t *payload, uint8_t length);
/* MCUSR as found at reset. */
extern uint8_t reset_cause;
