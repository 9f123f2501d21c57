import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { planJsonSchema } from '../../src/plan/json-schema.js';

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
addFormats.default(ajv);
const validate = ajv.compile(planJsonSchema());
const shipped = readdirSync('plans').filter((name) => name.endsWith('.yaml') && !name.startsWith('bench.'));
const good = readFileSync('plans/cp-7960g.yaml', 'utf8');

/** Paths of what an editor would underline. */
const underlined = (text: string): readonly string[] => {
  validate(parse(text));
  return (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
};

describe('the JSON Schema of plans', () => {
  it.each(shipped)('accepts %s', (name) => {
    expect(underlined(readFileSync(join('plans', name), 'utf8'))).toEqual([]);
  });

  it.each([
    ['overload: 375mA', 'overload: 375', '/power/overload type'],
    ['overload: 375mA', 'overload: 375W', '/power/overload pattern'],
    ['voiceVlan: 110', 'voiceVlan: 5000', '/network/voiceVlan/maximum'],
    ['protocol: SCCP', 'protocol: H323', '/phone/protocol enum'],
    ['title:', 'titel:', ' additionalProperties'],
    [
      'power.inrushMs: { marginalMax: 50ms,',
      'power.inrushMs: { marginalMax: 50mA,',
      '/limits/power.inrushMs/marginalMax pattern',
    ],
    [
      'registration.keepalives: { min: 1 }',
      'registration.keepalives: { min: one }',
      '/limits/registration.keepalives/min type',
    ],
    ['behaviour: serve', 'behaviour: sleep', '/callManagers/0/behaviour enum'],
  ])('underlines %s as %s', (from, to, problem) => {
    const text = good.replace(from, to);
    expect(text).not.toBe(good);
    expect(underlined(text).join('\n')).toContain(problem.replace('/maximum', ' maximum'));
  });
});
