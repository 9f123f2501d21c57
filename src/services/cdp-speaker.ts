import type { FrameLink, LinkFrame } from '../network/frame-link.js';
import type { Plan } from '../plan/plan.js';
import type { Alarm, Clock } from '../timeline/clock.js';
import type { ServiceFact } from '../timeline/events.js';
import { type CdpMessage, type CdpTlv, cdpFrame, cdpTlv, decodeCdp, encodeCdp, isCdpBody } from '../wire/cdp.js';
import { decodeEthernet } from '../wire/ethernet.js';
import { createFactTeller } from './fact-teller.js';
import type { Service } from './service.js';

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
  readonly tell: (fact: ServiceFact) => void;
}

/**
 * The switch's half of CDP, untagged: a frame at link-up, one for every frame that carries a voice VLAN query (TLV 0x0F)
 * or asks for power under a new request id, and one each `network.cdpPeriodMs`. The voice VLAN reply is there only when
 * the plan has a voice VLAN. Power (TLV 0x1A): the request id is echoed, the management id goes up with every new
 * request id and with every link-down, and is never 0.
 */
export const startCdpSpeaker = ({ plan, link, clock, tell }: CdpSpeakerOptions): Service => {
  const { network } = plan;
  const teller = createFactTeller('cdp', tell);
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
    ...(network.voiceVlan === null ? [] : [cdpTlv.voiceVlanReply(network.voiceVlan)]),
    cdpTlv.powerAvailable(requestId, managementId, network.powerAvailableMilliwatts, noPreferredLevelMilliwatts),
    cdpTlv.trustBitmap(switchIdentity.trustBitmap),
    cdpTlv.untrustedCos(switchIdentity.untrustedCos),
  ];

  const speak = (): void => {
    const payload = encodeCdp({ ttlSeconds: switchIdentity.ttlSeconds, tlvs: tlvs() });
    try {
      link.send(cdpFrame(link.macAddress, payload));
    } catch (error) {
      teller.once('send-failed', 'send', { reason: String(error) });
    }
  };

  /** True when the phone asks under an id not seen before. */
  const takePowerRequest = (message: CdpMessage): boolean => {
    const request = message.powerRequested;
    if (request === undefined || request.requestId === requestId) return false;
    requestId = request.requestId;
    managementId = nextManagementId();
    return true;
  };

  const onFrame = (frame: LinkFrame): void => {
    if (frame.direction !== 'in') return;
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
      period = clock.every(network.cdpPeriodMs, speak);
      speak();
      return;
    }
    period?.cancel();
    period = undefined;
    requestId = 0;
    managementId = nextManagementId();
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
