/** The board's discrete lines at the Pi's header, as they are asked of the kernel. */
import type { GpioInput, GpioLines, GpioOutput, GpioRequest } from '../os/gpio/gpio-lines.js';
import { piPins } from './pi-pinmap.js';

const consumer = 'linkpulse';
/** Low is off, for all of them. */
const output = (name: 'FLP_START' | 'PWR_REQ' | 'HEARTBEAT' | 'STATUS_LIGHT'): GpioOutput => ({
  direction: 'out',
  line: piPins[name].bcm,
  initially: false,
});
/** An open wire reads low: nothing found, no power, a fault, the e-stop open. */
const input = (name: 'LOOP' | 'PGOOD' | 'FAULT_N' | 'ESTOP_OK'): GpioInput => ({
  direction: 'in',
  line: piPins[name].bcm,
  bias: 'pull-down',
});

const driven = { FLP_START: output('FLP_START'), PWR_REQ: output('PWR_REQ'), HEARTBEAT: output('HEARTBEAT') };

/** All of them, for the driver that has nothing else. */
export const boardLinesRequest = {
  consumer,
  lines: {
    ...driven,
    LOOP: input('LOOP'),
    PGOOD: input('PGOOD'),
    FAULT_N: input('FAULT_N'),
    ESTOP_OK: input('ESTOP_OK'),
    STATUS_LIGHT: output('STATUS_LIGHT'),
  },
} satisfies GpioRequest<string>;

/** Beside serial: the heartbeat and the e-stop's read-back; those that could command the board are held low. */
export const heartbeatLinesRequest = {
  consumer,
  lines: { ...driven, ESTOP_OK: input('ESTOP_OK') },
} satisfies GpioRequest<string>;

/** By the Pi's header ("BCM"). */
export const boardLineNumbers = {
  FLP_START: piPins.FLP_START.bcm,
  PWR_REQ: piPins.PWR_REQ.bcm,
  HEARTBEAT: piPins.HEARTBEAT.bcm,
  LOOP: piPins.LOOP.bcm,
  PGOOD: piPins.PGOOD.bcm,
  FAULT_N: piPins.FAULT_N.bcm,
  ESTOP_OK: piPins.ESTOP_OK.bcm,
} as const;

export type BoardLines = GpioLines<keyof typeof boardLinesRequest.lines>;
export type HeartbeatLines = GpioLines<keyof typeof heartbeatLinesRequest.lines>;
