/* What proves that the one who wants power still lives: HEARTBEAT messages, or edges on the HEARTBEAT line. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct {
  bool by_line;
  uint16_t timeout_ms; /* of the line 500 ms at most */
} heartbeat_t;

void heartbeat_begin(void);
/* Once a pass: `before` is when the pass before looked at the line. */
void heartbeat_pass(uint32_t t, uint32_t before);
/* TICK `counter` has left. */
void heartbeat_tick(uint16_t counter, uint32_t t);
void heartbeat_message(uint16_t counter, uint16_t newest);
bool heartbeat_fresh(const heartbeat_t *heartbeat, uint32_t t);
/* When it last proved life. */
uint32_t heartbeat_at(const heartbeat_t *heartbeat);
/* Edges have come closer than they may, and no good pair of them since. */
bool heartbeat_too_fast(void);
