/** What of a golden run stands in the bench file: how often, with what, and what must be found. */
import { type FaultName, type FaultRow, faultNames, faultTable } from './faults.js';

export interface GoldenTerms {
  /** No phone is judged where a golden result is older. */
  readonly everyMs: number;
  /** Absolute: the plan that golden runs go by. */
  readonly planPath: string;
  /** Of a hardware port: device id or serial number of the phone that is known to be good. */
  readonly phone: string | null;
  /** Of a simulated port: each must be found out as the table of faults says. */
  readonly faults: readonly FaultName[];
  /** Shared things that every golden run takes. */
  readonly needs?: readonly string[] | undefined;
}

/** One for each stage. */
export const defaultGoldenFaults: readonly FaultName[] = [
  'short-circuit',
  'no-link',
  'cdp-wrong-vlan',
  'dhcp-silent',
  'config-missing',
  'register-rejected',
];

/** Done to the daemon or to its wires from outside while it runs (`demo`), not asked for with a run. */
const fromOutside: ReadonlySet<string> = new Set(['estop', 'barrier-dark', 'serial-pulled', 'daemon-killed']);

export const goldenFaults: readonly FaultName[] = faultNames.filter((name) => {
  const row: FaultRow = faultTable[name];
  return !fromOutside.has(name) && row.needs === undefined;
});

/** What a port must be run with: null is the healthy phone. */
export const goldenCases = (kind: 'simulated' | 'hardware', terms: GoldenTerms): readonly (FaultName | null)[] =>
  kind === 'simulated' ? [null, ...terms.faults] : [null];
