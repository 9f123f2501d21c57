/** Options that ask for past runs, the same for every verb that takes them. */
import { type Command, InvalidArgumentError } from 'commander';
import { measurementUnits } from '../plan/plan.js';
import { didYouMean } from '../plan/suggestion.js';
import { parseMeasurementRange, type RunSearch } from '../records/run-search.js';
import { stageNames } from '../stages/judge.js';
import { type RecordsOptions, withRuns } from './records-place.js';
import type { VerbContext } from './verb.js';

export interface SearchOptions extends RecordsOptions, RunSearch {
  readonly date?: { readonly since: string; readonly until: string };
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text);

/** `2026-11-26`, a full ISO date, or so long ago: `36h`, `14d`. */
export const moment =
  (now: () => Date) =>
  (text: string): string => {
    const ago = /^(\d+)([hdw])$/.exec(text);
    if (ago !== null) {
      const hours = { h: 1, d: 24, w: 168 }[ago[2] as 'h' | 'd' | 'w'];
      return new Date(now().getTime() - Number(ago[1]) * hours * hourMs).toISOString();
    }
    const date = new Date(text);
    if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('a date such as 2026-11-26, or 36h, 14d, 2w ago');
    return date.toISOString();
  };

/** The same, but a day counts as a whole. */
const endMoment = (now: () => Date) => (text: string) => {
  const at = moment(now)(text);
  return isDay(text) ? new Date(Date.parse(at) + dayMs).toISOString() : at;
};

const day = (text: string): SearchOptions['date'] => {
  if (!isDay(text) || Number.isNaN(Date.parse(text))) throw new InvalidArgumentError('a day such as 2026-11-26');
  const now = () => new Date(text);
  return { since: moment(now)(text), until: endMoment(now)(text) };
};

const measurementNames = Object.keys(measurementUnits);
const measurementRange = (text: string): NonNullable<RunSearch['measurement']> => {
  const range = parseMeasurementRange(text);
  if (range === undefined)
    throw new InvalidArgumentError('a measurement such as boot.linkUpMs=4000.. or power.inrushMs=20..30');
  if (!measurementNames.includes(range.name))
    throw new InvalidArgumentError(
      `there is no measurement ${range.name}${didYouMean(range.name, measurementNames)}; all: ${measurementNames.join(', ')}`,
    );
  return range;
};

const oneOf =
  (...known: readonly string[]) =>
  (text: string): string => {
    const meant = known.find((name) => name === text.toLowerCase());
    if (meant === undefined) throw new InvalidArgumentError(`one of ${known.join(', ')}${didYouMean(text, known)}`);
    return meant;
  };

export const withSearch = (command: Command, context: VerbContext): Command => {
  const now = () => context.composition.clock.wallClock();
  return withRuns(command, context)
    .option('--serial <number>', 'serial number on the label (% stands for anything, here and below)')
    .option('--mac <mac>', 'MAC of the phone, however it is written')
    .option('--unit <name>', 'serial number, device id or MAC: what the phone goes by')
    .option('--model <part>', 'part of its model, such as 7960: of the plan, or as the phone says it in CDP')
    .option('--platform <name>', 'platform as the phone says it in CDP')
    .option('--plan <name>', 'plan')
    .option('--port <name>', 'port')
    .option('--station <name>', 'station')
    .option('--verdict <verdict>', 'pass, marginal, fail or error', oneOf('pass', 'marginal', 'fail', 'error'))
    .option(
      '--blame <blame>',
      'phone, power, network, config, bench or operator',
      oneOf('phone', 'power', 'network', 'config', 'bench', 'operator'),
    )
    .option('--stage <stage>', `stage that decided: ${stageNames.join(', ')}, bench`, oneOf(...stageNames, 'bench'))
    .option('--measurement <name[=min..max]>', 'runs that have this measurement, in this range', measurementRange)
    .option('--date <day>', 'that day (UTC), such as 2026-11-26', day)
    .option('--since <when>', 'a date, or 36h, 14d, 2w ago', moment(now))
    .option('--until <when>', 'up to the end of a day, or so long ago', endMoment(now))
    .option('--text <words>', 'anywhere in id, device, model, load, cause, plan');
};

export const searchOf = ({ json: _json, bench: _bench, runs: _runs, date, ...search }: SearchOptions): RunSearch => ({
  ...search,
  ...date,
});
