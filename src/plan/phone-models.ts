/**
 * What is known of the phone models we ship plans for. Every fact stands with its source, as it goes into the plan's comments.
 * `[I]`: inferred; `[G]`: general knowledge that nobody has confirmed; without a mark it was read in a source or in a real frame.
 */
import type { Plan } from './plan.js';

/** As it is written in a plan, and why. */
export interface SourcedValue {
  readonly text: string;
  readonly source: string;
}

export interface PhoneModel {
  readonly platform: SourcedValue;
  /** First one: what a plan is made for unless told otherwise. */
  readonly loads: Readonly<Partial<Record<Plan['phone']['protocol'], SourcedValue>>>;
  /** As a title has it. */
  readonly poweredBy: string | null;
  readonly power: {
    readonly method: SourcedValue;
    readonly pairs: SourcedValue;
    readonly polarity: SourcedValue;
    readonly available: SourcedValue;
  };
  /** Those that differ from model to model. */
  readonly limits: {
    readonly 'power.signatureClass': SourcedValue;
    readonly 'power.discoveryAgeMs': SourcedValue;
    readonly 'power.steadyMilliwatts': SourcedValue;
    readonly 'boot.linkUpMs': SourcedValue;
    readonly 'boot.peakMilliwatts': SourcedValue;
    readonly 'vlan.firstCdpMs': SourcedValue;
    readonly 'vlan.cdpMilliwatts': SourcedValue;
  };
}

const of = (text: string, source: string): SourcedValue => ({ text, source });

const anyLoad = 'the phone fetches it over TFTP when it has another one';
const platformOf = (digits: string, source: string) => of(`Cisco IP Phone ${digits}`, source);
const inCdp = 'as the phone names itself in CDP';

const prestandardPower = {
  method: of('prestandard', "Cisco inline power: the phone's relay sends our link pulses back"),
  pairs: of('spare', '4/5 and 7/8: 7940 and 7960 take power on either set of pairs (several users)'),
  polarity: of('prestandard', '4/5 negative, 7/8 positive, the reverse of 802.3af; two reports say otherwise'),
  available: of('15.4W', 'what a Catalyst grants a prestandard phone until CDP says more'),
};
const prestandardLimits = {
  'power.signatureClass': of(
    '{ max: 4 }',
    'such a phone has no 802.3af signature; measured only where the probe finds one',
  ),
  'power.discoveryAgeMs': of('{ max: 500ms }', 'older than that the board refuses by itself'),
  'power.steadyMilliwatts': of('{ min: 1W, max: 7W }', "it claims 6.3 W in CDP; 7 W is a Catalyst's budget for it"),
  'boot.linkUpMs': of('{ marginalMax: 6s, max: 10s }', 'Catalyst logs: 3.8 and 4.2 s (7940), about 4 s (7960)'),
  'boot.peakMilliwatts': of(
    '{ marginalMax: 7.5W, max: 15.4W }',
    'once inrush is over; the port grants 15.4 W, the phone claims 6.3 W',
  ),
  'vlan.firstCdpMs': of('{ marginalMax: 10s, max: 20s }', 'a 7960 with a SIP load: 4 s after link'),
  'vlan.cdpMilliwatts': of('{ min: 1W, max: 6.3W }', 'CDP frames of real 7912, 7940, 7960: 6300 mW'),
};

const class2Power = {
  method: of('802.3af', 'signature and class at a few volts; auto looks for a relay first'),
  pairs: of('spare', '4/5 and 7/8, alternative B'),
  polarity: of('802.3af', '4/5 positive, 7/8 negative'),
  available: of('7W', 'class 2'),
};
const class2Limits = {
  'power.signatureClass': of('{ min: 2, max: 3 }', 'show power inline says class 2; [G] some builds say class 3'),
  'power.discoveryAgeMs': of('{ max: 400ms }', '802.3af Tpon [G]; older than that the board refuses by itself'),
  'power.steadyMilliwatts': of('{ min: 1W, max: 7W }', '802.3af class 2: 7.0 W at our end'),
  'boot.linkUpMs': of('{ marginalMax: 6s, max: 10s }', '[I] taken over from 7940 and 7960, where it is 2-4.2 s'),
  'boot.peakMilliwatts': of(
    '{ marginalMax: 6.5W, max: 7W }',
    'once inrush is over; a class 2 phone must not take more than 7 W',
  ),
  'vlan.firstCdpMs': of('{ marginalMax: 10s, max: 20s }', '[I] taken over from a 7960, where it is 4 s after link'),
  'vlan.cdpMilliwatts': of('{ min: 1W, max: 7W }', 'show power inline: 6.3 to 7 W'),
};

