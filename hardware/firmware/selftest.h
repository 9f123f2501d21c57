/* What the board can find out about itself without a volt on the jack: GATE, PUMP and SWITCH2 are never touched. */
#pragma once
#include <stdbool.h>

void selftest_start(void);
/* Stops what is under way (a command, SYSTEM_RESET); nothing is reported of it. */
void selftest_abort(void);
void selftest_pass(void);
