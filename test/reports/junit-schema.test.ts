import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { RunRecord } from '../../src/records/record.js';
import { junitReport } from '../../src/reports/junit.js';
import { needs } from '../helpers/tools.js';
import { healthyRun, limitedRun, livePartnerRun, marginalRun, shortCircuitRun, signatureRun } from './fixture-run.js';

const problemsOf = (xml: string): string => {
  const { status, stderr } = spawnSync('xmllint', ['--noout', '--nonet', '--schema', 'docs/junit.xsd', '-'], {
    input: xml,
    encoding: 'utf8',
  });
  return status === 0 ? '' : stderr;
};

const { record: healthy } = healthyRun();
const hostile = `<&>"'\u0000\u001b[31m]]>\ud800\u202e`;
const records: Readonly<Record<string, RunRecord>> = {
  healthy,
  marginal: marginalRun().record,
  limited: limitedRun().record,
  'short circuit': shortCircuitRun().record,
  'by signature': signatureRun().record,
  'live partner': livePartnerRun().record,
  'error of no stage': { ...healthy, verdict: 'error', blame: 'bench', cause: 'The line to the board went away.' },
  hostile: { ...healthy, cause: hostile, phone: { ...healthy.phone, platform: hostile } },
};

for (const [name, record] of Object.entries(records)) {
  test(`junit.xml is as docs/junit.xsd says: ${name}`, (context) => {
    needs(context, 'xmllint', 'libxml2-utils');
    expect(problemsOf(junitReport(record))).toBe('');
  });
}

test('the schema refuses a blame that nobody has, a bench fault told as failure, a stage told twice', (context) => {
  needs(context, 'xmllint', 'libxml2-utils');
  const partner = junitReport(livePartnerRun().record);
  expect(problemsOf(partner.replace('type="operator"', 'type="nobody"'))).toContain("'nobody'");
  expect(problemsOf(partner.replaceAll('<error', '<failure').replaceAll('</error', '</failure'))).toContain(
    "'operator'",
  );
  expect(problemsOf(partner.replace('name="boot"', 'name="power"'))).toContain('power');
});
