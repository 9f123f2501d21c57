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
  /** data of the shift registers (also SPI MOSI, programming) */
  SHIFT_DATA: { port: 'B', bit: 3, arduino: 11, guarded: true },
  /** rising: the shift registers show what they hold (also SPI MISO, programming) */
  SHIFT_LATCH: { port: 'B', bit: 4, arduino: 12, guarded: true },
  /** shift clock of the registers between times; else the status LED, the host's (also SPI clock) */
  STATUS_LED: { port: 'B', bit: 5, arduino: 13, guarded: false },
  /** ADC0: 0..1023 is 0..500 mA */
  CURRENT: { port: 'C', bit: 0, arduino: 14, analog: 0, guarded: true },
  /** ADC1: 0..1023 is 0..64 V */
  JACK_VOLTS: { port: 'C', bit: 1, arduino: 15, analog: 1, guarded: true },
  /** discrete line: rising starts a discovery; while powered: link */
  FLP_START: { port: 'C', bit: 2, arduino: 16, guarded: true },
  /** discrete line: rising asks for power, low turns it off */
  PWR_REQ: { port: 'C', bit: 3, arduino: 17, guarded: true },
  /** high clears the comparator's latch; only while GATE is low */
  LATCH_CLEAR: { port: 'C', bit: 4, arduino: 18, guarded: true },
  /** discrete line: edges 20..500 ms apart */
  HEARTBEAT: { port: 'C', bit: 5, arduino: 19, guarded: true },
} as const;

export type PinName = keyof typeof pins;

/** Inputs of the ADC without a port bit. */
export const analogOnlyPins = {
  /** 0..1023 is 0..2.5 V; AF_CONNECT high: the jack end of the 3.9 kohm, a quarter; low: what the two switches say of themselves */
  READBACK: { analog: 6 },
  /** 0..1023 is 0..2.5 V; AF_CLASS low: the detection source's end of the 3.9 kohm, a quarter; high: the class current, 49.8 mA */
  AF_SENSE: { analog: 7 },
} as const;

/** Full scale of READBACK and AF_SENSE at the pin. */
export const adcReferenceVolts = 2.5;

/** Outputs of the shift registers: bits of their word. */
export const registerBits = {
  /** K801 takes the jack off the power path and joins it to the low-voltage sources */
  AF_CONNECT: 0,
  /** detection source at 9.4 V instead of 4.4 V */
  AF_HIGH: 1,
  /** class source; AF_SENSE then shows its current */
  AF_CLASS: 2,
  /** K701: at rest 4,5- 7,8+, energised 4,5+ 7,8- */
  POL_REVERSE: 3,
  /** discrete line: an unpowered phone is there */
  LOOP: 4,
  /** discrete line: powered, inrush over */
  PGOOD: 5,
  /** discrete line: low until the board is ready, and while a fault stands */
  FAULT_N: 6,
  /** FLP_TX goes, attenuated, to the comparator: the self-test's loop */
  FLP_LOOPBACK: 7,
  /** the host's */
  BUZZER: 8,
  /** the host's */
  LAMP_GREEN: 9,
  /** the host's */
  LAMP_RED: 10,
} as const;

export type RegisterBit = keyof typeof registerBits;
