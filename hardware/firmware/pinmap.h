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
/* programming */
#define SPI_MOSI_PORT PORTB
#define SPI_MOSI_PIN PINB
#define SPI_MOSI_DDR DDRB
#define SPI_MOSI_BIT 3
/* programming */
#define SPI_MISO_PORT PORTB
#define SPI_MISO_PIN PINB
#define SPI_MISO_DDR DDRB
#define SPI_MISO_BIT 4
/* free for the host: status LED (also SPI clock) */
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
/* free for the host: start button, analogue in */
#define FREE_A2_PORT PORTC
#define FREE_A2_PIN PINC
#define FREE_A2_DDR DDRC
#define FREE_A2_BIT 2
#define FREE_A2_CHANNEL 2
/* free for the host: buzzer */
#define FREE_A3_PORT PORTC
#define FREE_A3_PIN PINC
#define FREE_A3_DDR DDRC
#define FREE_A3_BIT 3
#define FREE_A3_CHANNEL 3
/* high clears the comparator's latch; only while GATE is low */
#define LATCH_CLEAR_PORT PORTC
#define LATCH_CLEAR_PIN PINC
#define LATCH_CLEAR_DDR DDRC
#define LATCH_CLEAR_BIT 4
/* free for the host */
#define FREE_C5_PORT PORTC
#define FREE_C5_PIN PINC
#define FREE_C5_DDR DDRC
#define FREE_C5_BIT 5

/* Bits of each port that belong to the power guard: the host can neither set nor read them by Firmata. */
#define GUARDED_MASK_B 0x1f
#define GUARDED_MASK_C 0x13
#define GUARDED_MASK_D 0xff

/* Firmata: one entry a pin, in the order of the Arduino numbers. */
#define PIN_GUARDED 0
#define PIN_DIGITAL 1
#define PIN_ANALOG 2
#define PIN_COUNT 20
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
  ENTRY(B, 3, PIN_GUARDED, 0) /* 11 SPI_MOSI */ \
  ENTRY(B, 4, PIN_GUARDED, 0) /* 12 SPI_MISO */ \
  ENTRY(B, 5, PIN_DIGITAL, 0) /* 13 STATUS_LED */ \
  ENTRY(C, 0, PIN_GUARDED, 0) /* 14 CURRENT */ \
  ENTRY(C, 1, PIN_GUARDED, 0) /* 15 JACK_VOLTS */ \
  ENTRY(C, 2, PIN_ANALOG, 2) /* 16 FREE_A2 */ \
  ENTRY(C, 3, PIN_ANALOG, 3) /* 17 FREE_A3 */ \
  ENTRY(C, 4, PIN_GUARDED, 0) /* 18 LATCH_CLEAR */ \
  ENTRY(C, 5, PIN_DIGITAL, 0) /* 19 FREE_C5 */
