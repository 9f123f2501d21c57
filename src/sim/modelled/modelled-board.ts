/**
 * The injector board with its firmware modelled at the level of its Firmata bytes: the same power path, the same device on the
 * jack, the same messages, but no instruction is executed, so that one processor carries dozens of them. The contract suite of
 * the injector holds it to what the real image does. Its discrete lines are not modelled.
 */
import { injectorProtocol } from '../../wire/injector.js';
import type { BoardOptions, SimulatedBoard } from '../board.js';
import { createPowerPath } from '../electrical.js';
import { cyclesPerSecond, type ResetCause } from '../machine.js';
import { type Agenda, createAgenda } from './agenda.js';
import { createCommands, type Profile } from './commands.js';
import { createDiscovery } from './discovery.js';
import { createFirmataSide } from './firmata.js';
import { createGuard, cyclesOf, type Guard, nothingKept } from './guard.js';
import { createOutbox } from './outbox.js';
import { createSelfTest } from './self-test.js';

const baud = 57_600;
const byteCycles = (10 * cyclesPerSecond) / baud;
const startUpMs = 5;
/** While nothing changes in the power path; the guard looks at it as often. */
const calmStepCycles = cyclesOf(10);
const calibrationDays = 9_823;
const resetBits: Readonly<Record<ResetCause, number>> = { 'power-on': 1, external: 2, watchdog: 8 };
const outputs = [
  'GATE',
  'SWITCH2',
  'DISC_RELAY',
  'LATCH_CLEAR',
  'AF_CONNECT',
  'AF_HIGH',
  'AF_CLASS',
  'POL_REVERSE',
] as const;
const reversedPairs = 2;

export const createModelledBoard = (options: BoardOptions): SimulatedBoard => {
  const agenda = createAgenda();
  const heard = new Set<(byte: number, cycle: number) => void>();
  const kept = nothingKept();
  const stored: { profile: Profile | null } = { profile: options.profile ?? null };
  let firmware: { byte(byte: number): void; readonly guard: Guard } | undefined;
  const path = createPowerPath(
    options.device,
    { onChange: options.onChange, onInput: () => firmware?.guard.inputChanged() },
    { fetWelds: options.fetWelds, calmStepCycles },
  );
  let lineFreeAt = 0;
  let backlog = 0;
  let life = 0;

  /** The agenda of one life of the chip: after a reset nothing of it happens any more. */
  const agendaOf = (mine: number): Agenda => ({
    get cycles() {
      return agenda.cycles;
    },
    at: (cycle, callback) =>
      agenda.at(cycle, (at) => {
        if (life === mine) callback(at);
      }),
    runUntil: agenda.runUntil,
  });

  const start = (cause: ResetCause) => {
    const own = agendaOf(life);
    const outbox = createOutbox(own, byteCycles, (byte, cycle) => {
      for (const listener of heard) listener(byte, cycle);
    });
    let introduced = false;
    const fedPairs = () => (path.state.polarityReversed ? reversedPairs : 1);
    const guard = createGuard({ agenda: own, path, outbox, kept, fedPairs, isTelling: () => introduced });
    const turnPolarity = (pairs: number) => {
      const reversed = pairs === reversedPairs;
      path.advanceTo(own.cycles);
      if (path.state.polarityReversed === reversed) return true;
      if (path.state.switch2 || !guard.isJackSafe) return false;
      path.output('POL_REVERSE', reversed, own.cycles);
      return true;
    };
    const discovery = createDiscovery({ agenda: own, path, device: options.device, outbox, guard, turnPolarity });
    const selfTest = createSelfTest(own, path, outbox, guard, resetBits[cause], () => reset('watchdog'));
    const commands = createCommands({
      agenda: own,
      outbox,
      guard,
      discovery,
      selfTest,
      stored,
      identity: {
        protocol: injectorProtocol,
        serial: options.badCalibration ? 'UNSET' : options.serialNumber,
        revision: options.badCalibration ? 0 : 1,
        calibrated: !options.badCalibration,
        calibrationDays: options.badCalibration ? 0 : calibrationDays,
        resetCause: resetBits[cause],
      },
      introduced: () => {
        introduced = true;
      },
      isIntroduced: () => introduced,
    });
    const firmata = createFirmataSide(outbox, {
      message: commands,
      systemReset: () => {
        discovery.abort();
        selfTest.abort();
        guard.off('SYSTEM_RESET');
      },
    });
    firmware = { byte: firmata.byte, guard };
  };

  const die = (cause: ResetCause) => {
    life += 1;
    firmware = undefined;
    for (const name of outputs) path.output(name, false, agenda.cycles);
    options.onReset(cause, agenda.cycles);
  };
  const reset = (cause: ResetCause) => {
    die(cause);
    const mine = life;
    agenda.at(agenda.cycles + cyclesOf(startUpMs), () => {
      if (life === mine) start(cause);
    });
  };
  start('power-on');

  let held = false;
  return {
    path,
    pins: undefined,
    figures: () => ({}),
    get cycles() {
      return agenda.cycles;
    },
    serial: {
      get cycles() {
        return agenda.cycles;
      },
      at: agenda.at,
      serialIn: (byte) => {
        lineFreeAt = Math.max(agenda.cycles, lineFreeAt) + byteCycles;
        backlog += 1;
        agenda.at(lineFreeAt, () => {
          backlog -= 1;
          firmware?.byte(byte);
        });
      },
      get serialInBacklog() {
        return backlog;
      },
      onSerialOut: (listener) => void heard.add(listener),
    },
    run: (cycles) => {
      agenda.runUntil(agenda.cycles + cycles);
      path.advanceTo(agenda.cycles);
    },
    holdInReset: (hold) => {
      if (hold === held) return;
      held = hold;
      if (hold) die('external');
      else reset('external');
    },
  };
};
