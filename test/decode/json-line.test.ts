import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DecodedMessage } from '../../src/decode/decoder.js';
import { jsonLine } from '../../src/decode/json-line.js';

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.boolean(),
    fc.constant(undefined),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(
    tie('any').map((item) => item ?? null),
    { maxLength: 4 },
  ),
  object: fc.dictionary(fc.string({ unit: 'binary' }), tie('any'), { maxKeys: 4 }),
})).any;

test('one line, ASCII only, that says what JSON.stringify would say', () => {
  fc.assert(
    fc.property(fc.nat(), fc.dictionary(fc.stringMatching(/^[a-z]\w{0,8}$/), value), (timestampUs, fields) => {
      const { frame: _frame, timestampUs: _stamp, time: _time, ...rest } = fields;
      const line = jsonLine({ frame: 7, timestampUs, protocol: 'sip', ...rest } as unknown as DecodedMessage);
      expect(line).toMatch(/^[\x20-\x7e]*$/);
      const expected = JSON.parse(JSON.stringify({ frame: 7, time: timestampUs / 1e6, protocol: 'sip', ...rest }));
      expect(JSON.parse(line)).toEqual(expected);
    }),
  );
});
