/* Generated from hardware/pinmap.json by `npm run pinmap`. Do not edit. */
#pragma once
#include <avr/io.h>

#define F_CPU 16000000UL

/* serial from the host */
#define UART_RX_PORT PORTD
#define UART_RX_PIN PIND
#define UART_RX_DDR DDRD
#define UART_RX_BIT 0
/* serial to the host */
#define UART_TX_PORT PORTD
#define UART_TX_PIN PIND
#define UART_TX_DDR DDRD
#define UART_TX_BIT 1
/* low: the comparator has opened the gate latch on a short */
#define SHORT_N_PORT PORTD
#define SHORT_N_PIN PIND
#define SHORT_N_DDR DDRD
#define SHORT_N_BIT 2
/* link pulses heard, stretched to 250..500 ns */
#define FLP_RX_PORT PORTD
#define FLP_RX_PIN PIND
#define FLP_RX_DDR DDRD
#define FLP_RX_BIT 3
/* high closes the second switch (safety relay) */
#define SWITCH2_PORT PORTD
#define SWITCH2_PIN PIND
#define SWITCH2_DDR DDRD
#define SWITCH2_BIT 4
/* high joins the FLP front end to the jack, low passes the Pi's port through */
#define DISC_RELAY_PORT PORTD
#define DISC_RELAY_PIN PIND
#define DISC_RELAY_DDR DDRD
#define DISC_RELAY_BIT 5
/* high: the discovery relay stands at pass-through */
#define DISC_READBACK_PORT PORTD
#define DISC_READBACK_PIN PIND
#define DISC_READBACK_DDR DDRD
#define DISC_READBACK_BIT 6
/* high: the e-stop contact is closed */
#define ESTOP_OK_PORT PORTD
#define ESTOP_OK_PIN PIND
#define ESTOP_OK_DDR DDRD
#define ESTOP_OK_BIT 7
/* high lets the hot-swap FET conduct, while PUMP lives */
#define GATE_PORT PORTB
#define GATE_PIN PINB
#define GATE_DDR DDRB
#define GATE_BIT 0
/* link pulses sent */
#define FLP_TX_PORT PORTB
#define FLP_TX_PIN PINB
#define FLP_TX_DDR DDRB
#define FLP_TX_BIT 1
/* must be toggled by the guard loop; a monostable of 30 ms at most holds the FET enabled */
#define PUMP_PORT PORTB
#define PUMP_PIN PINB
#define PUMP_DDR DDRB
#define PUMP_BIT 2
/* data of the shift registers (also SPI MOSI, programming) */
#define SHIFT_DATA_PORT PORTB
#define SHIFT_DATA_PIN PINB
#define SHIFT_DATA_DDR DDRB
#define SHIFT_DATA_BIT 3
/* rising: the shift registers show what they hold (also SPI MISO, programming) */
#define SHIFT_LATCH_PORT PORTB
#define SHIFT_LATCH_PIN PINB
#define SHIFT_LATCH_DDR DDRB
#define SHIFT_LATCH_BIT 4
/* shift clock of the registers between times; else the status LED, the host's (also SPI clock) */
#define STATUS_LED_PORT PORTB
#define STATUS_LED_PIN PINB
#define STATUS_LED_DDR DDRB
#define STATUS_LED_BIT 5
/* ADC0: 0..1023 is 0..500 mA */
#define CURRENT_PORT PORTC
#define CURRENT_PIN PINC
#define CURRENT_DDR DDRC
#define CURRENT_BIT 0
#define CURRENT_CHANNEL 0
/* ADC1: 0..1023 is 0..64 V */
#define JACK_VOLTS_PORT PORTC
#define JACK_VOLTS_PIN PINC
#define JACK_VOLTS_DDR DDRC
#define JACK_VOLTS_BIT 1
#define JACK_VOLTS_CHANNEL 1
/* discrete line: rising starts a discovery; while powered: link */
#define FLP_START_PORT PORTC
#define FLP_START_PIN PINC
#define FLP_START_DDR DDRC
#define FLP_START_BIT 2
/* discrete line: rising asks for power, low turns it off */
#define PWR_REQ_PORT PORTC
#define PWR_REQ_PIN PINC
#define PWR_REQ_DDR DDRC
#define PWR_REQ_BIT 3
/* high clears the comparator's latch; only while GATE is low */
#define LATCH_CLEAR_PORT PORTC
#define LATCH_CLEAR_PIN PINC
#define LATCH_CLEAR_DDR DDRC
#define LATCH_CLEAR_BIT 4
/* discrete line: edges 20..500 ms apart */
#define HEARTBEAT_PORT PORTC
#define HEARTBEAT_PIN PINC
#define HEARTBEAT_DDR DDRC
#define HEARTBEAT_BIT 5
/* 0..1023 is 0..2.5 V; AF_CONNECT high: the jack end of the 3.9 kohm, a quarter; low: what the two switches say of themselves */
#define READBACK_CHANNEL 6
/* 0..1023 is 0..2.5 V; AF_CLASS low: the detection source's end of the 3.9 kohm, a quarter; high: the class current, 49.8 mA */
#define AF_SENSE_CHANNEL 7

