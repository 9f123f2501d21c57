/*
 * The committed firmware in simavr, with the outside played from a script on standard input; what happened goes to
 * standard output. test/hardware/figures-stimulus.ts writes the script, and plays the same one in avr8js.
 *
 *   linkpulse-simavr FIRMWARE.hex < script > log
 *
 * Script, one line each, `#` starts a comment; cycles are CPU cycles since power-on:
 *   end CYCLE                                          stop there
 *   eeprom HEX...                                      its first bytes
 *   at CYCLE ACTION
 *   on PIN LEVEL [if PIN LEVEL] after CYCLES ACTION    whenever the firmware drives PIN to LEVEL
 *   ACTION: pin PIN LEVEL | adc CHANNEL COUNTS | serial HEX...      (PIN: B0 .. D7; in `on` also R0 .. R15, the outputs of
 *   the two 74HC594: data B3, clock B5, latch B4, cleared by any reset but the watchdog's, which is not played here)
 *
 * Log: `CYCLE edge PIN LEVEL`, `CYCLE did ACTION`, `CYCLE arrived HEX` (a byte from the host, wholly there),
 * `CYCLE out HEX` (a byte of the board, wholly sent), `CYCLE lost HEX`, `CYCLE reset`, `CYCLE end`.
 *
 * What simavr 1.6 leaves out or gets wrong and this file mends (ATmega328P data sheet DS40002061B):
 * - The USART's byte time is computed when UBRR0L is written: U2X0 set later is not seen (20.3), and a frame has a
 *   parity bit without parity (20.4). Here it is ten bits of the registers' values at the moment of use.
 * - A received byte that finds the last one unread waits in a buffer of 64: here it is lost and logged (the real part
 *   holds two more, so that a firmware that loses none here loses none there).
 * - PCIFR is plain memory: writing one to a flag sets it; it must clear it (13.2.5).
 * - An ADC input is read when ADCL is: it must be held from the start of the conversion (24.4).
 * - After SEI and RETI two instructions run before an interrupt is taken; it is one (7.7). With two, `sei; sleep; cli`
 *   never takes one that is pending.
 * - Sleeping waits in real time: here it only skips.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "avr_adc.h"
#include "avr_eeprom.h"
#include "avr_ioport.h"
#include "avr_uart.h"
#include "sim_avr.h"
#include "sim_cycle_timers.h"
#include "sim_hex.h"
#include "sim_interrupts.h"
#include "sim_io.h"

enum { REGISTERS = 3, OUTPUT_PORTS = 4, PORTS = 3, HOST_BAUD = 57600, CPU_HERTZ = 16000000, BITS_PER_BYTE = 10 };
/* Data addresses, data sheet section 30. */
enum { PCIFR = 0x3B, UCSR0A = 0xC0, UBRR0L = 0xC4, UBRR0H = 0xC5 };
enum { U2X0 = 0x02, RXC0 = 0x80 };
static const char port_names[OUTPUT_PORTS] = {'B', 'C', 'D', 'R'};
enum { SHIFT_PORT = 0, SHIFT_DATA = 3, SHIFT_LATCH = 4, SHIFT_CLOCK = 5 };
static const uint16_t port_address[PORTS] = {0x25, 0x28, 0x2B};

typedef struct {
  uint32_t port, bit;
} pin_t;
typedef enum { SET_PIN, SET_ADC, SEND, ARRIVE } kind_t;
typedef struct {
  kind_t kind;
  pin_t pin;
  uint32_t channel, value;
  uint8_t *bytes;
  char *text; /* as written, for the log */
} action_t;
typedef struct {
  uint64_t cycle, order;
  action_t action;
} event_t;
typedef struct {
  pin_t pin;
  int level;
  int conditional;
  pin_t condition;
  int condition_level;
  uint64_t after;
  action_t action;
} rule_t;

static avr_t *avr;
static avr_uart_t *uart;
static uint64_t end_cycle;
static uint8_t eeprom[1024];
static uint32_t eeprom_size;
static event_t *events; /* a heap, the earliest first */
static size_t event_count, event_room;
static uint64_t event_order;
static rule_t rules[256];
static size_t rule_count;
static uint16_t driven[OUTPUT_PORTS]; /* levels the firmware drives, and the registers' outputs */
static uint16_t shifted;
static uint16_t adc_counts[8];
static double line_free_at;
static void (*core_reset)(avr_t *);

