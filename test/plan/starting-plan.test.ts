import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isBenchError } from '../../src/errors.js';
import { explainPlan } from '../../src/plan/explain.js';
import { parsePlan } from '../../src/plan/load-plan.js';
import { phoneModels } from '../../src/plan/phone-models.js';
import { startingPlan } from '../../src/plan/starting-plan.js';
import { root } from '../helpers/linkpulse.js';

const schema = '../docs/plan.schema.json';

/** What stands in plans/, each from a request. */
const shipped = {
  'cp-7912g': { model: 'CP-7912G' },
  'cp-7940g': { model: 'CP-7940G' },
  'cp-7941g': { model: 'CP-7941G' },
  'cp-7960g': { model: 'CP-7960G' },
  'cp-7960g-no-voice-vlan': { model: 'CP-7960G', voiceVlan: null },
  'cp-7961g': { model: 'CP-7961G' },
  'cp-7961g-sip': { model: 'CP-7961G', protocol: 'SIP' },
  'cp-7970g': { model: 'CP-7970G' },
} as const;

describe('a plan to begin with', () => {
  it.each(Object.entries(shipped))('is what plans/%s.yaml holds', async (name, request) => {
    const text = startingPlan({ ...request, schema });
    await expect(text).toMatchFileSnapshot(`../../plans/${name}.yaml`);
    expect(parsePlan(text, 'p.yaml').plan.name).toBe(name);
  });

  it.each(Object.keys(phoneModels))('of %s gives a reason for every limit', (model) => {
    const limits = startingPlan({ model, schema })
      .split('\n')
      .filter((line) => /^ {2}\w+\.\w+: \{/.test(line));
    expect(limits.length).toBeGreaterThan(25);
    for (const line of limits) expect(line).toMatch(/\} # \S.{5}/);
  });

  it.each(['7940', 'cp-7940', 'CP7940G'])('is found by %s', (model) => {
    expect(startingPlan({ model, schema })).toContain('model: CP-7940G\n');
  });

  it.each([
    [{ model: 'CP-7490G' }, /no plan to begin with for CP-7490G; did you mean CP-7940G\? There are: CP-7940G, /],
    [{ model: 'toaster' }, /no plan to begin with for toaster; There are: /],
    [{ model: 'CP-7912G', protocol: 'SIP' }, /no SIP load of CP-7912G is known; there is SCCP/],
  ] as const)('refuses %o', (request, words) => {
    try {
      startingPlan({ ...request, schema });
      expect.unreachable();
    } catch (error) {
      if (!isBenchError(error)) throw error;
      expect(error.code).toBe('USAGE');
      expect(error.message).toMatch(words);
    }
  });
});

const plans = join(root, 'plans');
it.each(readdirSync(plans).filter((name) => !name.startsWith('bench.')))(
  'plans/%s says of every limit where it comes from',
  (name) => {
    const { limits } = explainPlan(join(plans, name), () => ({}));
    expect(limits.filter(({ line, source }) => line !== null && source === null)).toEqual([]);
  },
);
