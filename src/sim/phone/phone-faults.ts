import { dhcpOptions } from '../../wire/dhcp.js';
import type { PhonePower, PhoneTimers, PhoneWire } from '../contracts.js';
import { isCdpFrame } from './cdp-client.js';
import { phoneParameterRequestList } from './dhcp-frames.js';
import { flood } from './flood.js';
import type { Lifetime } from './lifetime.js';

/** Everything about a phone that a fault may bend. */
export interface PhoneParts {
  readonly wire: PhoneWire;
  readonly power: PhonePower;
  /** The load it comes with. */
  readonly load: string;
  readonly parameterRequestList: readonly number[];
  /** undefined: as its model does. */
  readonly speaksLldp?: boolean;
  readonly ignoresVoiceVlan?: boolean;
  /** `.cnf.xml` unless told. */
  readonly configForm?: '.cnf';
  /** A Reset or Restart of its CallManager changes nothing. */
  readonly ignoresOrders?: boolean;
  /** It registers by the configuration that it had first. */
  readonly keepsConfig?: boolean;
  /** A configuration's new load is not fetched. */
  readonly keepsLoad?: boolean;
  /** CDP and LLDP name only the load that it came with. */
  readonly hidesNewLoad?: boolean;
  /** It stays where it failed over to. */
  readonly neverFallsBack?: boolean;
  /** Called each time link has come up, with the power cycle's lifetime. */
  readonly onLink: (life: Lifetime) => void;
}

type Fault = (phone: PhoneParts, timers: PhoneTimers) => PhoneParts;

/** 8.0(5) of the 7940/7960: older than any load a plan is written for. */
const olderLoad = 'P00308000500';
/** 390 mA at 48 V: above any plan's overload limit, below the 425 mA at which the supply would break down first. */
const overloadMilliwatts = 18_000;
/** One second where a sync takes five: before the phone has registered. */
const overloadShareOfSync = 1 / 5;

const lldpOnly: Fault = (phone) => ({ ...phone, wire: withoutCdp(phone.wire), speaksLldp: true });
const withOlderLoad: Fault = (phone) => ({ ...phone, load: olderLoad });

/** The faults of src/plan/faults.ts that live in the phone; the load that the server lacks is the same phone. */
const phoneFaults: Readonly<Record<string, Fault>> = {
  'no-link': (phone) => ({ ...phone, wire: withoutLink(phone.wire) }),
  'two-bad-starts': (phone) => ({ ...phone, wire: withoutLinkAtFirst(phone.wire, 2) }),
  flood: (phone) => ({ ...phone, onLink: (life) => flood(phone.wire, life) }),
  'no-cdp': (phone) => ({ ...phone, wire: withoutCdp(phone.wire) }),
  'ignores-voice-vlan': (phone) => ({ ...phone, ignoresVoiceVlan: true }),
  'lldp-only': lldpOnly,
  'lldp-wrong-vlan': lldpOnly,
  'no-option-150': (phone) => ({
    ...phone,
    parameterRequestList: phone.parameterRequestList.filter(
      (code) => code !== dhcpOptions.tftpServers && code !== dhcpOptions.tftpServerName,
    ),
  }),
  'old-load': withOlderLoad,
  'asks-for-cnf': (phone) => ({ ...phone, configForm: '.cnf' }),
  'ignores-reset': (phone) => ({ ...phone, ignoresOrders: true }),
  'keeps-old-config': (phone) => ({ ...phone, keepsConfig: true }),
  'keeps-old-load': (phone) => ({ ...phone, keepsLoad: true }),
  'hides-new-load': (phone) => ({ ...phone, hidesNewLoad: true }),
  'never-falls-back': (phone) => ({ ...phone, neverFallsBack: true }),
  'wrong-load': withOlderLoad,
  'overload-after-boot': (phone, { cdpSyncMs }) => ({
    ...phone,
    onLink: (life) => {
      life.alarm(cdpSyncMs * overloadShareOfSync, () => phone.power.setLoad(overloadMilliwatts));
    },
  }),
};

/** The phone waits for a link that never stands. */
const withoutLink = (wire: PhoneWire): PhoneWire => ({
  ...wire,
  setLink: (up) => (up ? new Promise(() => {}) : wire.setLink(false)),
});

/** So often; a start without link ends with power. */
const withoutLinkAtFirst = (wire: PhoneWire, starts: number): PhoneWire => {
  let left = starts;
  return {
    ...wire,
    setLink: (up) => {
      if (!up || left === 0) return wire.setLink(up);
      left -= 1;
      return new Promise(() => {});
    },
  };
};

const withoutCdp = (wire: PhoneWire): PhoneWire => ({
  ...wire,
  sendFrame: (frame) => {
    if (!isCdpFrame(frame)) wire.sendFrame(frame);
  },
  onFrame: (listener) =>
    wire.onFrame((frame) => {
      if (!isCdpFrame(frame)) listener(frame);
    }),
});

/** A healthy phone bent by every fault named that is the phone's own; other names are somebody else's. */
export const bendPhone = (
  healthy: Pick<PhoneParts, 'wire' | 'power' | 'load'>,
  faults: readonly string[],
  timers: PhoneTimers,
): PhoneParts =>
  faults.reduce<PhoneParts>(
    (phone, name) => (Object.hasOwn(phoneFaults, name) ? (phoneFaults[name]?.(phone, timers) ?? phone) : phone),
    { ...healthy, parameterRequestList: phoneParameterRequestList, onLink: () => {} },
  );
