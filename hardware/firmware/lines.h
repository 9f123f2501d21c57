/* The discrete lines: the same discovery and guard, driven without serial. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

void lines_begin(void);
void lines_pass(void);
/* A whole message has come over serial: its sender commands, for the next two seconds. */
void lines_host_heard(void);
/* Something went wrong while the lines command: FAULT_N. */
void lines_trip(void);
/* PWR_REQ is high. */
bool lines_power_requested(void);
/* The bits of TICK's flags that are about the lines. */
uint8_t lines_flags(void);
