/* The power guard: the only code that touches GATE, PUMP, SWITCH2 and LATCH_CLEAR. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum state { STATE_OFF, STATE_DISCOVERING, STATE_INRUSH, STATE_ON, STATE_DISCHARGING, STATE_LOCKED };

enum cause {
  NO_CAUSE,
  COMMANDED,
  CAUSE_HEARTBEAT,
  CAUSE_SHORT,
  CAUSE_OVERLOAD,
  CAUSE_INRUSH,
  CAUSE_UNDERLOAD,
  CAUSE_ESTOP,
  CAUSE_LINK_DEADLINE,
  CAUSE_SYSTEM_RESET,
  CAUSE_BOARD_RESET,
  CAUSE_RELAY,
  CAUSE_FOREIGN_VOLTAGE,
  CAUSE_SWITCH_STUCK,
};

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

void guard_begin(void);
uint8_t guard_state(void);
/* All conditions of a running power-on, once a pass; toggles PUMP when every one holds. */
void guard_pass(void);
/* For the discovery: state OFF <-> DISCOVERING. */
void guard_set_discovering(bool discovering);
/* What forbids power right now, NO_CAUSE: nothing. `limits` as they will apply. */
uint8_t guard_obstacle(const limits_t *limits);
void guard_clear_latch(bool active);
void guard_second_switch(bool closed);
/* Closes the path, the last step. `discovered_at`: when the last valid burst ended. */
void guard_power_on(const limits_t *limits, uint32_t discovered_at);
/* Turns off for `cause` when on; `onset`: when the cause began. */
void guard_off(uint8_t cause, uint32_t onset);
void guard_fault(uint8_t code);
/* A switch conducts that should not: the second one opens and stays open until a person unlocks. */
void guard_lock(uint32_t onset);
/* False: the jack still carries voltage. */
bool guard_unlock(void);
bool guard_dwelling(void);
bool guard_jack_safe(void);
bool guard_pass_through(void);
bool guard_estop_ok(void);
/* The comparator's latch is not set. */
bool guard_short_clear(void);
void guard_link(bool up);
void guard_heartbeat(uint16_t counter);
bool guard_heartbeat_fresh(uint16_t timeout_ms);
