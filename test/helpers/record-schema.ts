import { Ajv2020 } from 'ajv/dist/2020.js';
import { closedRecordSchema } from '../../src/records/record-schema.js';

const validate = new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).compile(closedRecordSchema());

/** What of a record is not as its schema says, in words; an unknown field is a problem too. */
export const closedProblems = (record: unknown): readonly string[] =>
  validate(record)
    ? []
    : (validate.errors ?? []).map(
        ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
      );
