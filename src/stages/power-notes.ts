/** What the power judge keeps between events. */
import type { FactOf } from '../timeline/events.js';
import type { StageState } from './define-judge.js';

export interface PowerSample {
  readonly atUs: number;
  readonly milliwatts: readonly number[];
}

export interface PowerNotes {
  /** False while nothing came from a bench at all: a capture on its own. */
  readonly hasBench: boolean;
  /** The board is driven by its discrete lines alone. */
  readonly isByLines: boolean;
  readonly requestedAtUs: number | null;
  readonly hasDiscovered: boolean;
  readonly isOn: boolean;
  readonly isJackSafe: boolean;
  readonly inrushEndUs: number | null;
  readonly roundTripNs: number | null;
  readonly probe: FactOf<'probe'> | null;
  readonly fed: FactOf<'power-on'> | null;
  readonly sawLink: boolean;
  readonly drewNormally: boolean;
  readonly recent: readonly PowerSample[];
}

export type PowerState = StageState<PowerNotes>;