/* Bits of the shift registers' word. */
#define REGISTER_AF_CONNECT 1U /* K801 takes the jack off the power path and joins it to the low-voltage sources */
#define REGISTER_AF_HIGH 2U /* detection source at 9.4 V instead of 4.4 V */
#define REGISTER_AF_CLASS 4U /* class source; AF_SENSE then shows its current */
#define REGISTER_POL_REVERSE 8U /* K701: at rest 4,5- 7,8+, energised 4,5+ 7,8- */
#define REGISTER_LOOP 16U /* discrete line: an unpowered phone is there */
#define REGISTER_PGOOD 32U /* discrete line: powered, inrush over */
#define REGISTER_FAULT_N 64U /* discrete line: low until the board is ready, and while a fault stands */
#define REGISTER_FLP_LOOPBACK 128U /* FLP_TX goes, attenuated, to the comparator: the self-test's loop */
#define REGISTER_BUZZER 256U /* the host's */
#define REGISTER_LAMP_GREEN 512U /* the host's */
#define REGISTER_LAMP_RED 1024U /* the host's */

/* Firmata: one entry a pin, in the order of the Arduino numbers; port, bit or register bit, kind, ADC channel. */
#define PIN_GUARDED 0
#define PIN_INPUT 1
#define PIN_OUTPUT 2
#define PIN_READING 3
#define PIN_ON_REGISTER 4
#define PIN_COUNT 23
#define PIN_TABLE(ENTRY) \
  ENTRY(D, 0, PIN_GUARDED, 0) /* 0 UART_RX */ \
  ENTRY(D, 1, PIN_GUARDED, 0) /* 1 UART_TX */ \
  ENTRY(D, 2, PIN_GUARDED, 0) /* 2 SHORT_N */ \
  ENTRY(D, 3, PIN_GUARDED, 0) /* 3 FLP_RX */ \
  ENTRY(D, 4, PIN_GUARDED, 0) /* 4 SWITCH2 */ \
  ENTRY(D, 5, PIN_GUARDED, 0) /* 5 DISC_RELAY */ \
  ENTRY(D, 6, PIN_GUARDED, 0) /* 6 DISC_READBACK */ \
  ENTRY(D, 7, PIN_GUARDED, 0) /* 7 ESTOP_OK */ \
  ENTRY(B, 0, PIN_GUARDED, 0) /* 8 GATE */ \
  ENTRY(B, 1, PIN_GUARDED, 0) /* 9 FLP_TX */ \
  ENTRY(B, 2, PIN_GUARDED, 0) /* 10 PUMP */ \
  ENTRY(B, 3, PIN_GUARDED, 0) /* 11 SHIFT_DATA */ \
  ENTRY(B, 4, PIN_GUARDED, 0) /* 12 SHIFT_LATCH */ \
  ENTRY(B, 5, PIN_OUTPUT, 0) /* 13 STATUS_LED */ \
  ENTRY(C, 0, PIN_READING, 0) /* 14 CURRENT */ \
  ENTRY(C, 1, PIN_READING, 1) /* 15 JACK_VOLTS */ \
  ENTRY(C, 2, PIN_INPUT, 0) /* 16 FLP_START */ \
  ENTRY(C, 3, PIN_INPUT, 0) /* 17 PWR_REQ */ \
  ENTRY(C, 4, PIN_GUARDED, 0) /* 18 LATCH_CLEAR */ \
  ENTRY(C, 5, PIN_INPUT, 0) /* 19 HEARTBEAT */ \
  ENTRY(B, 8, PIN_ON_REGISTER, 0) /* 20 BUZZER */ \
  ENTRY(B, 9, PIN_ON_REGISTER, 0) /* 21 LAMP_GREEN */ \
  ENTRY(B, 10, PIN_ON_REGISTER, 0) /* 22 LAMP_RED */
