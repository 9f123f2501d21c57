import { type CdpMessage, cdpFrame, cdpTlv, decodeCdp, encodeCdp } from '../../wire/cdp.js';
import { decodeEthernet } from '../../wire/ethernet.js';
import type { NeighbourListener, NeighbourOptions } from './voice-vlan.js';

/** When a 7960 speaks, as shares of its 5 s sync time: triggers at 0.43 s and 1.43 s after port-up (protocol facts 3.5). */
const shareOfSync = { firstTrigger: 0.43 / 5, secondTrigger: 1.43 / 5 } as const;
const ttlSeconds = 180;

const upstreamPort = 'Port 1';
/** TLV 0x0F as the 7960 sends it: four opaque bytes (protocol facts 3.4). */
const voiceVlanQuery = Uint8Array.of(0x20, 0x02, 0x00, 0x01);

const cdpSnap = { oui: 0x00000c, protocol: 0x2000 } as const;
/** Voice VLAN ids a switch may answer: 0 is a priority tag, 4095 asks for untagged voice (protocol facts 3.6). */
const maxTaggedVlan = 4094;

/** True for a frame that carries CDP, which always travels untagged here. */
export const isCdpFrame = (frame: Uint8Array): boolean => cdpPayload(frame) !== undefined;

const cdpPayload = (frame: Uint8Array): Uint8Array | undefined => {
  const ethernet = decodeEthernet(frame);
  if (ethernet === undefined || ethernet.body.kind !== 'snap') return undefined;
  const { oui, protocol } = ethernet.body;
  return oui === cdpSnap.oui && protocol === cdpSnap.protocol ? ethernet.payload : undefined;
};

/** undefined: the message says nothing of a voice VLAN. */
const voiceVlanOf = (message: CdpMessage): number | null | undefined => {
  const vlan = message.voiceVlanReply?.vlan;
  if (vlan === undefined) return undefined;
  return vlan <= maxTaggedVlan ? vlan : null;
};

/** Speaks CDP to the end of `options.life`. */
export const startCdp = (options: NeighbourOptions, { onAnswer, onPower }: NeighbourListener): void => {
  const { wire, life, identity, load, syncMs, periodMs, address, log } = options;
  /** A 7970's is the end of its MAC (protocol facts 3.4); a switch echoes it. */
  const requestId =
    identity.powerLevels === null ? 0 : ((identity.macBytes[4] ?? 0) << 8) | (identity.macBytes[5] ?? 0);

  const speak = (withQuery: boolean): void => {
    const payload = encodeCdp({
      ttlSeconds,
      tlvs: [
        cdpTlv.deviceId(identity.deviceId),
        cdpTlv.addresses([address()]),
        cdpTlv.portId(upstreamPort),
        cdpTlv.capabilities(identity.cdpCapabilities),
        ...(load === null ? [] : [cdpTlv.softwareVersion(load)]),
        cdpTlv.platform(identity.platform),
        ...(withQuery ? [cdpTlv.voiceVlanQuery(voiceVlanQuery)] : []),
        ...(identity.secondPort === null ? [] : [cdpTlv.secondPort(identity.secondPort)]),
        ...(identity.powerLevels === null
          ? []
          : [cdpTlv.powerRequested({ requestId, managementId: 0, milliwatts: identity.powerLevels })]),
        ...(identity.tellsDuplex ? [cdpTlv.duplex(true)] : []),
        cdpTlv.powerConsumption(identity.claimedMilliwatts),
      ],
    });
    log('cdp', withQuery ? 'trigger' : 'steady');
    wire.sendFrame(cdpFrame(identity.mac, payload));
  };

  life.alarm(shareOfSync.firstTrigger * syncMs, () => speak(true));
  life.alarm(shareOfSync.secondTrigger * syncMs, () => speak(true));
  life.every(periodMs, () => speak(false));
  life.onEnd(
    wire.onFrame((frame) => {
      const payload = cdpPayload(frame);
      if (payload === undefined) return;
      const message = decodeCdp(payload);
      onAnswer(voiceVlanOf(message));
      const { powerAvailable: power } = message;
      if (power?.milliwatts[0] !== undefined && power.requestId === requestId) onPower(power.milliwatts[0]);
    }),
  );
};
