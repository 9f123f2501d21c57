// Generated from hardware/pinmap.json by `npm run pinmap`. Do not edit.
export const pins = {
  /** serial from the host */
  UART_RX: { port: 'D', bit: 0, arduino: 0, guarded: true },
  /** serial to the host */
  UART_TX: { port: 'D', bit: 1, arduino: 1, guarded: true },
  /** low: the comparator has opened the gate latch on a short */
  SHORT_N: { port: 'D', bit: 2, arduino: 2, guarded: true },
  /** link pulses heard, stretched to 250..500 ns */
  FLP_RX: { port: 'D', bit: 3, arduino: 3, guarded: true },
  /** high closes the second switch (safety relay) */
  SWITCH2: { port: 'D', bit: 4, arduino: 4, guarded: true },
  /** high joins the FLP front end to the jack, low passes the Pi's port through */
  DISC_RELAY: { port: 'D', bit: 5, arduino: 5, guarded: true },
  /** high: the discovery relay stands at pass-through */
  DISC_READBACK: { port: 'D', bit: 6, arduino: 6, guarded: true },
  /** high: the e-stop contact is closed */
  ESTOP_OK: { port: 'D', bit: 7, arduino: 7, guarded: true },
  /** high lets the hot-swap FET conduct, while PUMP lives */
  GATE: { port: 'B', bit: 0, arduino: 8, guarded: true },
  /** link pulses sent */
  FLP_TX: { port: 'B', bit: 1, arduino: 9, guarded: true },
  /** must be toggled by the guard loop; a monostable of 30 ms at most holds the FET enabled */
  PUMP: { port: 'B', bit: 2, arduino: 10, guarded: true },
  /** programming */
  SPI_MOSI: { port: 'B', bit: 3, arduino: 11, guarded: true },
  /** programming */
  SPI_MISO: { port: 'B', bit: 4, arduino: 12, guarded: true },
  /** free for the host: status LED (also SPI clock) */
  STATUS_LED: { port: 'B', bit: 5, arduino: 13, guarded: false },
  /** ADC0: 0..1023 is 0..500 mA */
  CURRENT: { port: 'C', bit: 0, arduino: 14, analog: 0, guarded: true },
  /** ADC1: 0..1023 is 0..64 V */
  JACK_VOLTS: { port: 'C', bit: 1, arduino: 15, analog: 1, guarded: true },
  /** free for the host: start button, analogue in */
  FREE_A2: { port: 'C', bit: 2, arduino: 16, analog: 2, guarded: false },
  /** free for the host: buzzer */
  FREE_A3: { port: 'C', bit: 3, arduino: 17, analog: 3, guarded: false },
  /** high clears the comparator's latch; only while GATE is low */
  LATCH_CLEAR: { port: 'C', bit: 4, arduino: 18, guarded: true },
  /** free for the host */
  FREE_C5: { port: 'C', bit: 5, arduino: 19, guarded: false },
} as const;

export type PinName = keyof typeof pins;
