import type { Histogram } from '../records/statistics/histogram.js';
import {
  type MeasurementStatistics,
  type Statistics,
  statisticsJson,
  statisticsOf,
} from '../records/statistics/report.js';
import { measurementLabel } from '../reports/measurement-table.js';
import { limitsText, valueText } from '../reports/measurement-text.js';
import { openIndex } from './records-place.js';
import { type SearchOptions, searchOf, withSearch } from './records-search.js';
import { type Terminal, wrapped } from './terminal.js';
import type { RegisterVerb } from './verb.js';

export const registerStats: RegisterVerb = (program, context) => {
  const { terminal } = context.composition;
  withSearch(program.command('stats').description('yield, causes, capability of each measurement, gage study'), context)
    .option('--golden <phone>', 'a phone that is the yardstick: its runs count in nothing else')
    .action(async ({ golden, ...options }: SearchOptions & { readonly golden?: string }) => {
      const index = await openIndex(options, terminal);
      const statistics = statisticsOf(index, { ...searchOf(options), ...(golden === undefined ? {} : { golden }) });
      index.close();
      if (options.json) return terminal.line(statisticsJson(statistics));
      if (golden !== undefined && statistics.golden.runs === 0)
        terminal.error(`no run of the golden unit ${golden}: nothing is compared`);
      if (statistics.runs === 0) return terminal.line('no such runs');
      tell(terminal, statistics);
    });
};

const percent = (share: number): string => (Number.isNaN(share) ? '-' : `${(100 * share).toFixed(1)} %`);
const blocks = ' ▁▂▃▄▅▆▇█';
const bars = ({ counts }: Histogram): string => {
  const most = Math.max(1, ...counts);
  return counts.map((count) => blocks[count === 0 ? 0 : Math.max(1, Math.round((count / most) * 8))]).join('');
};

const mostCauses = 12;
const mostDays = 14;
/** Before the cause of a row of the pareto. */
const causeIndent = 41;

const tell = (terminal: Terminal, statistics: Statistics): void => {
  const { paint, columns } = terminal;
  const { yield: whole, pareto, trend } = statistics;
  const good = (share: number) => `${percent(share)} (${Math.round(share * whole.units) || 0} of ${whole.units})`;
  terminal.line(
    `${statistics.runs} runs of ${whole.units} phones, ${statistics.from?.slice(0, 10)} to ${statistics.to?.slice(0, 10)}`,
  );
  terminal.line(
    `${paint('bold', 'first-pass yield')} ${good(whole.firstPass)}   ${paint('bold', 'final')} ${good(whole.final)}`,
  );
  whole.passedOnAttempt.slice(1).forEach((count, index) => {
    if (count > 0) terminal.line(paint('yellow', `${count} passed on attempt ${index + 2} only`));
  });
  if (whole.errors > 0)
    terminal.line(`${whole.errors} runs judged nobody (bench, network, configuration, power, operator)`);
  if (pareto.length > 0) terminal.line(`\n${paint('bold', 'What went wrong')}`);
  if (statistics.blames.length > 1)
    terminal.line(`  ${statistics.blames.map(({ blame, count }) => `${blame} ${count}`).join('   ')}`);
  for (const { blame, stage, cause, count, cumulative } of pareto.slice(0, mostCauses)) {
    const who = paint(blame === 'phone' ? 'red' : 'blue', blame.padEnd(9));
    const [first = '', ...more] = wrapped(cause, columns === null ? Number.POSITIVE_INFINITY : columns - causeIndent);
    terminal.line(
      `${String(count).padStart(6)}  ${percent(cumulative).padStart(7)}  ${who} ${stage.padEnd(13)} ${first}`,
    );
    for (const line of more) terminal.line(' '.repeat(causeIndent) + line);
  }
  if (pareto.length > mostCauses)
    terminal.line(paint('grey', `        and ${pareto.length - mostCauses} more causes: --json tells all`));
  if (trend.length > 1) {
    const which = trend.length > mostDays ? `, the last ${mostDays} of ${trend.length} days: --json tells all` : '';
    terminal.line(`\n${paint('bold', 'Per day')}${paint('grey', which)}`);
    for (const { day, yield: told } of trend.slice(-mostDays))
      terminal.line(
        `  ${day}  ${percent(told.firstPass).padStart(7)} first  ${percent(told.final).padStart(7)} final  ${told.runs} runs`,
      );
  }
  terminal.line(
    `\n${paint('bold', 'Measurements'.padEnd(30))}${paint('grey', '     mean  least .. most            n    Cpk    Ppk')}`,
  );
  for (const measurement of statistics.measurements) tellMeasurement(terminal, measurement);
};

const labelWidth = 28;
const index = (value: number | null) => (value === null ? '-' : value >= 100 ? '> 100' : value.toFixed(2)).padStart(6);

const tellMeasurement = (
  { line, paint, columns }: Terminal,
  { name, unit, limits, capability, histogram, gage, golden }: MeasurementStatistics,
): void => {
  const { count, mean, min, max, cpk, ppk } = capability;
  const colour = cpk === null || cpk >= 1.33 ? 'green' : cpk >= 1 ? 'yellow' : 'red';
  const text = (value: number) => valueText(Number(value.toPrecision(4)), unit);
  const more = (said: string) => {
    for (const part of wrapped(said, columns === null ? Number.POSITIVE_INFINITY : columns - 4))
      line(paint('grey', `    ${part}`));
  };
  const label = measurementLabel(name);
  if (label.length > labelWidth) line(`  ${label}`);
  line(
    `  ${(label.length > labelWidth ? '' : label).padEnd(labelWidth)}${text(mean).padStart(9)}  ${(min === max ? 'always' : `${text(min)} .. ${text(max)}`).padEnd(20)}${String(count).padStart(5)} ${paint(colour, index(cpk))} ${index(ppk)}`,
  );
  // What never differs has no shape, and no study.
  if (min === max) return;
  more(`${bars(histogram)}  ${limitsText({ limits, unit })}`);
  if (gage !== null && gage.total > 0) {
    const { parts, appraisers, trials, repeatability, reproducibility, percentOfTotal, percentOfTolerance } = gage;
    const shares = [
      ...(percentOfTotal === null ? [] : [`${percentOfTotal.toFixed(0)} % of the spread`]),
      ...(percentOfTolerance === null ? [] : [`${percentOfTolerance.toFixed(0)} % of the tolerance`]),
    ];
    more(
      `gage R&R: ${many(parts, 'phone')} x ${many(appraisers, 'port')} x ${trials}: repeatability ${text(repeatability)}` +
        `${appraisers > 1 ? `, reproducibility ${text(reproducibility)}` : ''}${shares.length > 0 ? `; ${shares.join(', ')}` : ''}`,
    );
  }
  if (golden !== null)
    more(
      `golden unit ${text(golden.goldenMean)} (${many(golden.goldenCount, 'run')}), the others ${golden.shift >= 0 ? '+' : ''}${text(golden.shift)}` +
        `${golden.shiftInDeviations === null ? '' : `, ${(Math.round(golden.shiftInDeviations * 10) / 10 || 0).toFixed(1)} deviations`}`,
    );
};

const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
