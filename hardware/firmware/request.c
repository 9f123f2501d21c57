#include "request.h"

#include "config.h"
#include "link/message.h"

static bool within(uint16_t value, uint16_t low, uint16_t high) { return value >= low && value <= high; }

static bool limits_fit(const limits_t *limits) {
  return within(limits->inrush_timer_ms, INRUSH_TIMER_MIN, INRUSH_TIMER_MAX) &&
         within(limits->overload_milliamps, OVERLOAD_MA_MIN, OVERLOAD_MA_MAX) &&
         within(limits->overload_ms, OVERLOAD_MS_MIN, OVERLOAD_MS_MAX) &&
         within(limits->underload_milliamps, UNDERLOAD_MA_MIN, UNDERLOAD_MA_MAX) &&
         within(limits->underload_ms, UNDERLOAD_MS_MIN, UNDERLOAD_MS_MAX) &&
         within(limits->heartbeat_timeout_ms, HEARTBEAT_MS_MIN, HEARTBEAT_MS_MAX) &&
         within(limits->link_deadline_ms, LINK_DEADLINE_MS_MIN, LINK_DEADLINE_MS_MAX) &&
         within(limits->off_dwell_ms, OFF_DWELL_MS_MIN, OFF_DWELL_MS_MAX);
}

uint8_t request_check(const request_t *request) {
  if (request->method > METHOD_AUTO || request->pairs > PAIRS_DATA_MDI) return BAD_PARAMETER;
  if (!within(request->echoes, ECHOES_MIN, ECHOES_MAX)) return BAD_PARAMETER;
  if (!within(request->max_bursts, request->echoes, BURSTS_MAX)) return BAD_PARAMETER;
  if (request->pulse_width > PULSE_WIDEST) return BAD_PARAMETER;
  if (!limits_fit(&request->limits)) return BAD_PARAMETER;
  /* Revision A feeds the spare pairs only. */
  return request->pairs > PAIRS_SPARE_REVERSED ? REFUSED_PAIRS : ACCEPTED;
}

uint8_t request_pairs(const request_t *request, uint8_t method) {
  if (request->pairs != PAIRS_BY_METHOD) return request->pairs;
  return method == METHOD_AF ? PAIRS_SPARE_REVERSED : PAIRS_SPARE;
}
