/** What verdicts are called and how they look, everywhere in the report. */
import { lateOn } from '../records/attempt.js';
import type { RunRecord } from '../records/record.js';
import type { StageName, StageVerdict } from '../stages/judge.js';

export interface VerdictLook {
  readonly label: string;
  readonly sign: string;
}

export const stageLooks: Readonly<Record<StageVerdict, VerdictLook>> = {
  pass: { label: 'Pass', sign: '✓' },
  marginal: { label: 'Marginal', sign: '≈' },
  fail: { label: 'Fail', sign: '✕' },
  error: { label: 'Bench problem', sign: '!' },
  skipped: { label: 'Skipped', sign: '–' },
  'not-reached': { label: 'Not reached', sign: '·' },
};

export const stageTitles: Readonly<Record<StageName, string>> = {
  power: 'Power',
  boot: 'Boot',
  vlan: 'Voice VLAN',
  address: 'Address',
  config: 'Configuration',
  registration: 'Registration',
};

/** The word on the banner and the sentence a person at the bench acts on. */
export const bannerOf = (record: RunRecord): { readonly word: string; readonly meaning: string } => {
  const isLimited = record.limited.length > 0;
  const late = lateOn(record);
  const behind = `${late === null ? '' : ` on attempt ${late}`}${isLimited ? ' (limited)' : ''}`;
  switch (record.verdict) {
    case 'pass':
      return {
        word: `PASS${behind}`,
        meaning: isLimited
          ? 'What this bench could see of the phone is good.'
          : late === null
            ? 'This phone is good.'
            : 'This phone is good now; it was not at first.',
      };
    case 'marginal':
      return {
        word: `MARGINAL${behind}`,
        meaning: 'This phone works; at least one figure is close to its limit.',
      };
    case 'fail':
      return { word: 'FAIL', meaning: 'The phone is to blame.' };
    case 'error':
      return { word: 'BENCH PROBLEM', meaning: 'Do not bin this phone: it was not shown to be at fault.' };
  }
};