static void die(const char *reason, const char *what) {
  fprintf(stderr, "linkpulse-simavr: %s: %s\n", reason, what);
  exit(2);
}
static void tell(uint64_t cycle, const char *what) { printf("%" PRIu64 " %s\n", cycle, what); }

/* ---- events ---------------------------------------------------------------------------------------------- */
static int earlier(const event_t *a, const event_t *b) {
  return a->cycle != b->cycle ? a->cycle < b->cycle : a->order < b->order;
}
static avr_cycle_count_t due(avr_t *chip, avr_cycle_count_t when, void *param);
static void arm(void) {
  if (event_count == 0) return;
  uint64_t next = events[0].cycle > avr->cycle ? events[0].cycle - avr->cycle : 1;
  avr_cycle_timer_register(avr, next, due, NULL);
}
static void schedule(uint64_t cycle, action_t action) {
  if (event_count == event_room) {
    event_room = event_room ? event_room * 2 : 1024;
    events = realloc(events, event_room * sizeof *events);
  }
  size_t index = event_count++;
  events[index] = (event_t){cycle, event_order++, action};
  while (index > 0 && earlier(&events[index], &events[(index - 1) / 2])) {
    event_t swap = events[index];
    events[index] = events[(index - 1) / 2];
    events[(index - 1) / 2] = swap;
    index = (index - 1) / 2;
  }
  if (index == 0 && avr != NULL) arm();
}
static event_t take(void) {
  event_t first = events[0];
  events[0] = events[--event_count];
  for (size_t index = 0;;) {
    size_t least = index;
    for (size_t child = 2 * index + 1; child <= 2 * index + 2 && child < event_count; child++)
      if (earlier(&events[child], &events[least])) least = child;
    if (least == index) return first;
    event_t swap = events[index];
    events[index] = events[least];
    events[least] = swap;
    index = least;
  }
}

/* ---- the USART's frames ---------------------------------------------------------------------------------- */
static uint32_t byte_cycles(void) {
  uint32_t divisor = (avr->data[UBRR0L] | (avr->data[UBRR0H] << 8)) + 1;
  return divisor * (avr->data[UCSR0A] & U2X0 ? 8 : 16) * BITS_PER_BYTE;
}
static void byte_sent(struct avr_irq_t *irq, uint32_t value, void *param) {
  (void)irq, (void)param;
  uart->cycles_per_byte = byte_cycles(); /* the transmitter's timer starts after this call */
  printf("%" PRIu64 " out %02x\n", avr->cycle + uart->cycles_per_byte, value & 0xFF);
}
static void byte_arrives(uint8_t byte) {
  if (avr->data[UCSR0A] & RXC0) {
    printf("%" PRIu64 " lost %02x\n", avr->cycle, byte);
    return;
  }
  uart->cycles_per_byte = 1; /* the line has already taken its time */
  avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT), byte);
  uart->cycles_per_byte = byte_cycles();
}

/* ---- the outside ----------------------------------------------------------------------------------------- */
static void perform(const action_t *action, uint64_t cycle) {
  if (action->text != NULL) printf("%" PRIu64 " did %s\n", cycle, action->text);
  switch (action->kind) {
    case SET_PIN:
      avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(port_names[action->pin.port]), action->pin.bit),
                    action->value);
      break;
    case SET_ADC:
      adc_counts[action->channel] = action->value;
      break;
    case SEND:
      for (uint32_t n = 0; n < action->value; n++) {
        if (line_free_at < cycle) line_free_at = cycle;
        line_free_at += (double)CPU_HERTZ * BITS_PER_BYTE / HOST_BAUD;
        uint64_t arrival = (uint64_t)line_free_at + (line_free_at > (uint64_t)line_free_at);
        schedule(arrival, (action_t){.kind = ARRIVE, .value = action->bytes[n]});
      }
      break;
    case ARRIVE:
      byte_arrives(action->value);
      break;
  }
}
static avr_cycle_count_t due(avr_t *chip, avr_cycle_count_t when, void *param) {
  (void)when, (void)param;
  while (event_count > 0 && events[0].cycle <= chip->cycle) {
    event_t event = take();
    perform(&event.action, event.cycle);
  }
  return event_count > 0 ? events[0].cycle : 0;
}

