import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { buildRecord, type RunRecord } from '../../src/records/record.js';
import { junitReport } from '../../src/reports/junit.js';
import { demoPlan, healthyRun, limitedRun, livePartnerRun, shortCircuitRun } from './fixture-run.js';

const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', trimValues: true });
const suiteOf = (record: RunRecord) => {
  const text = junitReport(record);
  expect(XMLValidator.validate(text)).toBe(true);
  return parser.parse(text).testsuites.testsuite;
};
const propertiesOf = (record: RunRecord): Record<string, string> =>
  Object.fromEntries(
    suiteOf(record).properties.property.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );

describe('junit.xml', () => {
  it('has one test case per stage with its time and measurements', () => {
    const suite = suiteOf(healthyRun().record);
    expect(suite).toMatchObject({
      tests: '6',
      failures: '0',
      errors: '0',
      skipped: '0',
      timestamp: '2026-11-23T03:15:02Z',
    });
    expect(suite.testcase.map(({ name, time }: { name: string; time: string }) => [name, time])).toEqual([
      ['power', '0.160'],
      ['boot', '3.813'],
      ['vlan', '2.973'],
      ['address', '0.070'],
      ['config', '1.622'],
      ['registration', '5.529'],
    ]);
    expect(suite.testcase[1]['system-out']).toContain(
      'boot.linkUpMs = 3.813 s (at most 10 s, marginal above 6 s) pass',
    );
  });

  it('a phone at fault is a failure, stages behind it are skipped', () => {
    const suite = suiteOf(shortCircuitRun().record);
    expect(suite).toMatchObject({ failures: '1', errors: '0', skipped: '5' });
    expect(suite.testcase[0].failure).toMatchObject({ type: 'phone' });
    expect(suite.testcase[0].failure['#text']).toContain('Next: Try another cable');
    expect(suite.testcase[1].skipped.message).toContain('not-reached');
  });

  it('anybody else at fault is an error with the blame as its type', () => {
    const suite = suiteOf(livePartnerRun().record);
    expect(suite).toMatchObject({ failures: '0', errors: '1' });
    expect(suite.testcase[0].error).toMatchObject({ type: 'operator' });
  });

  it('a run that broke although no stage did is an error of its own', () => {
    const { record, events } = healthyRun();
    const { seq, atUs } = events.at(-1) ?? { seq: 0, atUs: 0 };
    const interrupted = {
      seq: seq + 1,
      atUs: atUs + 1,
      source: 'bench',
      fact: { kind: 'interrupted', by: 'SIGINT' },
    } as const;
    const broken = buildRecord({
      runId: record.runId,
      station: record.station,
      port: record.port,
      startedAt: record.startedAt,
      plan: demoPlan(),
      stages: record.stages,
      events: [...events, interrupted],
      counts: record.events,
    });
    const suite = suiteOf(broken);
    expect(suite).toMatchObject({ tests: '7', errors: '1' });
    expect(suite.testcase[6].error.message).toContain('interrupted (SIGINT)');
  });

  it('properties tell phone, plan, verdict and what was not proven', () => {
    expect(propertiesOf(limitedRun().record)).toMatchObject({
      verdict: 'pass',
      exit: '0',
      'phone.deviceId': 'SEP000F245A7960',
      'plan.name': 'cp-7960g',
      limited: 'Ethernet headers are made up; the voice VLAN tag was not on a real wire',
    });
  });

  it('stays well-formed whatever a phone calls itself', () => {
    const { record } = healthyRun();
    const platform = `<&>"'\u0000\u001b[31m]]>\ud800\u202e${String.fromCodePoint(0x1f4de)}`;
    expect(propertiesOf({ ...record, phone: { ...record.phone, platform } })['phone.platform']).toBe(
      `<&>"'��[31m]]>��${String.fromCodePoint(0x1f4de)}`,
    );
  });
});
