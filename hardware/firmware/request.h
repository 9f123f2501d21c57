/* How to discover, what to feed and within which limits: of a DISCOVER, or of the stored profile. As on the line. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum method { METHOD_PRESTANDARD, METHOD_AF, METHOD_AUTO };
/* Spare pairs 4,5 and 7,8; data pairs 1,2 and 3,6. */
enum pairs { PAIRS_BY_METHOD, PAIRS_SPARE, PAIRS_SPARE_REVERSED, PAIRS_DATA_MDIX, PAIRS_DATA_MDI };

/* What the host may set, within the bounds of config.h. */
typedef struct {
  uint16_t inrush_timer_ms;
  uint16_t overload_milliamps;
  uint16_t overload_ms;
  uint16_t underload_milliamps;
  uint16_t underload_ms;
  uint16_t heartbeat_timeout_ms;
  uint16_t link_deadline_ms;
  uint16_t off_dwell_ms;
} limits_t;

typedef struct {
  uint8_t method;
  uint8_t pairs;
  uint8_t echoes;
  uint8_t max_bursts;
  uint8_t pulse_width;
  limits_t limits;
} request_t;

/* ACCEPTED, BAD_PARAMETER, or REFUSED_PAIRS for pairs that this revision does not feed. */
uint8_t request_check(const request_t *request);
/* What `method` feeds by this request: never PAIRS_BY_METHOD. */
uint8_t request_pairs(const request_t *request, uint8_t method);