static void output_changed(uint32_t port, uint32_t bit, int level) {
  driven[port] ^= 1 << bit;
  printf("%" PRIu64 " edge %c%u %d\n", avr->cycle, port_names[port], bit, level);
  for (size_t n = 0; n < rule_count; n++) {
    const rule_t *rule = &rules[n];
    if (rule->pin.port != port || rule->pin.bit != bit || rule->level != level) continue;
    if (rule->conditional &&
        ((driven[rule->condition.port] >> rule->condition.bit) & 1) != rule->condition_level)
      continue;
    schedule(avr->cycle + rule->after, rule->action);
  }
}
static void pin_changed(struct avr_irq_t *irq, uint32_t value, void *param) {
  uint32_t port = (uintptr_t)param;
  uint8_t mask = 1 << irq->irq;
  uint8_t direction = avr->data[port_address[port] - 1];
  int level = (direction & mask) && value;
  if (!(direction & mask) && !(driven[port] & mask)) return; /* an input */
  if (((driven[port] & mask) != 0) == level) return;
  output_changed(port, irq->irq, level);
  if (port != SHIFT_PORT || !level) return;
  if (irq->irq == SHIFT_CLOCK) shifted = shifted << 1 | ((driven[SHIFT_PORT] >> SHIFT_DATA) & 1);
  if (irq->irq != SHIFT_LATCH) return;
  uint16_t word = shifted, changes = driven[REGISTERS] ^ word;
  for (uint32_t bit = 0; bit < 16; bit++)
    if (changes & (1 << bit)) output_changed(REGISTERS, bit, (word >> bit) & 1);
}
static void conversion_starts(struct avr_irq_t *irq, uint32_t value, void *param) {
  (void)irq, (void)param;
  union {
    avr_adc_mux_t mux;
    uint32_t value;
  } selected = {.value = value};
  uint32_t channel = selected.mux.src & 7;
  avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, channel), adc_counts[channel]);
}
static void pcifr_written(struct avr_t *chip, avr_io_addr_t address, uint8_t value, void *param) {
  (void)param;
  chip->data[address] &= ~value;
}
static void no_sleep(avr_t *chip, avr_cycle_count_t cycles) { (void)chip, (void)cycles; }
static void was_reset(avr_t *chip) {
  if (core_reset != NULL) core_reset(chip);
  if (chip->cycle == 0) return;
  tell(chip->cycle, "reset");
  for (uint32_t port = 0; port < OUTPUT_PORTS; port++)
    for (uint32_t bit = 0; bit < 16; bit++)
      if (driven[port] & (1 << bit)) printf("%" PRIu64 " edge %c%u 0\n", chip->cycle, port_names[port], bit);
  memset(driven, 0, sizeof driven);
  arm(); /* the reset emptied the list of timers */
}

