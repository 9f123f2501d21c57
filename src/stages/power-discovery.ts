/**
 * What it means that the board found no unpowered phone: by the discovery's outcome and by what the low-voltage probe saw.
 * The probe tells an empty jack from a phone that hangs there and does not answer.
 */
import type { Plan } from '../plan/plan.js';
import type { FactOf } from '../timeline/events.js';
import { type Finding, phoneFails, wentWrong } from './finding.js';

type Probe = FactOf<'probe'>;

/** Of a valid signature, IEEE 802.3 table 33-8; the board itself accepts somewhat more, for its own error. */
const validSignature = '19 to 26.5 kohm';
/** Less than this is no resistor that somebody meant for a signature: an unpowered PC’s termination, a wet or cut cable. */
const brokenPairsOhms = 5_000;
/** Above every class, IEEE 802.3 table 33-6. */
const overcurrentMilliamps = 48;

export const kiloohms = (ohms: number): string => `${(ohms / 1000).toFixed(1)} kohm`;

const nothingKnown = wentWrong(
  'operator',
  'Nothing came back of any link pulse: an empty jack, a broken cable, a wall-powered phone or a dead relay look alike.',
  'Tell them apart: plug in a phone that is known to be good with this cable; if it is found, unplug this phone’s ' +
    'wall supply and try again, and if still nothing comes back the relay in the phone is dead; if the good phone is ' +
    'not found either, change the cable.',
);
const emptyJack = wentWrong(
  'operator',
  'The jack is empty: nothing came back of any link pulse, and nothing draws current at a few volts.',
  'Plug the phone in; if it is plugged in, change the cable.',
);
const deadRelay = phoneFails(
  'A phone hangs on the jack, its power input draws current, but no link pulse came back: its relay is dead.',
  'Repeat once with another cable (a broken pair 1/2 or 3/6 looks alike); if it stays, put the phone aside for repair of ' +
    'its inline-power relay.',
);
const prestandardPhone = wentWrong(
  'config',
  'Something that draws current and shows no 802.3af signature hangs on the jack, as a Cisco prestandard phone does.',
  'Set power.method in the plan to auto or prestandard. If the phone’s label says 802.3af, its power input is broken.',
);
const afPhone = (ohms: number): Finding =>
  wentWrong(
    'config',
    `An 802.3af phone hangs on the jack (signature ${kiloohms(ohms)}); the plan looks for Cisco prestandard phones only.`,
    'Set power.method in the plan to auto, or to 802.3af.',
  );
const brokenPairs = (ohms: number): Finding =>
  wentWrong(
    'operator',
    `No phone: the power pairs see ${Math.round(ohms)} ohm, as of an unpowered PC or switch, or of a damaged cable.`,
    'Take out what is plugged in, and plug in the phone alone with a cable that is known to be good.',
  );
const badSignature = (ohms: number | null): Finding =>
  phoneFails(
    `The phone’s 802.3af signature is ${ohms === null ? 'no resistance' : kiloohms(ohms)}; ${validSignature} is valid.`,
    'Repeat once with another cable; if it stays, put the phone aside for repair of its power input.',
  );
const badClass = (milliamps: number): Finding =>
  phoneFails(
    milliamps > overcurrentMilliamps
      ? `The phone draws ${milliamps.toFixed(1)} mA when asked for its 802.3af class, more than any class.`
      : `The phone’s current when asked for its 802.3af class, ${milliamps.toFixed(1)} mA, is of no class.`,
    'Put the phone aside for repair of its power input.',
  );

const byProbe = ({ finding, ohms, powerClass, classMilliamps }: Probe, { method }: Plan['power']): Finding => {
  switch (finding) {
    case 'open':
      return emptyJack;
    case 'load':
      return method === '802.3af' ? prestandardPhone : deadRelay;
    case 'signature':
      if (method === 'prestandard') return afPhone(ohms ?? 0);
      return powerClass === null ? badClass(classMilliamps) : nothingKnown;
    case 'low':
      return ohms !== null && ohms < brokenPairsOhms ? brokenPairs(ohms) : badSignature(ohms);
    case 'high':
      return badSignature(ohms);
    case 'not possible':
      return nothingKnown;
  }
};

const linesFoundNobody = wentWrong(
  'operator',
  'The board found no unpowered phone, or something kept it from powering: its FAULT_N line says no more.',
  'Plug the phone in and run again; if it stays, drive the board over serial, which tells what came back.',
);

const partner = wentWrong(
  'operator',
  'A live link partner answered with link pulses of its own: this is no unpowered phone.',
  'Unplug what is powered by itself (a switch, a PC, a phone with a wall supply) and plug in the phone alone.',
);
const noise = wentWrong(
  'bench',
  'Only noise came back: the words heard were neither ours nor a link partner’s.',
  'Check cable and connectors for a loose pair, keep the cable away from motors and lamps, run the board’s self-test.',
);

/** `probe`: null where the board made none. undefined: an unpowered phone was found. */
export const notFound = (
  outcome: FactOf<'discovery'>['outcome'],
  probe: Probe | null,
  plan: Plan,
): Finding | undefined => {
  switch (outcome) {
    case 'loopback':
    case 'signature':
    case 'found':
      return undefined;
    case 'partner':
      return partner;
    case 'noise':
      return noise;
    case 'not-found':
      return linesFoundNobody;
    default:
      return probe === null ? nothingKnown : byProbe(probe, plan.power);
  }
};

/** The most that a source must give a device of each class 0..4, IEEE 802.3 table 33-3 (class 4 counts as 0 in 802.3af). */
const classMilliwatts = [15_400, 4_000, 7_000, 15_400, 15_400] as const;

/** Drawing more than the class that was told: a source that believed it would switch this phone off. */
export const aboveClass = (powerClass: number, steadyMilliwatts: number): Finding | undefined => {
  const most = classMilliwatts[powerClass] ?? classMilliwatts[0];
  if (steadyMilliwatts <= most) return undefined;
  return phoneFails(
    `The phone draws ${(steadyMilliwatts / 1000).toFixed(2)} W, more than the ${(most / 1000).toFixed(1)} W of its class ${powerClass}.`,
    'Unplug headset and side modules and repeat; if it stays, put the phone aside for repair.',
  );
};
