#include "serial.h"

#include <avr/io.h>

#include "config.h"

ring_t serial_rx;
ring_t serial_tx;
bool serial_hold;

void serial_begin(void) {
  UBRR0 = UBRR_57600;
  UCSR0A = _BV(U2X0);
  UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
  /* A byte sent wakes the CPU, so that the next one follows at once. */
  UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(TXCIE0);
}

void serial_poll(void) {
  if (UCSR0A & _BV(RXC0)) serial_received(UDR0);
  if (!serial_hold && serial_tx.head != serial_tx.tail && (UCSR0A & _BV(UDRE0))) UDR0 = serial_tx.bytes[serial_tx.tail++];
}

void serial_received(uint8_t byte) {
  if ((uint8_t)(serial_rx.head + 1) == serial_rx.tail) return; /* full: the host's message fails its CRC */
  serial_rx.bytes[serial_rx.head++] = byte;
}
