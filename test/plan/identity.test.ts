import { describe, expect, it } from 'vitest';
import { isBenchError } from '../../src/errors.js';
import { macDigits, readLabel } from '../../src/plan/identity.js';
import { parsePlan } from '../../src/plan/load-plan.js';
import { startingPlan } from '../../src/plan/starting-plan.js';

const any = { serial: null, mac: null, required: [] };

const refusalOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (!isBenchError(error)) throw error;
    expect(error.code).toBe('LABEL_REFUSED');
    expect(error.blame).toBe('operator');
    return error.detail;
  }
  return 'was taken';
};

describe('a MAC on a label', () => {
  it.each([
    '00:0f:24:5a:79:60',
    '00-0F-24-5A-79-60',
    '000F245A7960',
    '000f.245a.7960',
    ' SEP000F245A7960 ',
    'SIP000F245A7960',
  ])('is read from %j', (text) => {
    expect(macDigits(text)).toBe('000F245A7960');
    expect(readLabel({ mac: text }, any)).toEqual({ serial: null, mac: '00:0f:24:5a:79:60' });
  });

  it.each(['', 'SEP000F245A796', '00:0f:24:5a:79:6g', '000F245A79600'])('is not read from %j', (text) => {
    expect(macDigits(text)).toBeUndefined();
  });
});

describe('a label', () => {
  const strict = { serial: 'FCH\\d{4}[A-Z0-9]{4}', mac: '000F24.*', required: ['serial', 'mac'] as const };

  it('is taken where it is of the plan’s form', () => {
    expect(readLabel({ serial: ' FCH1234AB5D\n', mac: '000F245A7960' }, strict)).toEqual({
      serial: 'FCH1234AB5D',
      mac: '00:0f:24:5a:79:60',
    });
  });

  it.each([
    [{ serial: 'FCH1234AB5', mac: '000F245A7960' }, 'serial number FCH1234AB5 is not of the form FCH\\d{4}[A-Z0-9]{4}'],
    [{ serial: 'XFCH1234AB5D', mac: '000F245A7960' }, 'serial number XFCH1234AB5D is not of the form'],
    [{ serial: 'FCH1234AB5D', mac: '0012DADBD34E' }, 'MAC 00:12:da:db:d3:4e is not of the form 000F24.*'],
    [{ serial: 'FCH1234AB5D' }, 'the plan wants the label’s mac'],
    [{ serial: '  ', mac: null }, 'the plan wants the label’s serial and mac'],
    [{ serial: 'FCH1234AB5D', mac: 'a phone' }, '"a phone" is no MAC address'],
    [{ serial: 'two words' }, 'a serial number is up to 64 letters, digits and signs without spaces'],
    [{ serial: 'A'.repeat(65) }, 'a serial number is up to 64'],
  ])('%j is refused', (given, words) => {
    expect(refusalOf(() => readLabel(given, strict))).toContain(words);
  });
});

describe('identity in a plan', () => {
  const text = startingPlan({ model: 'CP-7960G', schema: '-' });
  const withIdentity = (section: string) => `${text}identity: ${section}\n`;

  it('wants nothing unless it says so', () => {
    expect(parsePlan(text, 'p.yaml').plan.identity).toEqual(any);
  });

  it('names the forms and what no run goes without', () => {
    const { identity } = parsePlan(withIdentity("{ serial: 'FCH.{8}', required: [mac, serial] }"), 'p.yaml').plan;
    expect(identity).toEqual({ serial: 'FCH.{8}', mac: null, required: ['serial', 'mac'] });
  });

  it.each([
    ["{ serial: '[A-' }", 'identity.serial: is no regular expression that can be read'],
    ['{ required: [colour] }', 'identity.required: must be a list of serial, mac'],
    ['{ serail: x }', 'identity.serail: unknown key, did you mean serial?'],
  ])('%s is refused', (section, words) => {
    expect(() => parsePlan(withIdentity(section), 'p.yaml')).toThrow(words);
  });
});
