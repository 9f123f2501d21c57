/** The pages of docs/ that are tables of the code: docs/faults.md and docs/errors.md. */
import { errorTable } from '../errors.js';
import { type FaultRow, faultTable } from '../plan/faults.js';

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const text = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [text(head), text(widths.map((width) => '-'.repeat(width))), ...rows.map(text)].join('\n');
};

const generated = (source: string): string =>
  `Generated from \`${source}\`; a test keeps the two alike (\`npx vitest run test/reports/reference-docs -u\` writes this page).`;

/** docs/faults.md: what `demo --fault` can do, and what the judges must say of it. */
export const faultsTable = (): string => {
  const rows = Object.entries<FaultRow>(faultTable).map(
    ([name, { title, where, stage, verdict, blame, exit, needs }]) => [
      `\`${name}\``,
      needs === undefined ? title : `${title} (plan with \`${needs}\`)`,
      where,
      stage,
      verdict,
      blame ?? (verdict === 'fail' ? 'the phone' : '–'),
      String(exit),
    ],
  );
  return `# Faults on purpose

${generated('src/plan/faults.ts')}

A simulated run can be given a fault: \`linkpulse demo --fault NAME\`. Each is a behaviour at the wire, in the part named
under "where". Only \`fail\` counts against the phone.

${table(['fault', 'what is wrong', 'where', 'stage', 'verdict', 'to blame', 'exit'], rows)}

Exit codes: 0 pass or marginal, 1 fail, 2 interrupted, 3 internal error, 4 usage or plan error, 5 error with any blame,
6 safety trip (the record keeps verdict and blame).
`;
};

/** docs/errors.md: what the bench can do wrong. */
export const errorsTable = (): string => {
  const rows = Object.entries(errorTable).map(([code, { meaning, remedy, blame }]) => [
    `\`${code}\``,
    meaning,
    remedy,
    blame,
  ]);
  return `# Errors of the bench

${generated('src/errors.ts')}

What the phone does wrong is a value in a stage's result; what the bench does wrong is one of these errors.

${table(['code', 'meaning', 'what to do', 'to blame'], rows)}
`;
};
