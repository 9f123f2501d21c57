/* The power guard: the only code that touches GATE, PUMP, SWITCH2, LATCH_CLEAR and the two relays at the jack. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "request.h"

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
  CAUSE_LINE_TOO_FAST,
  CAUSE_NOT_FOUND,
  CAUSE_PWR_REQ_HELD,
};

void guard_begin(void);
uint8_t guard_state(void);
/* All conditions of a running power-on, once a pass; toggles PUMP when every one holds. */
void guard_pass(void);
/* For the discovery: state OFF <-> DISCOVERING. */
void guard_set_discovering(bool discovering);
/* What forbids power right now, NO_CAUSE: nothing. */
uint8_t guard_obstacle(uint16_t heartbeat_timeout_ms, bool heartbeat_by_line);
void guard_clear_latch(bool active);
/* Closes only while GATE is low and no low-voltage source is joined. */
void guard_second_switch(bool closed);
/* The polarity relay for `pairs`, and the relay that joins the low-voltage sources: they move only with both switches open
   and the jack below 2.8 V, in state DISCOVERING. False: they may not. */
bool guard_polarity(uint8_t pairs);
bool guard_low_voltage(bool joined);
/* Closes the path, the last step. `request` must stay as it is while on; `discovered_at`: when the discovery ended. */
void guard_power_on(const request_t *request, uint8_t method, bool heartbeat_by_line, uint32_t discovered_at);
/* For the self-test: GATE with the second switch open, and one edge of PUMP. */
void guard_test_gate(bool high);
void guard_test_pump(void);
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
bool guard_heartbeat_fresh(uint16_t timeout_ms, bool by_line);
