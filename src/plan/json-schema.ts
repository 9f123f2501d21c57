import { z } from 'zod';
import { planParts } from './plan-schema.js';

/** Where editors may fetch it from: beside the plans, in the package. */
export const planSchemaPath = 'docs/plan.schema.json';

/**
 * JSON Schema (2020-12) of a plan as it is written, for editors. It knows keys, units and ranges; what one part of a plan asks
 * of another only `linkpulse plan check` knows.
 */
export const planJsonSchema = (): object => {
  const schema = z.toJSONSchema(z.strictObject(planParts('/')), { io: 'input', unrepresentable: 'any' });
  const { $schema, ...rest } = schema;
  return { $schema, title: 'A plan of Linkpulse', ...rest };
};
