import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { root } from './linkpulse.js';

export interface Scenario {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly words: Readonly<Record<string, string>>;
  readonly temperatureC?: number;
}

export interface DeckResult {
  readonly name: string;
  /** What the deck measured, by name in lower case, in SI units; NaN where the measurement found nothing. */
  readonly figures: Readonly<Record<string, number>>;
  /** Columns the deck wrote: the scale first (s or Hz). */
  readonly traces: readonly (readonly number[])[];
}

interface ComponentValue {
  readonly value: number;
  readonly unit: string;
  readonly tolerance: number;
  readonly use: string;
}

interface SafeOperatingArea {
  readonly part: string;
  readonly atVolts: number;
  readonly points: readonly (readonly [seconds: number, amperes: number])[];
}

/** What spoils a reading of CURRENT, by data sheet (values.json, `sense`). */
export interface SenseErrors {
  readonly temperatureC: { readonly calibrated: number; readonly lowest: number; readonly highest: number };
  readonly resistorDriftPerKelvin: number;
  readonly referenceDriftPerKelvin: number;
  readonly amplifierOffsetVolts: number;
  readonly amplifierDriftVoltsPerKelvin: number;
  readonly adcSteps: number;
  readonly adcAbsoluteSteps: number;
  readonly adcLinearitySteps: number;
  readonly adcQuantisationSteps: number;
  readonly calibratorGain: number;
  readonly calibratorMilliamps: number;
  readonly supplyVolts: { readonly calibrated: number; readonly lowest: number; readonly highest: number };
}

interface SpiceBench {
  runDeck(
    deck: string,
    options: Omit<Scenario, 'name'> & { keepTraces: boolean },
  ): Promise<{ figures: Record<string, number>; traces: number[][] }>;
  readDesign(): Promise<{ values: Record<string, ComponentValue>; soa: SafeOperatingArea; sense: SenseErrors }>;
  heldLevel(times: readonly number[], levels: readonly number[], from: number, to: number, hold: number): number;
}

const spice = (file: string) => pathToFileURL(`${root}/schematics/spice/${file}`).href;
const bench = (await import(spice('bench.mjs'))) as SpiceBench;
const { scenarios } = (await import(spice('scenarios.mjs'))) as { scenarios: Record<string, Scenario[]> };

export const { heldLevel, readDesign } = bench;

const strict = process.env.LINKPULSE_STRICT === '1';
const ngspiceIsThere = spawnSync('ngspice', ['--version']).status === 0;
if (!ngspiceIsThere && !strict) console.log('skipped: the SPICE decks need ngspice (apt package ngspice)');

/** Without ngspice the decks are skipped; with LINKPULSE_STRICT=1 they fail instead. */
export const skipDecks = !ngspiceIsThere && !strict;

/** Runs one deck in all its scenarios, one after the other, and prints what they gave. */
export const runScenarios = async (deck: string): Promise<Map<string, DeckResult>> => {
  const results = new Map<string, DeckResult>();
  for (const { name, parameters, words, temperatureC = 25 } of scenarios[deck] ?? []) {
    const { figures, traces } = await bench.runDeck(deck, {
      parameters,
      words,
      temperatureC,
      keepTraces: true,
    });
    results.set(name, { name, figures, traces });
  }
  return results;
};

/** A figure to print: NaN where nothing was measured. */
export const reading = (result: DeckResult, name: string): number => result.figures[name] ?? Number.NaN;

/** A figure that must have been measured. */
export const figure = (result: DeckResult, name: string): number => {
  const value = result.figures[name];
  if (value === undefined || Number.isNaN(value)) throw new Error(`${result.name}: ${name} was not measured`);
  return value;
};

export const named = (results: ReadonlyMap<string, DeckResult>, name: string): DeckResult => {
  const result = results.get(name);
  if (result === undefined) throw new Error(`no scenario is named "${name}"`);
  return result;
};

/**
 * Amperes that the switch bears for one pulse of `seconds` at the port's highest voltage, by the assumed curve in
 * values.json (straight lines between its points on double logarithmic paper), derated to the mounting base's temperature.
 */
export const safeAmperes = (soa: SafeOperatingArea, seconds: number, baseC: number): number => {
  const derating = (175 - baseC) / (175 - 25);
  const [first] = soa.points;
  if (first === undefined) throw new Error('values.json has no safe operating area');
  let [lastSeconds, lastAmperes] = first;
  if (seconds <= lastSeconds) return lastAmperes * derating;
  for (const [pointSeconds, amperes] of soa.points) {
    if (seconds <= pointSeconds) {
      const share = Math.log(seconds / lastSeconds) / Math.log(pointSeconds / lastSeconds);
      return lastAmperes * (amperes / lastAmperes) ** share * derating;
    }
    [lastSeconds, lastAmperes] = [pointSeconds, amperes];
  }
  return 0;
};