const sharedImage = of('P00308010200', `${anyLoad}; 7940 and 7960 share their images`);

/** By the model on the label. */
export const phoneModels: Readonly<Record<string, PhoneModel>> = {
  'CP-7940G': {
    platform: platformOf('7940', inCdp),
    loads: { SCCP: sharedImage },
    poweredBy: null,
    power: prestandardPower,
    limits: prestandardLimits,
  },
  'CP-7960G': {
    platform: platformOf('7960', inCdp),
    loads: { SCCP: sharedImage },
    poweredBy: null,
    power: prestandardPower,
    limits: prestandardLimits,
  },
  'CP-7912G': {
    platform: platformOf('7912', `${inCdp} [I]: the pattern of 7940, 7960 and 7970`),
    loads: { SCCP: of('CP7912-v8-00-1-060412A', `${anyLoad}; the name is from a real CDP frame`) },
    poweredBy: null,
    power: {
      ...prestandardPower,
      method: of('prestandard', "[G] Cisco inline power: the phone's relay sends our link pulses back"),
      pairs: of('spare', '4/5 and 7/8 [I]: as 7940 and 7960, which take power on either set of pairs'),
    },
    limits: {
      ...prestandardLimits,
      'boot.linkUpMs': of('{ marginalMax: 6s, max: 10s }', '[I] taken over from 7940 and 7960, where it is 2-4.2 s'),
      'vlan.firstCdpMs': of('{ marginalMax: 10s, max: 20s }', '[I] taken over from a 7960, where it is 4 s after link'),
    },
  },
  'CP-7941G': {
    platform: platformOf('7941', `${inCdp} [I]: the pattern of 7940, 7960 and 7970`),
    loads: {
      SCCP: of('SCCP41.8-5-3S', `${anyLoad}; a real 7941 registered with it`),
      SIP: of('SIP41.8-5-3S', `${anyLoad} [I]: the SIP twin of SCCP41.8-5-3S`),
    },
    poweredBy: '802.3af',
    power: class2Power,
    limits: class2Limits,
  },
  'CP-7961G': {
    platform: platformOf('7961', `${inCdp} [I]: the pattern of 7940, 7960 and 7970`),
    loads: {
      SCCP: of('SCCP41.8-3-3S', `${anyLoad}; 7941 and 7961 share their images`),
      SIP: of('SIP41.8-3-3S', `${anyLoad} [I]: the SIP twin of SCCP41.8-3-3S`),
    },
    poweredBy: '802.3af',
    power: class2Power,
    limits: class2Limits,
  },
  'CP-7970G': {
    platform: platformOf('7970', inCdp),
    loads: {
      SCCP: of('SCCP70.8-5-3S', `${anyLoad} [I]: the SCCP twin of SIP70.8-5-3S`),
      SIP: of('SIP70.8-5-3S', `${anyLoad}; the name is from a real CDP frame`),
    },
    poweredBy: 'Cisco inline power or 802.3af',
    power: {
      method: of('auto', '[G] it takes Cisco inline power and 802.3af; a relay is looked for first'),
      pairs: of('spare', '4/5 and 7/8'),
      polarity: of('by-method', 'prestandard or alternative B, by what the phone was found with'),
      available: of('15.4W', 'it starts at 6.3 W with a dim screen and takes more once that is granted'),
    },
    limits: {
      ...prestandardLimits,
      'power.signatureClass': of('{ max: 3 }', '[G] class 3; measured only where the probe finds a signature'),
      'power.discoveryAgeMs': of('{ max: 400ms }', '802.3af Tpon [G]; older than that the board refuses by itself'),
      'power.steadyMilliwatts': of('{ min: 1W, max: 10.25W }', 'the most it asks for in CDP'),
      'boot.linkUpMs': of('{ marginalMax: 6s, max: 10s }', '[I] taken over from 7940 and 7960, where it is 2-4.2 s'),
      'boot.peakMilliwatts': of(
        '{ marginalMax: 10.5W, max: 15.4W }',
        'once inrush is over; 15.4 W is the most of class 3 at our end, 10.25 W the most it asks for',
      ),
      'vlan.firstCdpMs': of('{ marginalMax: 10s, max: 20s }', '[I] taken over from a 7960, where it is 4 s after link'),
      'vlan.cdpMilliwatts': of('{ min: 1W, max: 10.25W }', 'a real 7970 asks for 10250 or 6300 mW'),
    },
  },
};
