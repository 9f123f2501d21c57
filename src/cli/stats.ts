import type { Histogram } from '../records/statistics/histogram.js';
import {
  type MeasurementStatistics,
  type Statistics,
  statisticsJson,
  statisticsOf,
} from '../records/statistics/report.js';
import { measurementLabel } from '../reports/measurement-table.js';
import { valueText } from '../reports/measurement-text.js';
import { openIndex, type SearchOptions, withSearch } from './records.js';
import type { Terminal } from './terminal.js';
import type { RegisterVerb } from './verb.js';

export const registerStats: RegisterVerb = (program, context) => {
  const { terminal } = context.composition;
  withSearch(program.command('stats').description('yield, causes, capability of each measurement, gage study'), context)
    .option('--golden <unit>', 'a phone that is the yardstick: its runs count in nothing else')
    .action(async (options: SearchOptions & { readonly golden?: string }) => {
      const { json, bench: _bench, runs: _runs, ...request } = options;
      const index = await openIndex(options, terminal);
      const statistics = statisticsOf(index, request);
      index.close();
      if (json) terminal.line(statisticsJson(statistics));
      else if (statistics.runs === 0) terminal.line('no such runs');
      else tell(terminal, statistics);
    });
};

const percent = (share: number): string => (Number.isNaN(share) ? '-' : `${(100 * share).toFixed(1)} %`);
const blocks = ' ▁▂▃▄▅▆▇█';
const bars = ({ counts }: Histogram): string => {
  const most = Math.max(1, ...counts);
  return counts.map((count) => blocks[count === 0 ? 0 : Math.max(1, Math.round((count / most) * 8))]).join('');
};

const tell = (terminal: Terminal, statistics: Statistics): void => {
  const { paint } = terminal;
  const { yield: whole } = statistics;
  terminal.line(
    `${statistics.runs} runs of ${whole.units} phones, ${statistics.from?.slice(0, 10)} to ${statistics.to?.slice(0, 10)}`,
  );
  terminal.line(
    `${paint('bold', 'first-pass yield')} ${percent(whole.firstPass)}   ${paint('bold', 'final')} ${percent(whole.final)}   ` +
      `${whole.errors} runs judged nobody (bench, network, configuration, power, operator)`,
  );
  whole.passedOnAttempt.slice(1).forEach((count, index) => {
    if (count > 0) terminal.line(paint('yellow', `${count} passed on attempt ${index + 2} only`));
  });
  if (statistics.pareto.length > 0) terminal.line(`\n${paint('bold', 'What went wrong')}`);
  for (const { blame, stage, cause, count, cumulative } of statistics.pareto.slice(0, 12)) {
    const who = paint(blame === 'phone' ? 'red' : 'blue', blame.padEnd(9));
    terminal.line(
      `${String(count).padStart(6)}  ${percent(cumulative).padStart(7)}  ${who} ${stage.padEnd(13)} ${cause}`,
    );
  }
  if (statistics.trend.length > 1) terminal.line(`\n${paint('bold', 'Per day')}`);
  for (const { day, yield: told } of statistics.trend.slice(-14)) {
    if (statistics.trend.length > 1)
      terminal.line(
        `  ${day}  ${percent(told.firstPass).padStart(7)} first  ${percent(told.final).padStart(7)} final  ${told.runs} runs`,
      );
  }
  terminal.line(`\n${paint('bold', 'Measurements')}`);
  for (const measurement of statistics.measurements) tellMeasurement(terminal, measurement);
};

const tellMeasurement = (
  { line, paint }: Terminal,
  { name, unit, capability, histogram, gage, golden }: MeasurementStatistics,
): void => {
  const { count, mean, min, max, cpk, ppk } = capability;
  const index = (value: number | null) => (value === null ? '   -' : value.toFixed(2).padStart(4));
  const colour = cpk === null || cpk >= 1.33 ? 'green' : cpk >= 1 ? 'yellow' : 'red';
  const text = (value: number) => valueText(Number(value.toPrecision(4)), unit);
  line(
    `  ${measurementLabel(name).padEnd(28)} ${text(mean).padStart(9)}  ${`${text(min)} .. ${text(max)}`.padEnd(22)} n ${String(count).padEnd(5)} ` +
      `Cpk ${paint(colour, index(cpk))}  Ppk ${index(ppk)}  ${paint('grey', bars(histogram))}`,
  );
  if (gage !== null && gage.parts > 1)
    line(
      paint(
        'grey',
        `    gage: ${gage.parts} phones x ${gage.appraisers} ports x ${gage.trials}: repeatability ${text(gage.repeatability)}, ` +
          `reproducibility ${text(gage.reproducibility)}, ${(gage.percentOfTotal ?? 0).toFixed(0)} % of what is seen`,
      ),
    );
  if (golden !== null)
    line(
      paint(
        'grey',
        `    golden unit ${text(golden.goldenMean)} (${golden.goldenCount} runs), the others ${golden.shift >= 0 ? '+' : ''}${text(golden.shift)}` +
          `${golden.shiftInDeviations === null ? '' : `, ${golden.shiftInDeviations.toFixed(1)} deviations`}`,
      ),
    );
};
