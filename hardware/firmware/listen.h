/* Hearing a live partner: bursts and link pulses that are not ours, timed pulse by pulse while we send nothing. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct {
  uint16_t pulses;
  bool pattern; /* they come as a link partner's do: FLP bursts or link pulses */
  bool word_valid;
  uint16_t word;
} partner_t;

void listen_begin(partner_t *partner);
/* About 1 ms of listening; stays until the end of a burst it is hearing (4 ms at most). Serves the serial line. */
void listen_slice(partner_t *partner);
