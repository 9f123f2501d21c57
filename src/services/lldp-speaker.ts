import type { FrameLink, LinkFrame } from '../network/frame-link.js';
import type { Plan } from '../plan/plan.js';
import type { LldpPlan } from '../plan/service-plan.js';
import type { Alarm, Clock } from '../timeline/clock.js';
import type { ServiceFact } from '../timeline/events.js';
import { decodeEthernet, etherTypes, isForGroup } from '../wire/ethernet.js';
import {
  decodeLldp,
  encodeLldp,
  type LldpMessage,
  type LldpTlv,
  lldpCapabilities,
  lldpFrame,
  lldpMedCapabilities,
  lldpTlv,
} from '../wire/lldp.js';
import { createFactTeller } from './fact-teller.js';
import { deciwattsAtPhone, isType1, milliwattsAtPort, type PortPower } from './port-power.js';
import { type Service, toldVoiceVlan } from './service.js';

/** TIA-1057 11.2.1: frames of a fast start, and from one to the next. */
const fastStart = { frames: 4, periodMs: 1000 } as const;
/** 802.1AB 9.2.5.22: time to live in periods. */
const periodsToLive = 4;
const longestTtlSeconds = 0xffff;
/** Device class of a network connectivity device; below it stand the three classes of endpoints (TIA-1057 table 6). */
const networkClass = 4;
const voiceApplication = 1;
/** Who tells of power by LLDP-MED: 0 a switch, 1 a phone. */
const poweredDevice = 1;
const med = { type: 0, sourcePrimary: 1, priorities: { critical: 1, high: 2, low: 3 } } as const;
/**
 * 802.3 clause 79: auto-negotiation supported and on; 10BASE-T and 100BASE-TX, half and full (RFC 4836's
 * IANAifMauAutoNegCapBits); running at 100BASE-TX full duplex.
 */
const macPhy = { autoNegotiation: 0x03, advertised: 0x6c00, mau: 0x0010 } as const;
/** A PSE, its power supported and on, pairs not selectable (802.3 79.3.2.1). */
const mdiPowerSupport = 0x07;
const mdiPairs = { data: 1, spare: 2 } as const;
/** What a port gives to each class of 802.3, mW; the class is told as its number plus one. */
const classMilliwatts = [0, 4000, 7000, 15_400];

export interface LldpSpeakerOptions {
  readonly plan: Plan;
  readonly link: FrameLink;
  readonly clock: Clock;
  readonly faults: ReadonlySet<string>;
  /** Shared with CDP. */
  readonly power: PortPower;
  readonly tell: (fact: ServiceFact) => void;
}

/**
 * The switch's half of LLDP, untagged: a frame at link-up and one each `lldp.period`. LLDP-MED joins when an endpoint
 * has spoken it (TIA-1057 11.2.1), and the first frames then come fast: four, a second apart. Power goes by 802.3at's
 * data link layer (requested and allocated, 0.1 W) and by LLDP-MED, both as it reaches the phone. At the end a frame with
 * a time to live of 0 (802.1AB 9.1.4), after which it is silent; a phone that sends one is forgotten, its grant is not.
 */
export const startLldpSpeaker = (options: LldpSpeakerOptions): Service => {
  const { lldp } = options.plan;
  return lldp === null ? { close: async () => {} } : speakLldp(options, lldp);
};

