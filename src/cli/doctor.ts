import type { Finding, FindingLevel } from '../doctor/finding.js';
import { exitCodes } from '../stages/exit-code.js';
import type { Terminal } from './terminal.js';
import type { RegisterVerb } from './verb.js';

const marks: Readonly<Record<FindingLevel, { mark: string; colour: 'green' | 'grey' | 'yellow' | 'red' }>> = {
  ok: { mark: '✔', colour: 'green' },
  note: { mark: '·', colour: 'grey' },
  warning: { mark: '≈', colour: 'yellow' },
  problem: { mark: '✘', colour: 'red' },
};

export const registerDoctor: RegisterVerb = (program, { composition, done }) => {
  program
    .command('doctor')
    .description(
      'what this machine lacks for the ports of a bench file, each with the command that mends it; which interfaces a phone may hang on',
    )
    .option('--bench <file>', 'bench file: ports, boards, interfaces', composition.defaults.benchPath)
    .option('--json', 'one finding a line as JSON', false)
    .addHelpText('after', '\nExit codes: 0 nothing stands in the way of a run, 5 something does')
    .action(async ({ bench, json }: { bench: string; json: boolean }) => {
      const findings = await composition.examine(bench);
      if (json) for (const finding of findings) process.stdout.write(`${JSON.stringify(finding)}\n`);
      else tellFindings(composition.terminal, findings);
      done(findings.some(({ level }) => level === 'problem') ? exitCodes.wentWrong : exitCodes.good);
    });
};

const tellFindings = ({ line, paint }: Terminal, findings: readonly Finding[]): void => {
  for (const { check, level, message, mend } of findings) {
    const { mark, colour } = marks[level];
    line(`${paint(colour, mark)} ${check.padEnd(13)} ${message}`);
    if (mend !== null) line(`  ${''.padEnd(13)} ${paint('bold', 'mend:')} ${mend}`);
  }
  const count = (wanted: FindingLevel) => findings.filter(({ level }) => level === wanted).length;
  const [problems, warnings] = [count('problem'), count('warning')];
  line('');
  if (problems > 0)
    line(paint('red', `${problems} to mend before a run${warnings > 0 ? `, ${warnings} to know` : ''}`));
  else line(paint('green', `ready${warnings > 0 ? `, ${warnings} to know` : ''}`));
};
