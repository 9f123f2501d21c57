import type { FrameLink, LinkFrame } from '../network/frame-link.js';
import type { Plan } from '../plan/plan.js';
import type { Alarm, Clock } from '../timeline/clock.js';
import type { ServiceFact } from '../timeline/events.js';
import { type CdpMessage, type CdpTlv, cdpFrame, cdpTlv, decodeCdp, encodeCdp, isCdpBody } from '../wire/cdp.js';
import { decodeEthernet, isForGroup } from '../wire/ethernet.js';
import { createFactTeller } from './fact-teller.js';
import type { PortPower } from './port-power.js';
import { type Service, toldVoiceVlan } from './service.js';

/** What a layer-2 switch says of itself. `capabilities`: switch and IGMP; trust off, CoS 0 for the PC port. */
const switchIdentity = {
  ttlSeconds: 180,
  capabilities: 0x28,
  softwareVersion: 'Linkpulse',
  platform: 'Linkpulse bench',
  trustBitmap: 0,
  untrustedCos: 0,
} as const;

/** "No preference": the phone chooses its power level itself. */
const noPreferredLevelMilliwatts = 0xffffffff;
const maxManagementId = 0xffff;

export interface CdpSpeakerOptions {
  readonly plan: Plan;
  readonly link: FrameLink;
  readonly clock: Clock;
  readonly faults: ReadonlySet<string>;
  /** Shared with LLDP. */
  readonly power: PortPower;
  readonly tell: (fact: ServiceFact) => void;
}

/**
 * The switch's half of CDP, untagged: a frame at link-up, one for every frame that carries a voice VLAN query (TLV 0x0F)
 * or asks for power under a new request id or for another one, and one each `network.cdpPeriod`. The voice VLAN reply
 * is there only when the plan has a voice VLAN. Power (TLV 0x1A) is lowered to what the phone asks for; the request id
 * is echoed, the management id goes up with every new request id, every change of the grant and every link-down, and is
 * never 0.
 */
export const startCdpSpeaker = (options: CdpSpeakerOptions): Service => {
  const { cdpPeriodMs } = options.plan.network;
  return cdpPeriodMs === null ? { close: async () => {} } : speakCdp(options, cdpPeriodMs);
};

const speakCdp = ({ plan, link, clock, faults, power, tell }: CdpSpeakerOptions, periodMs: number): Service => {
  const { network } = plan;
  const teller = createFactTeller('cdp', tell);
  const voiceVlan = toldVoiceVlan(plan, faults.has('cdp-wrong-vlan'));
  let period: Alarm | undefined;
  let requestId = 0;
  let managementId = 1;

  const nextManagementId = (): number => (managementId === maxManagementId ? 1 : managementId + 1);

  const tlvs = (): readonly CdpTlv[] => [
    cdpTlv.deviceId(network.cdpDeviceId),
    cdpTlv.addresses([network.benchAddress]),
    cdpTlv.portId(link.name),
    cdpTlv.capabilities(switchIdentity.capabilities),
    cdpTlv.softwareVersion(switchIdentity.softwareVersion),
    cdpTlv.platform(switchIdentity.platform),
    cdpTlv.nativeVlan(network.nativeVlan),
    cdpTlv.duplex(true),
    ...(voiceVlan === null ? [] : [cdpTlv.voiceVlanReply(voiceVlan)]),
    cdpTlv.powerAvailable(requestId, managementId, power.grantedMilliwatts(), noPreferredLevelMilliwatts),
    cdpTlv.trustBitmap(switchIdentity.trustBitmap),
    cdpTlv.untrustedCos(switchIdentity.untrustedCos),
    cdpTlv.managementAddresses([network.benchAddress]),
  ];

  const speak = (): void => {
    const payload = encodeCdp({ ttlSeconds: switchIdentity.ttlSeconds, tlvs: tlvs() });
    try {
      link.send(cdpFrame(link.macAddress, payload));
    } catch (error) {
      teller.once('send-failed', 'send', { reason: String(error) });
    }
  };

  /** True when the phone must be answered: a 7960 tells what it draws and hears of it with the next period. */
  const takePowerRequest = ({ powerRequested, powerConsumptionMilliwatts }: CdpMessage): boolean => {
    const levels = powerRequested?.milliwatts.length
      ? powerRequested.milliwatts
      : powerConsumptionMilliwatts === undefined
        ? undefined
        : [powerConsumptionMilliwatts];
    const answer = levels === undefined ? 'same' : power.request('cdp', levels);
    if (answer === 'ignored') teller.once('power-request-ignored', 'lldp', { lockedTo: 'lldp' });
    if (answer === 'changed') {
      const detail = { requestedMilliwatts: Math.max(...(levels ?? [])), grantedMilliwatts: power.grantedMilliwatts() };
      teller.once('power-granted', JSON.stringify(detail), detail);
    }
    const isNew = powerRequested !== undefined && powerRequested.requestId !== requestId;
    if (isNew) requestId = powerRequested.requestId;
    if (isNew || answer === 'changed') managementId = nextManagementId();
    return isNew || (powerRequested !== undefined && answer === 'changed');
  };

  const onFrame = (frame: LinkFrame): void => {
    if (frame.direction !== 'in' || !isForGroup(frame.bytes)) return;
    const ethernet = decodeEthernet(frame.bytes);
    if (ethernet === undefined || ethernet.source === link.macAddress) return;
    if (!isCdpBody(ethernet.body)) return;
    const message = decodeCdp(ethernet.payload);
    const asksForPower = takePowerRequest(message);
    if (asksForPower || message.voiceVlanQuery !== undefined) speak();
  };

  const onCarrier = (up: boolean): void => {
    if (up === (period !== undefined)) return;
    if (up) {
      period = clock.every(periodMs, speak);
      speak();
      return;
    }
    period?.cancel();
    period = undefined;
    requestId = 0;
    managementId = nextManagementId();
    power.linkDown();
  };

  const stopFrames = link.onFrame(onFrame);
  const stopCarrier = link.onCarrier(onCarrier);
  return {
    close: async () => {
      stopFrames();
      stopCarrier();
      period?.cancel();
    },
  };
};
