/** Whether all the names that a phone goes by are those of its label: part of every stage that hears one. */
import { type IdentityPlan, isMacWanted, macDigits, withColons } from '../plan/identity.js';
import type { Fact } from '../timeline/events.js';
import { type Finding, phoneFails, wentWrong } from './finding.js';
import type { StageName } from './judge.js';

/** Of the run's label, and the event that told it. */
export interface LabelNote {
  readonly serial: string | null;
  /** Lower case with colons; null: nobody read it. */
  readonly mac: string | null;
  readonly seq: number;
}

interface SaidName {
  readonly stage: StageName;
  /** In words, with its name as it spells it. */
  readonly words: string;
  /** Twelve upper-case hex digits. */
  readonly digits: string;
  /** Of the frame it came in. */
  readonly frameDigits: string;
}

const vendorOfPhones = /^Cisco Systems,? Inc\.? (?:IP|Wireless) Phone/;

/** The name in what a phone says; undefined: there is none, or it is not a phone that speaks (a PC behind it). */
const nameIn = (fact: Fact): SaidName | undefined => {
  if (!('from' in fact) || fact.from !== 'phone') return undefined;
  const said = (stage: StageName, by: string, name: unknown): SaidName | undefined => {
    const text = typeof name === 'string' ? name : '';
    const digits = macDigits(/^(?:SEP|SIP)[0-9A-F]{12}/i.exec(text)?.[0] ?? text);
    const frameDigits = macDigits(fact.mac);
    if (digits === undefined || frameDigits === undefined) return undefined;
    return { stage, words: `${/^S/i.test(text) ? text : withColons(digits)} ${by}`, digits, frameDigits };
  };
  switch (fact.kind) {
    case 'cdp':
      return said('vlan', 'by CDP', fact.deviceId);
    case 'lldp':
      return said('vlan', 'by LLDP', fact.systemName);
    case 'dhcp':
      return vendorOfPhones.test(fact.vendorClass ?? '') ? said('address', 'to DHCP', fact.clientMac) : undefined;
    case 'sccp':
      return fact.message === 'Register'
        ? said('registration', 'to its CallManager', fact.fields.deviceName)
        : undefined;
    case 'sip':
      return said('registration', 'to its registrar', fact.fields.deviceName);
    default:
      return undefined;
  }
};

const swapped = (label: string, said: string): Finding =>
  wentWrong(
    'operator',
    `The label says ${label}, the phone calls itself ${said}: a label is swapped, or this is another phone.`,
    'Read the label on this phone again. If it says the same, it belongs to another phone: keep both back and correct their labels.',
  );
const ofAnotherForm = (said: string, form: string): Finding =>
  wentWrong(
    'operator',
    `The phone calls itself ${said}, which is not of the plan’s form ${form}.`,
    'Choose the plan of this phone, or correct identity.mac in the plan.',
  );
const twoNames = (said: string, sender: string): Finding =>
  phoneFails(
    `The phone calls itself ${said} and sends from ${sender}.`,
    'Compare both with the phone’s network settings and its label; its board may be of another phone.',
  );

/**
 * What an event shows to be wrong with the name that it tells, judged by the stage that hears such names. `label` null: nobody
 * read a label; then only the plan's form counts.
 */
export const identityFinding = (
  stage: StageName,
  fact: Fact,
  label: LabelNote | null,
  identity: IdentityPlan,
): Finding | undefined => {
  const said = nameIn(fact);
  if (said === undefined || said.stage !== stage) return undefined;
  if (label?.mac != null && macDigits(label.mac) !== said.digits) return swapped(label.mac, said.words);
  if (!isMacWanted(said.digits, identity)) return ofAnotherForm(said.words, identity.mac ?? '');
  const isChecked = label !== null || identity.mac !== null;
  return isChecked && said.digits !== said.frameDigits ? twoNames(said.words, withColons(said.frameDigits)) : undefined;
};
