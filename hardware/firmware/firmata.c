#include "firmata.h"

#include <avr/io.h>
#include <avr/pgmspace.h>
#include <stdbool.h>

#include "adc.h"
#include "config.h"
#include "discovery.h"
#include "guard.h"
#include "link/message.h"
#include "link/sysex.h"
#include "registers.h"
#include "selftest.h"
#include "serial.h"
#include "timebase.h"

/* Firmata protocol 2.5: commands and sysex ids. */
enum {
  DIGITAL_MESSAGE = 0x90,
  REPORT_ANALOG = 0xC0,
  REPORT_DIGITAL = 0xD0,
  ANALOG_MESSAGE = 0xE0,
  SET_PIN_MODE = 0xF4,
  SET_DIGITAL_PIN = 0xF5,
  REPORT_VERSION = 0xF9,
  SYSTEM_RESET = 0xFF,
  ANALOG_MAPPING_QUERY = 0x69,
  ANALOG_MAPPING_RESPONSE = 0x6A,
  CAPABILITY_QUERY = 0x6B,
  CAPABILITY_RESPONSE = 0x6C,
  PIN_STATE_QUERY = 0x6D,
  PIN_STATE_RESPONSE = 0x6E,
  REPORT_FIRMWARE = 0x79,
  SAMPLING_INTERVAL = 0x7A,
};
enum { MODE_INPUT = 0x00, MODE_OUTPUT = 0x01, MODE_ANALOG = 0x02, MODE_PULLUP = 0x0B };
#define DIGITAL_BITS 1
#define ANALOG_BITS 10
#define NONE 0x7F
#define DIGITAL_PORTS ((PIN_COUNT + 7) / 8)
#define ANALOG_CHANNELS 2 /* CURRENT and JACK_VOLTS, in this order */

typedef struct {
  uint8_t port; /* 0 B, 1 C, 2 D: PINx, DDRx and PORTx follow each other from PINB on */
  uint8_t bit;
  uint8_t kind; /* what a pin of this kind can do is one mode: Firmata's commands to change it change nothing */
  uint8_t adc_channel;
} pin_t;
enum { PORT_INDEX_B, PORT_INDEX_C, PORT_INDEX_D };
#define PIN_ENTRY(port, bit, kind, channel) {PORT_INDEX_##port, bit, kind, channel},
static const __flash pin_t pins[PIN_COUNT] = {PIN_TABLE(PIN_ENTRY)};

static volatile uint8_t *pin_register(uint8_t pin) { return &PINB + 3 * pins[pin].port; }
#define INPUT_REGISTER(pin) (pin_register(pin)[0])
#define PORT_REGISTER(pin) (pin_register(pin)[2])

static uint8_t ports_reported; /* bit n: Firmata's port n */
static uint16_t port_value[DIGITAL_PORTS]; /* as last reported */
#define NEVER_REPORTED 0xFFFF
static uint8_t analog_reported; /* bit n: Firmata's analog channel n */
static uint16_t sampling_ms;
static uint32_t sampling_due;

/* Answers that are owed; sent one a pass when there is room. */
enum { OWE_VERSION = 1, OWE_FIRMWARE = 2, OWE_CAPABILITIES = 4, OWE_MAPPING = 8 };
static uint8_t owed;
static uint32_t owed_states; /* bit n: state of pin n */

static bool is_kind(uint8_t pin, uint8_t kind) { return pin < PIN_COUNT && pins[pin].kind == kind; }

static bool output_is_high(uint8_t pin) {
  if (is_kind(pin, PIN_ON_REGISTER)) return registers_high(1U << pins[pin].bit);
  return is_kind(pin, PIN_OUTPUT) && (PORT_REGISTER(pin) & _BV(pins[pin].bit));
}

static void write_pin(uint8_t pin, bool high) {
  if (is_kind(pin, PIN_ON_REGISTER)) {
    registers_set(1U << pins[pin].bit, high);
  } else if (is_kind(pin, PIN_OUTPUT)) {
    if (high) PORT_REGISTER(pin) |= _BV(pins[pin].bit);
    else PORT_REGISTER(pin) &= ~_BV(pins[pin].bit);
  }
}

static void reset_pins(void) {
  for (uint8_t pin = 0; pin < PIN_COUNT; pin++) {
    write_pin(pin, false);
    serial_poll();
  }
  ports_reported = 0;
  analog_reported = 0;
  sampling_ms = SAMPLING_MS_DEFAULT;
}

/* ---- inwards -------------------------------------------------------------------------------------------- */

