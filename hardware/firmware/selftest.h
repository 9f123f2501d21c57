/* What the board can find out about itself without a volt on the jack: each switch alone, never both. */
#pragma once
#include <stdbool.h>

/* `starve`: when the result has left, the watchdog is fed no more and the board restarts. */
void selftest_start(bool starve);
bool selftest_starves(void);
/* Stops what is under way (a command, SYSTEM_RESET); nothing is reported of it. */
void selftest_abort(void);
void selftest_pass(void);
