/** The modelled board's low-voltage probe (hardware/firmware/probe.c): 802.3af signature at two points, then the class. */
import type { InjectorFields } from '../../wire/injector-messages.js';
import type { PowerPath } from '../electrical.js';
import type { Agenda } from './agenda.js';
import { cyclesOf } from './guard.js';

const kinds = ['open', 'load', 'signature', 'low', 'high', 'not possible'] as const;
export type ProbeKind = (typeof kinds)[number];

export interface ProbeFinding {
  readonly kind: ProbeKind;
  /** A signature with a class that may be fed. */
  readonly isValid: boolean;
  /** Cycle at which detection ended. */
  readonly detectedAt: number;
  readonly told: Omit<InjectorFields<'PROBE'>, 'time'>;
}

export interface Probe {
  /** The pairs are joined, measured, and back when `done` is told. */
  start(done: (finding: ProbeFinding) => void): void;
  abort(): void;
  result(): ProbeFinding;
}

/** hardware/firmware/config.h; milliseconds, ohms, counts of a sum of 48, microamps. */
const timing = { join: 15, rise: 10, measure: 20.5, classSettle: 10 } as const;
const summed = 48;
const fullScaleMillivolts = 10_000;
const detectOhms = 3900;
const dividerOhms = 400_000;
const signatureOhms = { min: 17_000, max: 29_500 } as const;
const openOhmsWithDivider = 80_000;
const stepMin = 300 * summed;
const agreePercent = 3;
const classFullScaleMicroamps = 49_800;
const classMaxMicroamps = [5000, 13_000, 21_000, 31_000, 48_000] as const;
const noOhms = 0xffffffff;
const noClass = 0xff;
const adcFullScale = 1023;

const notPossible: ProbeFinding = {
  kind: 'not possible',
  isValid: false,
  detectedAt: 0,
  told: {
    kind: kinds.indexOf('not possible'),
    ohms: noOhms,
    class: noClass,
    classMicroamps: 0,
    lowMillivolts: 0,
    highMillivolts: 0,
  },
};

interface Sums {
  readonly sense: number;
  readonly jack: number;
}

const millivoltsOf = (sum: number): number => Math.floor((sum * fullScaleMillivolts) / (adcFullScale * summed));

/** The slope between the two points: bridge drops and offsets fall out. */
const judgeSlope = (low: Sums, high: Sums): { readonly kind: ProbeKind; readonly ohms: number } => {
  const jackStep = high.jack - low.jack;
  const sourceStep = high.sense - low.sense;
  if (sourceStep < stepMin || jackStep < 0) return { kind: 'load', ohms: noOhms };
  const drawnStep = sourceStep - jackStep;
  const together = drawnStep <= 0 ? noOhms : Math.floor((detectOhms * jackStep) / drawnStep);
  if (together >= openOhmsWithDivider) return { kind: 'open', ohms: noOhms };
  const ohms = Math.floor((together * dividerOhms) / (dividerOhms - together));
  const { min, max } = signatureOhms;
  return { kind: ohms < min ? 'low' : ohms > max ? 'high' : 'signature', ohms };
};

export const createProbe = (agenda: Agenda, path: PowerPath): Probe => {
  let turn = 0;
  let found = notPossible;
  const now = () => agenda.cycles;
  const after = (milliseconds: number, step: () => void) => {
    const mine = turn;
    agenda.at(now() + cyclesOf(milliseconds), () => {
      if (turn === mine) step();
    });
  };
  const atRest = () => {
    for (const name of ['AF_HIGH', 'AF_CLASS', 'AF_CONNECT'] as const) path.output(name, false, now());
  };
  const estopOk = () => {
    path.advanceTo(now());
    return path.inputs.ESTOP_OK;
  };

  /** Both ends, averaged over a period of the mains. */
  const measure = (then: (sums: Sums) => void) => {
    const readings = 4;
    let sense = 0;
    let jack = 0;
    const step = (left: number) => {
      if (left === 0) return then({ sense: (sense * summed) / readings, jack: (jack * summed) / readings });
      after(timing.measure / readings, () => {
        path.advanceTo(now());
        sense += path.afSenseCounts();
        jack += path.readbackCounts();
        step(left - 1);
      });
    };
    step(readings);
  };

  return {
    result: () => found,
    abort: () => {
      turn += 1;
      atRest();
    },
    start: (done) => {
      turn += 1;
      const leave = (finding: ProbeFinding) => {
        // The contact may have taken the sources' supply away meanwhile.
        found = estopOk() ? finding : notPossible;
        atRest();
        after(timing.join, () => done(found));
      };
      if (!estopOk()) return leave(notPossible);
      path.output('AF_CONNECT', true, now());
      after(timing.join, () =>
        measure((low) => {
          path.output('AF_HIGH', true, now());
          after(timing.rise, () => measure((high) => measure((again) => judge(low, high, again))));
        }),
      );
      const judge = (low: Sums, high: Sums, again: Sums) => {
        const detectedAt = now();
        const isCharging = Math.abs(again.jack - high.jack) * 100 > high.jack * agreePercent;
        const { kind, ohms } = isCharging ? { kind: 'load' as const, ohms: noOhms } : judgeSlope(low, again);
        const told = {
          kind: kinds.indexOf(kind),
          ohms,
          class: noClass,
          classMicroamps: 0,
          lowMillivolts: millivoltsOf(low.jack),
          highMillivolts: millivoltsOf(again.jack),
        };
        if (kind !== 'signature') return leave({ kind, isValid: false, detectedAt, told });
        path.output('AF_CLASS', true, now());
        after(timing.classSettle, () =>
          measure(({ sense }) => {
            const classMicroamps = Math.floor((sense * classFullScaleMicroamps) / (adcFullScale * summed));
            const index = classMaxMicroamps.findIndex((most) => classMicroamps < most);
            const isClass = index >= 0;
            leave({
              kind,
              isValid: isClass,
              detectedAt,
              told: { ...told, class: isClass ? index : noClass, classMicroamps },
            });
          }),
        );
      };
    },
  };
};