const speakLldp = ({ plan, link, clock, faults, power, tell }: LldpSpeakerOptions, lldp: LldpPlan): Service => {
  const { network } = plan;
  const teller = createFactTeller('lldp', tell);
  const voiceVlan = toldVoiceVlan(plan, faults.has('lldp-wrong-vlan'));
  const ttlSeconds = Math.min(longestTtlSeconds, Math.ceil((periodsToLive * lldp.periodMs) / 1000));
  let period: Alarm | undefined;
  let fast: Alarm | undefined;
  let fastFramesLeft = 0;
  /** MAC of the endpoint that was heard last. */
  let endpoint: string | undefined;
  let requestedDeciwatts: number | undefined;

  const mdiPower = (): LldpTlv => {
    const powerClass = classMilliwatts.findIndex((most) => network.powerAvailableMilliwatts <= most);
    return lldpTlv.mdiPower({
      support: mdiPowerSupport,
      pairs: mdiPairs[plan.power.feed?.pairs ?? 'spare'],
      class: (powerClass < 0 ? classMilliwatts.length : Math.max(powerClass, 1)) + 1,
      typeSourcePriority:
        (isType1(network.powerAvailableMilliwatts) ? 0x80 : 0) |
        (med.sourcePrimary << 4) |
        med.priorities[lldp.powerPriority],
      requestedDeciwatts: requestedDeciwatts ?? allocatedDeciwatts(),
      allocatedDeciwatts: allocatedDeciwatts(),
    });
  };

  /** Where LLDP asked, what it asked for to the last 0.1 W. */
  const allocatedDeciwatts = (): number => {
    const reached = deciwattsAtPhone(power.grantedMilliwatts());
    const asked = requestedDeciwatts;
    return asked !== undefined && milliwattsAtPort(asked) === power.grantedMilliwatts() ? asked : reached;
  };

  const medTlvs = (): readonly LldpTlv[] => {
    const { capabilities, policy, powerSource } = lldpMedCapabilities;
    return [
      lldpTlv.medCapabilities(capabilities | policy | powerSource, networkClass),
      lldpTlv.medPolicy({
        application: voiceApplication,
        unknown: false,
        tagged: voiceVlan !== null,
        vlan: voiceVlan ?? 0,
        priority: voiceVlan === null ? 0 : lldp.voicePriority,
        dscp: lldp.voiceDscp,
      }),
      lldpTlv.medPower({
        type: med.type,
        source: med.sourcePrimary,
        priority: med.priorities[lldp.powerPriority],
        deciwatts: allocatedDeciwatts(),
      }),
    ];
  };

  const mandatory = (seconds: number): readonly LldpTlv[] => [
    lldpTlv.chassisMac(link.macAddress),
    lldpTlv.portInterface(link.name),
    lldpTlv.ttl(seconds),
  ];

  const tlvs = (): readonly LldpTlv[] => [
    ...mandatory(ttlSeconds),
    lldpTlv.portDescription(link.name),
    lldpTlv.systemName(lldp.systemName ?? network.cdpDeviceId),
    lldpTlv.systemDescription(lldp.systemDescription),
    lldpTlv.capabilities(lldpCapabilities.bridge, lldpCapabilities.bridge),
    lldpTlv.managementAddress(network.benchAddress),
    lldpTlv.portVlan(network.nativeVlan),
    lldpTlv.macPhy(macPhy),
    mdiPower(),
    ...(endpoint === undefined ? [] : medTlvs()),
  ];

  const send = (told: readonly LldpTlv[]): void => {
    try {
      link.send(lldpFrame(link.macAddress, encodeLldp({ tlvs: told })));
    } catch (error) {
      teller.once('send-failed', 'send', { reason: String(error) });
    }
  };

  const speak = (): void => send(tlvs());

  const stopFast = (): void => {
    fast?.cancel();
    fast = undefined;
    fastFramesLeft = 0;
  };

  /** One that is under way is begun anew, at the same pace: a phone that changes its MAC makes nobody speak faster. */
  const startFast = (): void => {
    fastFramesLeft = fastStart.frames - 1;
    if (fast !== undefined) return;
    fast = clock.every(fastStart.periodMs, () => {
      speak();
      fastFramesLeft -= 1;
      if (fastFramesLeft <= 0) stopFast();
    });
    speak();
  };

  /** True when there is something new to tell of it. */
  const takePowerRequest = ({ med: said, mdiPower: mdi }: LldpMessage): boolean => {
    const asked = mdi?.requestedDeciwatts ?? (said?.power?.type === poweredDevice ? said.power.deciwatts : undefined);
    if (asked === undefined || asked === 0) return false;
    const answer = power.request('lldp', [milliwattsAtPort(asked)]);
    if (answer === 'ignored') {
      teller.once('power-request-ignored', 'cdp', { lockedTo: 'cdp' });
      return false;
    }
    if (asked === requestedDeciwatts && answer === 'same') return false;
    requestedDeciwatts = asked;
    const detail = { requestedMilliwatts: asked * 100, grantedMilliwatts: allocatedDeciwatts() * 100 };
    teller.once('power-granted', JSON.stringify(detail), detail);
    return true;
  };

  const forget = (mac: string): void => {
    if (mac !== endpoint) return;
    teller.once('neighbour-left', mac, { mac });
    endpoint = undefined;
    requestedDeciwatts = undefined;
    stopFast();
  };

  const onFrame = ({ direction, bytes }: LinkFrame): void => {
    if (direction !== 'in' || period === undefined || !isForGroup(bytes)) return;
    const ethernet = decodeEthernet(bytes);
    if (ethernet === undefined || ethernet.source === link.macAddress) return;
    if (ethernet.body.kind !== 'ethertype' || ethernet.body.etherType !== etherTypes.lldp) return;
    const message = decodeLldp(ethernet.payload);
    if (message.ttlSeconds === 0) {
      forget(ethernet.source);
      return;
    }
    const deviceClass = message.med?.deviceClass ?? 0;
    const isEndpoint = deviceClass > 0 && deviceClass < networkClass;
    const isNew = isEndpoint && ethernet.source !== endpoint;
    if (isEndpoint) endpoint = ethernet.source;
    const isPowerNew = takePowerRequest(message);
    if (isNew) startFast();
    else if (isPowerNew && fast === undefined) speak();
  };

  const onCarrier = (up: boolean): void => {
    if (up === (period !== undefined)) return;
    if (up) {
      period = clock.every(lldp.periodMs, () => {
        if (fast === undefined) speak();
      });
      speak();
      return;
    }
    period?.cancel();
    period = undefined;
    stopFast();
    endpoint = undefined;
    requestedDeciwatts = undefined;
    power.linkDown();
  };

  const stopFrames = link.onFrame(onFrame);
  const stopCarrier = link.onCarrier(onCarrier);
  const leave = (): void => {
    if (period !== undefined) send(mandatory(0));
    period?.cancel();
    period = undefined;
    stopFast();
    stopFrames();
    stopCarrier();
  };
  return { leave, close: async () => leave() };
};