#define SYSEX_BYTES 4
static uint8_t status; /* command whose data bytes are awaited, 0: none */
static uint8_t data[SYSEX_BYTES];
static uint8_t count;
static bool sysex_known; /* the id of the sysex under way has come */
static uint8_t sysex_id;

static void system_reset(void) {
  discovery_abort();
  selftest_abort();
  guard_off(CAUSE_SYSTEM_RESET, now());
  reset_pins();
}

static void sysex_done(void) {
  switch (sysex_id) {
    case SYSEX_LINKPULSE:
      sysex_end();
      break;
    case REPORT_FIRMWARE:
      owed |= OWE_FIRMWARE;
      break;
    case CAPABILITY_QUERY:
      owed |= OWE_CAPABILITIES;
      break;
    case ANALOG_MAPPING_QUERY:
      owed |= OWE_MAPPING;
      break;
    case PIN_STATE_QUERY:
      if (count == 1 && data[0] < PIN_COUNT) owed_states |= 1UL << data[0];
      break;
    case SAMPLING_INTERVAL:
      if (count == 2) {
        sampling_ms = data[0] | ((uint16_t)data[1] << 7);
        if (sampling_ms < SAMPLING_MS_MIN) sampling_ms = SAMPLING_MS_MIN;
      }
      break;
  }
}

static void sysex_data(uint8_t byte) {
  if (!sysex_known) {
    sysex_known = true;
    sysex_id = byte;
    if (byte == SYSEX_LINKPULSE) sysex_begin();
  } else if (sysex_id == SYSEX_LINKPULSE) {
    sysex_byte(byte);
  } else if (count < SYSEX_BYTES) {
    data[count++] = byte;
  }
}

static void short_message(void) {
  uint8_t low = data[0];
  uint8_t value = data[0] | (data[1] << 7);
  if (status == SET_DIGITAL_PIN) {
    write_pin(low, data[1]);
  } else if ((status & 0xF0) == DIGITAL_MESSAGE) {
    uint8_t first = (status & 0x0F) * 8;
    for (uint8_t bit = 0; bit < 8; bit++) {
      write_pin(first + bit, value & _BV(bit));
      serial_poll();
    }
  } else if ((status & 0xF0) == REPORT_DIGITAL) {
    uint8_t port = status & 0x0F;
    if (port < DIGITAL_PORTS) {
      if (low) ports_reported |= _BV(port);
      else ports_reported &= ~_BV(port);
      port_value[port] = NEVER_REPORTED;
    }
  } else if ((status & 0xF0) == REPORT_ANALOG) {
    uint8_t channel = status & 0x0F;
    if (channel < ANALOG_CHANNELS) {
      if (low) analog_reported |= _BV(channel);
      else analog_reported &= ~_BV(channel);
    }
  }
}

static uint8_t data_bytes(uint8_t command) {
  switch (command & 0xF0) {
    case DIGITAL_MESSAGE:
    case ANALOG_MESSAGE:
      return 2;
    case REPORT_ANALOG:
    case REPORT_DIGITAL:
      return 1;
  }
  return command == SET_PIN_MODE || command == SET_DIGITAL_PIN ? 2 : 0;
}

void firmata_byte(uint8_t byte) {
  if (byte < 0x80) {
    if (status == SYSEX_START) {
      sysex_data(byte);
    } else if (status != 0) {
      data[count++] = byte;
      if (count == data_bytes(status)) {
        short_message();
        status = 0;
      }
    }
    return;
  }
  /* Every byte from 0x80 on starts something new; an unfinished message is forgotten. */
  bool ends_sysex = status == SYSEX_START && byte == SYSEX_END && sysex_known;
  status = 0;
  count = ends_sysex ? count : 0;
  data[1] = ends_sysex ? data[1] : 0;
  if (ends_sysex) {
    sysex_done();
    count = 0;
  } else if (byte == SYSTEM_RESET) {
    system_reset();
  } else if (byte == REPORT_VERSION) {
    owed |= OWE_VERSION;
  } else if (byte == SYSEX_START) {
    status = byte;
    sysex_known = false;
  } else if (data_bytes(byte) > 0) {
    status = byte;
  }
}

/* ---- outwards ------------------------------------------------------------------------------------------- */

static void send_version(void) {
  serial_write(REPORT_VERSION);
  serial_write(FIRMATA_MAJOR);
  serial_write(FIRMATA_MINOR);
}

