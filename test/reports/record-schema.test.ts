import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { publishedRecordSchema } from '../../src/records/record-schema.js';
import { closedProblems } from '../helpers/record-schema.js';
import { healthyRun, limitedRun, livePartnerRun, marginalRun, shortCircuitRun, signatureRun } from './fixture-run.js';

const runs = { healthyRun, limitedRun, livePartnerRun, marginalRun, shortCircuitRun, signatureRun };

describe('record.json and its schema', () => {
  it('docs/record.schema.json is generated', async () => {
    const text = `${JSON.stringify(publishedRecordSchema(), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot('../../docs/record.schema.json');
  });

  it.each(Object.entries(runs))('%s is what the schema says, and nothing else', (_, run) => {
    expect(closedProblems(JSON.parse(JSON.stringify(run().record)))).toEqual([]);
  });

  it('a record that lacks a field, or has a wrong one, is refused; one of a later version with more fields is not', () => {
    const published = JSON.parse(readFileSync('docs/record.schema.json', 'utf8')) as object;
    const valid = new Ajv2020({ strict: false, validateFormats: false }).compile(published);
    const { record } = healthyRun();
    const { verdict: _verdict, ...without } = record;
    expect(valid(record)).toBe(true);
    expect(valid({ ...record, later: 1 })).toBe(true);
    expect(closedProblems({ ...record, later: 1 })).toHaveLength(1);
    expect(valid(without)).toBe(false);
    expect(valid({ ...record, schema: 2 })).toBe(false);
    expect(valid({ ...record, stages: record.stages.slice(1) })).toBe(false);
  });
});
