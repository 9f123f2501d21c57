import { describe, expect, it } from 'vitest';
import { planJsonSchema } from '../../src/plan/json-schema.js';
import { errorsTable, faultsTable } from '../../src/reports/reference-docs.js';

describe('generated pages', () => {
  it('docs/faults.md is the table of faults', async () => {
    await expect(faultsTable()).toMatchFileSnapshot('../../docs/faults.md');
  });

  it('docs/errors.md is the table of errors', async () => {
    await expect(errorsTable()).toMatchFileSnapshot('../../docs/errors.md');
  });

  it('docs/plan.schema.json is the schema of plans', async () => {
    await expect(`${JSON.stringify(planJsonSchema(), null, 2)}\n`).toMatchFileSnapshot('../../docs/plan.schema.json');
  });
});