static void send_firmware(void) {
  static const __flash char name[] = FIRMWARE_NAME;
  serial_write(SYSEX_START);
  serial_write(REPORT_FIRMWARE);
  serial_write(FIRMWARE_MAJOR);
  serial_write(FIRMWARE_MINOR);
  for (uint8_t i = 0; i < sizeof name - 1; i++) {
    serial_write(name[i] & 0x7F);
    serial_write(0);
  }
  serial_write(SYSEX_END);
}

static const __flash uint8_t modes[] = {
    [PIN_INPUT] = MODE_INPUT, [PIN_OUTPUT] = MODE_OUTPUT, [PIN_READING] = MODE_ANALOG, [PIN_ON_REGISTER] = MODE_OUTPUT,
};

static void send_capabilities(void) {
  serial_write(SYSEX_START);
  serial_write(CAPABILITY_RESPONSE);
  for (uint8_t pin = 0; pin < PIN_COUNT; pin++) {
    uint8_t kind = pins[pin].kind;
    if (kind != PIN_GUARDED) {
      serial_write(modes[kind]);
      serial_write(kind == PIN_READING ? ANALOG_BITS : DIGITAL_BITS);
    }
    serial_write(NONE);
    serial_poll();
  }
  serial_write(SYSEX_END);
}

static void send_mapping(void) {
  uint8_t channel = 0;
  serial_write(SYSEX_START);
  serial_write(ANALOG_MAPPING_RESPONSE);
  for (uint8_t pin = 0; pin < PIN_COUNT; pin++) {
    serial_write(is_kind(pin, PIN_READING) ? channel++ : NONE);
    serial_poll();
  }
  serial_write(SYSEX_END);
}

static void send_state(uint8_t pin) {
  serial_write(SYSEX_START);
  serial_write(PIN_STATE_RESPONSE);
  serial_write(pin);
  if (!is_kind(pin, PIN_GUARDED)) {
    serial_write(modes[pins[pin].kind]);
    serial_write(output_is_high(pin));
  }
  serial_write(SYSEX_END);
}

static const __flash struct {
  uint8_t bit;
  uint8_t room;
  void (*send)(void);
} answers[] = {
    {OWE_VERSION, 3, send_version},
    {OWE_FIRMWARE, 5 + 2 * (sizeof FIRMWARE_NAME - 1), send_firmware},
    {OWE_CAPABILITIES, 3 + 3 * PIN_COUNT, send_capabilities},
    {OWE_MAPPING, 3 + PIN_COUNT, send_mapping},
};
#define STATE_ROOM 6
#define REPORT_ROOM 3

static void send_value(uint8_t head, uint16_t value) {
  serial_write(head);
  serial_write(value & 0x7F);
  serial_write((value >> 7) & 0x7F);
}

static void report_digital(void) {
  uint8_t values[DIGITAL_PORTS] = {0};
  for (uint8_t pin = 0; pin < PIN_COUNT; pin++) {
    if (is_kind(pin, PIN_INPUT) && (INPUT_REGISTER(pin) & _BV(pins[pin].bit))) values[pin >> 3] |= 1 << (pin & 7);
  }
  for (uint8_t port = 0; port < DIGITAL_PORTS; port++) {
    if (!(ports_reported & _BV(port)) || values[port] == port_value[port] || serial_room() < REPORT_ROOM) continue;
    port_value[port] = values[port];
    send_value(DIGITAL_MESSAGE | port, values[port]);
  }
}

/* From the guard's table: no conversion is ever started from here. */
static void report_analog(void) {
  uint32_t t = now();
  if ((int32_t)(t - sampling_due) < 0) return;
  sampling_due = t + MS(sampling_ms);
  for (uint8_t channel = 0; channel < ANALOG_CHANNELS; channel++) {
    if (!(analog_reported & _BV(channel)) || serial_room() < REPORT_ROOM) continue;
    send_value(ANALOG_MESSAGE | channel, channel == 0 ? readings.current_counts : readings.jack_counts);
  }
}

void firmata_begin(void) {
  reset_pins();
  owed = OWE_VERSION | OWE_FIRMWARE;
}

void firmata_pump(void) {
  if (ports_reported) report_digital();
  if (analog_reported) report_analog();
  if (owed == 0 && owed_states == 0) return;
  serial_poll();
  for (uint8_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    if (!(owed & answers[i].bit)) continue;
    if (serial_room() < answers[i].room) return;
    owed &= ~answers[i].bit;
    answers[i].send();
    return;
  }
  if (owed_states == 0 || serial_room() < STATE_ROOM) return;
  uint8_t pin = 0;
  while (!(owed_states & (1UL << pin))) pin++;
  owed_states &= ~(1UL << pin);
  send_state(pin);
}
