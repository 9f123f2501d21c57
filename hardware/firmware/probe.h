/* The low-voltage probe: is there an 802.3af signature behind the jack, anything else, or nothing? And its class. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum probe_kind { PROBE_OPEN, PROBE_LOAD, PROBE_SIGNATURE, PROBE_LOW, PROBE_HIGH, PROBE_NOT_POSSIBLE };
#define NO_OHMS 0xFFFFFFFFUL
#define NO_CLASS 0xFF

/* As on the line. */
typedef struct {
  uint32_t time;
  uint8_t kind;
  uint32_t ohms;
  uint8_t class;
  uint16_t class_microamps;
  uint16_t low_millivolts;
  uint16_t high_millivolts;
} probe_report_t;

/* False: the relays may not move, because the jack is not dead. */
bool probe_start(void);
void probe_abort(void);
/* Once a pass; true when it is over and the jack is back at the power path. */
bool probe_pass(void);
const probe_report_t *probe_result(void);
/* A valid signature with a class that may be fed; `detected_at`: the end of the detection. */
bool probe_valid(uint32_t *detected_at);