/* ---- the script ------------------------------------------------------------------------------------------ */
static const char *word(void) {
  const char *next = strtok(NULL, " \t\n");
  return next != NULL ? next : "";
}
static uint64_t number(void) {
  const char *text = word();
  char *rest;
  uint64_t value = strtoull(text, &rest, 10);
  if (*text == 0 || *rest != 0) die("not a number", text);
  return value;
}
static pin_t pin(void) {
  const char *text = word();
  char *rest;
  uint32_t bit = strtoul(text + 1, &rest, 10);
  for (uint32_t port = 0; port < OUTPUT_PORTS; port++)
    if (text[0] == port_names[port] && text[1] != 0 && *rest == 0 && bit < (port == REGISTERS ? 16 : 8))
      return (pin_t){port, bit};
  die("not a pin", text);
  return (pin_t){0, 0};
}
static action_t read_action(const char *kind, const char *text) {
  action_t action = {.text = strdup(text)};
  if (strcmp(kind, "pin") == 0) {
    action.kind = SET_PIN;
    action.pin = pin();
    if (action.pin.port == REGISTERS) die("an output cannot be set", text);
    action.value = number();
  } else if (strcmp(kind, "adc") == 0) {
    action.kind = SET_ADC;
    action.channel = number() & 7;
    action.value = number();
  } else if (strcmp(kind, "serial") == 0) {
    action.kind = SEND;
    action.bytes = malloc(strlen(text));
    for (const char *byte = word(); *byte != 0; byte = word()) action.bytes[action.value++] = strtoul(byte, NULL, 16);
  } else {
    die("not an action", kind);
  }
  return action;
}
/* The action's text stands from its first word to the end of the line. */
static const char *action_text(const char *line, const char *after_word) {
  const char *at = strstr(line, after_word);
  at = at == NULL ? line : at + strlen(after_word);
  at += strspn(at, " ");
  return at + strcspn(at, " ") + strspn(at + strcspn(at, " "), " ");
}
static void read_script(FILE *file) {
  static char line[65536], copy[65536];
  while (fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "#\n")] = 0;
    strcpy(copy, line);
    const char *verb = strtok(line, " \t\n");
    if (verb == NULL) continue;
    if (strcmp(verb, "end") == 0) {
      end_cycle = number();
    } else if (strcmp(verb, "eeprom") == 0) {
      for (const char *byte = word(); *byte != 0 && eeprom_size < sizeof eeprom; byte = word())
        eeprom[eeprom_size++] = strtoul(byte, NULL, 16);
    } else if (strcmp(verb, "at") == 0) {
      uint64_t cycle = number();
      schedule(cycle, read_action(word(), action_text(copy, "at ")));
    } else if (strcmp(verb, "on") == 0) {
      if (rule_count == sizeof rules / sizeof *rules) die("too many rules", copy);
      rule_t *rule = &rules[rule_count++];
      rule->pin = pin();
      rule->level = number();
      const char *next = word();
      if (strcmp(next, "if") == 0) {
        rule->conditional = 1;
        rule->condition = pin();
        rule->condition_level = number();
        next = word();
      }
      if (strcmp(next, "after") != 0) die("`after` is missing", copy);
      rule->after = number();
      rule->action = read_action(word(), action_text(copy, " after "));
    } else {
      die("not a line of a script", copy);
    }
  }
  if (end_cycle == 0) die("`end` is missing", "script");
}

int main(int count, char **arguments) {
  if (count != 2) die("usage", "linkpulse-simavr FIRMWARE.hex < script");
  read_script(stdin);
  uint32_t size, start;
  uint8_t *image = read_ihex_file(arguments[1], &size, &start);
  avr_t *chip = avr_make_mcu_by_name("atmega328p");
  if (image == NULL || chip == NULL) die("cannot load", arguments[1]);
  avr_init(chip);
  avr_loadcode(chip, image, size, start);
  avr_eeprom_desc_t block = {.ee = eeprom, .offset = 0, .size = eeprom_size};
  avr_ioctl(chip, AVR_IOCTL_EEPROM_SET, &block);
  chip->codeend = start + size;
  chip->frequency = CPU_HERTZ;
  chip->vcc = chip->avcc = chip->aref = 1023; /* "millivolts" of a channel are its counts then */
  chip->sleep = no_sleep;
  chip->log = 1;
  core_reset = chip->reset;
  chip->reset = was_reset;
  avr = chip;
  for (avr_io_t *io = avr->io_port; io != NULL; io = io->next)
    if (strcmp(io->kind, "uart") == 0) uart = (avr_uart_t *)io;
  uint32_t flags = 0;
  avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), byte_sent, NULL);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_OUT_TRIGGER), conversion_starts, NULL);
  for (uint32_t port = 0; port < PORTS; port++)
    for (uint32_t bit = 0; bit < 8; bit++)
      avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(port_names[port]), bit), pin_changed,
                              (void *)(uintptr_t)port);
  avr_register_io_write(avr, PCIFR, pcifr_written, NULL);
  arm();
  while (avr->cycle < end_cycle) {
    int state = avr_run(avr);
    if (avr->interrupt_state == -1) avr->interrupt_state = avr_has_pending_interrupts(avr);
    if (state == cpu_Done || state == cpu_Crashed) {
      tell(avr->cycle, state == cpu_Done ? "stopped" : "crashed");
      return 1;
    }
  }
  tell(avr->cycle, "end");
  return 0;
}
