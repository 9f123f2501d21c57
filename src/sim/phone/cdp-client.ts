import { type CdpMessage, cdpFrame, cdpTlv, decodeCdp, encodeCdp } from '../../wire/cdp.js';
import { decodeEthernet } from '../../wire/ethernet.js';
import type { PhoneWire } from '../contracts.js';
import type { Lifetime } from './lifetime.js';
import type { PhoneIdentity } from './phone-identity.js';
import type { PhoneLog } from './phone-log.js';

/**
 * When a 7960 speaks, as shares of its 5 s sync time: triggers at 0.43 s and 1.43 s after port-up; without any answer
 * it waits until 5.07 s and syncs all the same (protocol facts 3.5, Cisco's own event log).
 */
const shareOfSync = { firstTrigger: 0.43 / 5, secondTrigger: 1.43 / 5, wait: 5.07 / 5 } as const;
const steadyPeriodMs = 60_000;
const ttlSeconds = 180;

/** Host, VoIP phone and two-port MAC relay: what SCCP 8.x loads say. */
const capabilities = 0x490;
const upstreamPort = 'Port 1';
/** TLV 0x0F as the 7960 sends it: four opaque bytes (protocol facts 3.4). */
const voiceVlanQuery = Uint8Array.of(0x20, 0x02, 0x00, 0x01);

const cdpSnap = { oui: 0x00000c, protocol: 0x2000 } as const;
/** Voice VLAN ids a switch may answer: 0 is a priority tag, 4095 asks for untagged voice (protocol facts 3.6). */
const maxTaggedVlan = 4094;

export interface CdpClientOptions {
  readonly wire: PhoneWire;
  readonly life: Lifetime;
  readonly identity: PhoneIdentity;
  readonly load: string;
  readonly syncMs: number;
  /** The address to tell, asked anew for each frame. */
  readonly address: () => string;
  readonly log: PhoneLog;
}

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

/**
 * Speaks CDP from port-up (the call) to the end of `life`. Resolves, when the phone has made up its mind, with the
 * voice VLAN: its id, or null for untagged.
 */
export const startCdp = ({
  wire,
  life,
  identity,
  load,
  syncMs,
  address,
  log,
}: CdpClientOptions): Promise<number | null> => {
  const speak = (withQuery: boolean): void => {
    const payload = encodeCdp({
      ttlSeconds,
      tlvs: [
        cdpTlv.deviceId(identity.deviceId),
        cdpTlv.addresses([address()]),
        cdpTlv.portId(upstreamPort),
        cdpTlv.capabilities(capabilities),
        cdpTlv.softwareVersion(load),
        cdpTlv.platform(identity.platform),
        ...(withQuery ? [cdpTlv.voiceVlanQuery(voiceVlanQuery)] : []),
        cdpTlv.duplex(true),
        cdpTlv.powerConsumption(identity.claimedMilliwatts),
      ],
    });
    log('cdp', withQuery ? 'trigger' : 'steady');
    wire.sendFrame(cdpFrame(identity.mac, payload));
  };

  life.alarm(shareOfSync.firstTrigger * syncMs, () => speak(true));
  life.alarm(shareOfSync.secondTrigger * syncMs, () => speak(true));
  life.every(steadyPeriodMs, () => speak(false));

  return life.guard(
    new Promise((resolve) => {
      let voiceVlan: number | null = null;
      let syncing = false;
      const sync = () => {
        if (syncing) return;
        syncing = true;
        silence.cancel();
        life.alarm(syncMs, () => {
          stop();
          log('cdp', 'vlan-chosen', { vlan: voiceVlan });
          resolve(voiceVlan);
        });
      };
      const silence = life.alarm(shareOfSync.wait * syncMs, sync);
      const stopFrames = wire.onFrame((frame) => {
        const payload = cdpPayload(frame);
        if (payload === undefined) return;
        const heard = voiceVlanOf(decodeCdp(payload));
        if (heard !== undefined) voiceVlan = heard;
        sync();
      });
      const forget = life.onEnd(stopFrames);
      const stop = () => {
        forget();
        stopFrames();
      };
    }),
  );
};
