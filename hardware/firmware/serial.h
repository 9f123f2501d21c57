/* The serial line: two rings, filled and emptied by polling. A byte takes 174 us; serial_poll comes at least every 160 us. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* 256 bytes, so that the indices wrap by themselves. */
typedef struct {
  uint8_t bytes[256];
  uint8_t head;
  uint8_t tail;
} ring_t;

extern ring_t serial_rx;
extern ring_t serial_tx;
/* While set no byte is given to the transmitter: a burst is near. */
extern bool serial_hold;

void serial_begin(void);
void serial_received(uint8_t byte);

void serial_poll(void);

static inline bool serial_available(void) { return serial_rx.head != serial_rx.tail; }
static inline uint8_t serial_read(void) { return serial_rx.bytes[serial_rx.tail++]; }
static inline uint8_t serial_room(void) { return (uint8_t)(serial_tx.tail - serial_tx.head - 1); }
static inline bool serial_sent(void) { return serial_tx.head == serial_tx.tail; }
/* The caller has seen to serial_room. */
static inline void serial_write(uint8_t byte) { serial_tx.bytes[serial_tx.head++] = byte; }
