/* Linkpulse injector board, ATmega328P at 16 MHz. One loop, everything polled; interrupts only end sleep. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/wdt.h>

#include "adc.h"
#include "calibration.h"
#include "command.h"
#include "config.h"
#include "discovery.h"
#include "firmata.h"
#include "guard.h"
#include "keep.h"
#include "lines.h"
#include "link/sysex.h"
#include "profile.h"
#include "reports.h"
#include "selftest.h"
#include "serial.h"
#include "timebase.h"

/* As much as one pass may parse; the line brings less than one byte a tick. */
#define BYTES_PER_PASS 8

uint8_t reset_cause;

int main(void) {
  reset_cause = MCUSR;
  MCUSR = 0;
  wdt_enable(WATCHDOG);
  timebase_begin();
  serial_begin();
  keep_begin();
  calibration_begin();
  profile_begin();
  guard_begin();
  discovery_begin();
  adc_begin();
  lines_begin();
  firmata_begin();

  for (;;) {
    discovery_wait();
    if (!selftest_starves()) wdt_reset();
    serial_poll();
    adc_poll();
    guard_pass();
    serial_poll();
    discovery_pass();
    selftest_pass();
    serial_poll();
    lines_pass();
    profile_pass();
    serial_poll();
    if (discovery_quiet()) continue;
    for (uint8_t n = 0; n < BYTES_PER_PASS && serial_available(); n++) {
      firmata_byte(serial_read());
      serial_poll();
    }
    sysex_pump();
    firmata_pump();
    serial_poll();
    reports_pump();
  }
}
