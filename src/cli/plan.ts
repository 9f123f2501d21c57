import { join } from 'node:path';
import { Option } from 'commander';
import { BenchError, isBenchError } from '../errors.js';
import { type ExplainedLimit, type ExplainedPlan, explainPlan } from '../plan/explain.js';
import { planJsonSchema, planSchemaPath } from '../plan/json-schema.js';
import { loadPlan } from '../plan/load-plan.js';
import { readPromptPictures } from '../plan/prompt-pictures.js';
import { startingPlan } from '../plan/starting-plan.js';
import { limitsText } from '../reports/measurement-text.js';
import { exitCodes } from '../stages/exit-code.js';
import { ownLimits } from '../stages/vlan.js';
import type { Terminal } from './terminal.js';
import type { RegisterVerb } from './verb.js';

export const registerPlan: RegisterVerb = (program, context) => {
  const { terminal } = context.composition;
  const plan = program.command('plan').description('plans: check them, explain their limits, begin a new one');

  plan
    .command('check')
    .description('every mistake of every file at once, with its line and a suggestion')
    .argument('<files...>', 'plans')
    .action((files: readonly string[]) => {
      if (!files.map((file) => checkOne(file, terminal)).every(Boolean)) context.done(exitCodes.usage);
    });

  plan
    .command('explain')
    .description('every limit: its value, its marginal band, where it stands and why')
    .argument('<file>', 'plan')
    .option('--json', 'JSON instead of text', false)
    .action((file: string, { json }: { readonly json: boolean }) => {
      const explained = explainPlan(file, ownLimits);
      if (json) terminal.line(JSON.stringify(asJson(explained), null, 2));
      else tell(explained, terminal);
    });

  plan
    .command('new')
    .description('a commented plan to begin with, on standard output')
    .option('--model <model>', 'as on the label', 'CP-7960G')
    .addOption(new Option('--protocol <protocol>', 'of its load').choices(['SCCP', 'SIP']))
    .option('--voice-vlan <id>', '1 to 4094, or none', '110')
    .action(({ model, protocol, voiceVlan }: NewOptions) => {
      const text = startingPlan({
        model,
        ...(protocol === undefined ? {} : { protocol }),
        voiceVlan: readVlan(voiceVlan),
        schema: join(context.composition.service.packageRoot, planSchemaPath),
      });
      terminal.line(text.trimEnd());
    });

  plan
    .command('schema')
    .description('the JSON Schema of plans, for editors')
    .action(() => terminal.line(JSON.stringify(planJsonSchema(), null, 2)));
};

interface NewOptions {
  readonly model: string;
  readonly protocol?: 'SCCP' | 'SIP';
  readonly voiceVlan: string;
}

const readVlan = (text: string): number | null => {
  if (text === 'none') return null;
  const id = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (id < 1 || id > 4094) throw new BenchError('USAGE', `--voice-vlan ${text}: must be 1 to 4094, or none`);
  return id;
};

/** false: it has mistakes, which were told. */
const checkOne = (file: string, { line, error, paint }: Terminal): boolean => {
  try {
    const { plan } = loadPlan(file);
    readPromptPictures(plan);
    line(`${paint('green', 'ok')} ${file}: ${plan.name}, ${plan.title}`);
    return true;
  } catch (problem) {
    if (!isBenchError(problem)) throw problem;
    error(`${paint('red', problem.code)}: ${problem.message}`);
    return false;
  }
};

const asJson = ({ loaded, ...rest }: ExplainedPlan) => ({
  name: loaded.plan.name,
  title: loaded.plan.title,
  path: loaded.path,
  sha256: loaded.hash,
  ...rest,
});

const tell = ({ loaded, limits, settings }: ExplainedPlan, terminal: Terminal): void => {
  const { paint } = terminal;
  terminal.line(`${paint('bold', loaded.plan.name)}  ${loaded.plan.title}`);
  terminal.line(paint('grey', `${loaded.path}  sha256 ${loaded.hash}`));
  terminal.line(`\n${paint('bold', 'Limits')}`);
  table(
    terminal,
    limits.map((limit) => [limit.name, limitsText(asMeasured(limit)), whereOf(limit), limit.source ?? noSource(limit)]),
  );
  terminal.line(`\n${paint('bold', 'Everything else')}`);
  table(
    terminal,
    settings.map(({ key, text, line, source }) => [key, text, `line ${line}`, source ?? '']),
  );
};

const asMeasured = ({ limits, unit }: ExplainedLimit) => ({ limits, unit }) as Parameters<typeof limitsText>[0];
const whereOf = ({ line }: ExplainedLimit): string => (line === null ? 'default' : `line ${line}`);
const noSource = ({ line, limits }: ExplainedLimit): string => {
  if (line !== null) return 'no reason given in the plan';
  return limits === null ? 'recorded, passes whatever it is' : 'what the bench grants (network.powerAvailable)';
};

const widestCell = 56;

/** The last column is grey and as long as it is. */
const table = ({ line, paint }: Terminal, rows: readonly (readonly string[])[]): void => {
  const columns = Math.max(...rows.map((row) => row.length)) - 1;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.min(widestCell, Math.max(...rows.map((row) => row[column]?.length ?? 0))),
  );
  for (const row of rows) {
    const cells = widths.map((width, column) => (row[column] ?? '').padEnd(width));
    line(`  ${cells.join('  ')}  ${paint('grey', row.at(-1) ?? '')}`.trimEnd());
  }
};
