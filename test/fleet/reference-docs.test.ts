import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { fleetAsyncApi } from '../../src/fleet/asyncapi.js';
import { createCollectorMetrics } from '../../src/fleet/collector/metrics.js';
import { root } from '../helpers/linkpulse.js';
import { makeOutbox } from '../helpers/wire-station.js';

const asyncApiSchema = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0-without-$id.json'), 'utf8'),
) as object;

describe('docs/fleet.asyncapi.json', () => {
  it('is made of topics and messages', async () => {
    const text = `${JSON.stringify(fleetAsyncApi(), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot('../../docs/fleet.asyncapi.json');
  });

  it('is AsyncAPI 3.0, by its own schema', () => {
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    const validate = ajv.compile(asyncApiSchema);
    const document = fleetAsyncApi();
    expect(validate(document), JSON.stringify(validate.errors?.slice(0, 5), null, 2)).toBe(true);
    const broken = { ...document, operations: { send: { action: 'shout' } } };
    expect(validate(broken)).toBe(false);
  });

  it('describes the entries that stations send', () => {
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    const { components } = fleetAsyncApi() as {
      readonly components: { readonly messages: Record<string, { readonly payload: object }> };
    };
    for (const { kind, payload } of makeOutbox('a', { runs: 1 }).entries) {
      const validate = ajv.compile(components.messages[kind]?.payload ?? false);
      expect(validate(JSON.parse(payload)), JSON.stringify(validate.errors)).toBe(true);
      expect(validate({ ...JSON.parse(payload), seq: 0 })).toBe(false);
    }
  });
});

it('docs/fleet.md has the table of the collector’s metrics', async () => {
  const { expose } = createCollectorMetrics({ name: 'one', plant: 'plant', version: '1', waiting: () => 0 });
  const page = readFileSync(`${root}docs/fleet.md`, 'utf8');
  const own = [...(await expose()).text.matchAll(/^# HELP (linkpulse_\S+) (.*)$/gm)];
  expect(own.length).toBe(7);
  for (const [, name, help] of own) {
    const line = page.split('\n').find((text) => text.startsWith(`| \`${name}\``));
    expect(line, name).toContain(`| ${help}`);
  }
});
