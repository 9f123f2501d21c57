/** The modelled board's self-test (hardware/firmware/selftest.c): the switches, each alone, by what the read-back says of them. */
import type { InjectorFields } from '../../wire/injector-messages.js';
import type { PowerOutput, PowerPath } from '../electrical.js';
import type { Agenda } from './agenda.js';
import { cyclesOf, type Guard, unitsOf } from './guard.js';
import type { Outbox } from './outbox.js';

export interface SelfTest {
  /** `starve`: when the result has left, the watchdog is fed no more. */
  start(starve: boolean): void;
  abort(): void;
}

const result = (good: boolean): number => (good ? 0 : 1);
const notPossible = 2;
/** hardware/firmware/config.h, milliseconds and counts. */
const timing = { switch: 20, source: 10, relay: 25, sent: 200, watchdog: 60, pumpDead: 31, pumpPeriod: 10 } as const;
const counts = {
  gateHigh: 123,
  open: 368,
  openGateHigh: 634,
  sourceLow: [428, 473],
  sourceHigh: [914, 1010],
  reference: 450,
} as const;
const currentMax = 3;

type Step = readonly [afterMs: number, run: () => void];

export const createSelfTest = (
  agenda: Agenda,
  path: PowerPath,
  outbox: Outbox,
  guard: Guard,
  resetCause: number,
  bite: () => void,
): SelfTest => {
  let turn = 0;
  let pump = false;
  const drive = (name: PowerOutput, high: boolean) => path.output(name, high, agenda.cycles);
  const openEverything = () => {
    for (const name of ['GATE', 'SWITCH2', 'DISC_RELAY', 'AF_HIGH'] as const) drive(name, false);
  };
  const readback = () => {
    path.advanceTo(agenda.cycles);
    return path.readbackCounts();
  };
  const isWithin = (value: number, [low, high]: readonly [number, number]) => value >= low && value <= high;
  /** A living pump for as long as a switch is tried. */
  const keepPumping = (mine: number, forMs: number) => {
    for (let at = 0; at < forMs; at += timing.pumpPeriod)
      agenda.at(agenda.cycles + cyclesOf(at), () => {
        if (turn !== mine) return;
        pump = !pump;
        drive('PUMP', pump);
      });
  };
  const abort = () => {
    if (turn % 2 === 0) return;
    turn += 1;
    openEverything();
    guard.setDiscovering(false);
  };

  return {
    abort,
    start: (starve) => {
      // Odd while it runs.
      turn += 1;
      const mine = turn;
      guard.setDiscovering(true);
      const isSupplied = guard.isEstopOk;
      const checks: Record<string, number> = {};
      const note = (name: string, good: boolean, possible = isSupplied) => {
        checks[name] = possible ? result(good) : notPossible;
      };
      const finish = () => {
        const { milliamps, jackMillivolts } = guard.readings();
        openEverything();
        const told = {
          ...{ reference: 0, adcZero: 0, shortLatch: result(path.inputs.SHORT_N), comparatorQuiet: 0, loopback: 0 },
          ...{ currentZero: result(milliamps <= currentMax), jackOff: result(guard.isJackSafe) },
          ...{ estop: result(guard.isEstopOk), ...checks },
          ...{ resetCause, referenceCounts: counts.reference, milliamps, jackMillivolts, time: unitsOf(agenda.cycles) },
        };
        outbox.message('SELFTEST_RESULT', told as InjectorFields<'SELFTEST_RESULT'>);
        if (!starve) return abort();
        agenda.at(agenda.cycles + cyclesOf(timing.sent + timing.watchdog), () => turn === mine && bite());
      };
      const steps: readonly Step[] = [
        [0, () => drive('DISC_RELAY', true)],
        [timing.relay, () => note('relayFrontEnd', path.state.relayAtFrontEnd, true)],
        [0, () => drive('DISC_RELAY', false)],
        [timing.relay, () => note('relayPassThrough', !path.state.relayAtFrontEnd, true)],
        [0, () => note('switch2Opens', readback() >= counts.open, true)],
        [0, () => drive('SWITCH2', true)],
        [timing.switch, () => note('switch2Closes', readback() < counts.open)],
        [0, () => drive('SWITCH2', false)],
        [timing.switch, () => note('gateOpens', readback() < counts.openGateHigh)],
        [0, () => keepPumping(mine, timing.switch)],
        [0, () => drive('GATE', true)],
        [timing.switch, () => note('gateCloses', readback() >= counts.openGateHigh)],
        [timing.pumpDead, () => note('pumpNeeded', readback() < counts.openGateHigh)],
        [0, () => drive('GATE', false)],
        [timing.source, () => note('detectionSource', isWithin(path.afSenseCounts(), counts.sourceLow))],
        [0, () => drive('AF_HIGH', true)],
        [
          timing.source,
          () => {
            readback();
            const isLowGood = checks.detectionSource === result(true);
            note('detectionSource', isLowGood && isWithin(path.afSenseCounts(), counts.sourceHigh));
          },
        ],
        [0, finish],
      ];
      const run = ([step, ...rest]: readonly Step[]) => {
        if (step === undefined) return;
        agenda.at(agenda.cycles + cyclesOf(step[0]), () => {
          if (turn !== mine) return;
          path.advanceTo(agenda.cycles);
          // A jack that rises while one switch is closed alone: the other one conducts by itself.
          if (!guard.isJackSafe) {
            turn += 1;
            return guard.lock(agenda.cycles);
          }
          step[1]();
          run(rest);
        });
      };
      run(steps);
    },
  };
};
