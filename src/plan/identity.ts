/** What stands on a phone's label, and how a plan wants it to read. */
import { z } from 'zod';
import { BenchError } from '../errors.js';
import { field } from './fields.js';

export interface IdentityPlan {
  /** Regular expression for the whole serial number; null: any. */
  readonly serial: string | null;
  /** For the whole MAC, as twelve upper-case hex digits; null: any. */
  readonly mac: string | null;
  /** Without these no run begins. */
  readonly required: readonly (typeof labelParts)[number][];
}

/** As a person or a scanner read it; null: nobody did. */
export interface Label {
  readonly serial: string | null;
  /** Lower case with colons. */
  readonly mac: string | null;
}

const labelParts = ['serial', 'mac'] as const;
const longestSerial = 64;

const wholeText = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`, 'u');

const pattern = () =>
  field<string>(
    (input) => {
      if (typeof input !== 'string' || input === '') return { problem: 'must be a regular expression in quotes' };
      try {
        wholeText(input);
        return { value: input };
      } catch {
        return { problem: 'is no regular expression that can be read' };
      }
    },
    { type: 'string', format: 'regex' },
  );

const partNames = () =>
  field<readonly (typeof labelParts)[number][]>(
    (input) => {
      const given: readonly unknown[] = Array.isArray(input) ? input : [input];
      const known = labelParts.filter((part) => given.includes(part));
      return known.length === given.length ? { value: known } : { problem: 'must be a list of serial, mac' };
    },
    { type: 'array', items: { enum: labelParts }, uniqueItems: true },
  );

export const identitySection = z
  .strictObject({ serial: pattern().optional(), mac: pattern().optional(), required: partNames().optional() })
  .prefault({})
  .transform(
    ({ serial, mac, required }): IdentityPlan => ({
      serial: serial ?? null,
      mac: mac ?? null,
      required: required ?? [],
    }),
  );

/** Twelve upper-case hex digits of a MAC however it is written (`SEP000F24010203`, `00-0f-24-01-02-03`); undefined: none. */
export const macDigits = (text: string): string | undefined => {
  const bare = text.trim().replace(/^(?:SEP|SIP)(?=[0-9A-F]{12}$)/i, '');
  const digits = bare.replace(/[:.\s-]/g, '');
  return /^[0-9A-F]{12}$/i.test(digits) ? digits.toUpperCase() : undefined;
};

export const withColons = (digits: string): string => (digits.match(/../g) ?? []).join(':').toLowerCase();

export const isMacWanted = (digits: string, { mac }: IdentityPlan): boolean =>
  mac === null || wholeText(mac).test(digits);

const refused = (detail: string): BenchError => new BenchError('LABEL_REFUSED', detail);

/** What was scanned or typed, checked. Throws BenchError LABEL_REFUSED. */
export const readLabel = (
  given: { readonly serial?: string | null | undefined; readonly mac?: string | null | undefined },
  identity: IdentityPlan,
): Label => {
  const serial = given.serial?.trim() || null;
  const written = given.mac?.trim() || null;
  const digits = written === null ? null : macDigits(written);
  if (digits === undefined) throw refused(`"${written}" is no MAC address`);
  if (serial !== null && (serial.length > longestSerial || !/^[\x21-\x7e]+$/.test(serial)))
    throw refused(`a serial number is up to ${longestSerial} letters, digits and signs without spaces`);
  if (serial !== null && identity.serial !== null && !wholeText(identity.serial).test(serial))
    throw refused(`serial number ${serial} is not of the form ${identity.serial}`);
  if (digits !== null && !isMacWanted(digits, identity))
    throw refused(`MAC ${withColons(digits)} is not of the form ${identity.mac}`);
  const label: Label = { serial, mac: digits === null ? null : withColons(digits) };
  const missing = identity.required.filter((part) => label[part] === null);
  if (missing.length > 0) throw refused(`the plan wants the label’s ${missing.join(' and ')}`);
  return label;
};
