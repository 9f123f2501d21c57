// Generated from hardware/pinmap.json by `npm run pinmap`. Do not edit.
/** Outputs that are the host’s, by their Firmata pin. */
export const furniturePins = {
  STATUS_LED: 13,
  BUZZER: 20,
  LAMP_GREEN: 21,
  LAMP_RED: 22,
} as const;

/** The Pi's header by BCM number; direction as the Pi sees it. */
export const piPins = {
  /** serial to the board */
  UART_TX: { bcm: 14, direction: 'out', pullUp: false },
  /** serial from the board */
  UART_RX: { bcm: 15, direction: 'in', pullUp: false },
  /** discrete line */
  FLP_START: { bcm: 17, direction: 'out', pullUp: false },
  /** discrete line */
  PWR_REQ: { bcm: 27, direction: 'out', pullUp: false },
  /** discrete line */
  HEARTBEAT: { bcm: 22, direction: 'out', pullUp: false },
  /** discrete line */
  LOOP: { bcm: 23, direction: 'in', pullUp: false },
  /** discrete line */
  PGOOD: { bcm: 24, direction: 'in', pullUp: false },
  /** discrete line */
  FAULT_N: { bcm: 25, direction: 'in', pullUp: false },
  /** ESTOP_SENSE of the Pi's side itself */
  ESTOP_OK: { bcm: 12, direction: 'in', pullUp: false },
  /** low while pressed */
  START_BUTTON: { bcm: 5, direction: 'in', pullUp: true },
  /** the bench's light */
  STATUS_LIGHT: { bcm: 6, direction: 'out', pullUp: false },
} as const;

export type PiPinName = keyof typeof piPins;
