/**
 * Solders the parts together: the board's pins to its power path, its FLP front end to whatever hangs on the jack.
 * Runs the machine in pieces short enough for the power path to keep up.
 */
import type { PluggedDevice } from './contracts.js';
import {
  createPowerPath,
  type ElectricalChange,
  type PowerInput,
  type PowerOutput,
  type PowerPath,
} from './electrical.js';
import type { Machine } from './machine.js';
import type { RegisterBit } from './pinmap.js';
import { attachShiftRegister, type ShiftPins, type ShiftRegister } from './shift-register.js';

/** What the jack needs of the chip. */
export type BoardPins = Pick<Machine, 'cycles' | 'runUntil' | 'setPin' | 'setAnalog'> & ShiftPins;

const powerOutputs = ['GATE', 'PUMP', 'SWITCH2', 'DISC_RELAY', 'LATCH_CLEAR'] as const satisfies readonly PowerOutput[];
const powerBits = ['AF_CONNECT', 'AF_HIGH', 'AF_CLASS', 'POL_REVERSE'] as const satisfies readonly (PowerOutput &
  RegisterBit)[];
/** From FLP_TX over the self-test's switch to the comparator's output. */
const loopbackCycles = 1;
/** The receiver stretches what it hears to 375 ns, if it is shorter. */
const heardPulseCycles = 6;

export interface Jack {
  readonly path: PowerPath;
  readonly register: ShiftRegister;
  /** Runs board and jack together for so many cycles. */
  run(cycles: number): void;
}

export const createJack = (
  board: BoardPins,
  device: PluggedDevice,
  onChange: (change: ElectricalChange) => void,
  options: { readonly fetWelds: boolean },
  onRegister: (name: RegisterBit, high: boolean, cycle: number) => void = () => {},
): Jack => {
  const path = createPowerPath(
    device,
    { onChange, onInput: (name, high, cycle) => board.setPin(name, high, cycle) },
    options,
  );
  // Drivers pull a floating pin down harder than the chip's pull-up pulls it up: only a driven high is high.
  for (const name of powerOutputs) board.onPin(name, (drive, cycle) => path.output(name, drive === 'high', cycle));
  const register = attachShiftRegister(board, (name, high, cycle) => {
    const power = powerBits.find((bit) => bit === name);
    if (power !== undefined) path.output(power, high, cycle);
    onRegister(name, high, cycle);
  });
  for (const [name, high] of Object.entries(path.inputs)) board.setPin(name as PowerInput, high, board.cycles);
  board.setAnalog('CURRENT', () => path.currentCounts());
  board.setAnalog('JACK_VOLTS', () => path.jackCounts());
  board.setAnalog('READBACK', () => path.readbackCounts());
  board.setAnalog('AF_SENSE', () => path.afSenseCounts());

  const hear = (cycle: number) => {
    board.setPin('FLP_RX', true, cycle);
    board.setPin('FLP_RX', false, cycle + heardPulseCycles);
  };
  /** The pulse that is being sent and comes back. */
  let sending: { readonly rise: number; readonly delay: number; readonly shortest: number | undefined } | undefined;
  const wayBack = () => {
    if (register.high('FLP_LOOPBACK')) return { delay: loopbackCycles, shortest: undefined };
    const delay = path.state.relayAtFrontEnd ? device.echoDelayCycles() : undefined;
    return delay === undefined ? undefined : { delay, shortest: device.shortestPulseCycles };
  };
  board.onPin('FLP_TX', (drive, cycle) => {
    if (drive === 'high') {
      path.advanceTo(cycle);
      const way = wayBack();
      sending = way === undefined ? undefined : { rise: cycle, ...way };
      if (way !== undefined && way.shortest === undefined) board.setPin('FLP_RX', true, cycle + way.delay);
    } else if (sending !== undefined) {
      const { rise, delay, shortest } = sending;
      sending = undefined;
      if (shortest === undefined) board.setPin('FLP_RX', false, Math.max(cycle, rise + heardPulseCycles) + delay);
      else if (cycle - rise >= shortest) hear(cycle + delay);
    }
  });

  /** Up to where the device's own pulses have been put on the line. */
  let ownUntil = 0;
  const hearOwnPulses = (until: number) => {
    for (
      let next = device.nextOwnPulse(ownUntil);
      next !== undefined && next <= until;
      next = device.nextOwnPulse(next)
    ) {
      if (path.state.relayAtFrontEnd) hear(next);
    }
    ownUntil = until;
  };

  return {
    path,
    register,
    run: (cycles) => {
      const end = board.cycles + cycles;
      while (board.cycles < end) {
        path.advanceTo(board.cycles);
        const until = Math.min(end, Math.max(path.nextDueCycle, board.cycles + 1));
        hearOwnPulses(until);
        board.runUntil(until);
      }
      path.advanceTo(board.cycles);
    },
  };
};
