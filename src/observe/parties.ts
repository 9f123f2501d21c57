import type { Party } from '../timeline/events.js';
import { decodeCdp } from '../wire/cdp.js';
import { decodeLldp, lldpCapabilities } from '../wire/lldp.js';
import type { Layers } from './layers.js';
import { wellKnownPorts } from './ports.js';
import type { ObservedFrame } from './sighting.js';

/** MACs remembered, at most; one phone and one bench need two. */
const maxMacs = 256;
/** CDP capability of a VoIP phone (packet-cdp.c). */
const voipPhone = 0x80;
/** What Cisco phones call themselves. */
const phoneName = /^(SEP|SIP)[0-9A-F]{12}/i;
/** TFTP opcode of a read request (RFC 1350). */
const readRequest = 1;

export interface Parties {
  /** null: a frame of the bench's own that came back; nobody said it. */
  of(frame: ObservedFrame, layers: Layers): Party | null;
}

/**
 * Who is who. Where the capture tells directions they decide; otherwise a MAC is the phone's once it does what only a
 * phone does here: names itself a phone in CDP or LLDP, asks for an address, reads a file, connects to a CallManager.
 */
export const createParties = (): Parties => {
  const phones = new Set<string>();
  const ours = new Set<string>();
  const remember = (macs: Set<string>, mac: string) => {
    if (macs.size < maxMacs) macs.add(mac);
  };
  return {
    of: ({ direction }, layers) => {
      const mac = layers.ethernet.source;
      if (direction === 'out') {
        remember(ours, mac);
        return 'bench';
      }
      if (direction === 'in') return ours.has(mac) ? null : 'phone';
      if (!phones.has(mac) && actsAsPhone(layers)) remember(phones, mac);
      return phones.has(mac) ? 'phone' : 'bench';
    },
  };
};

/** Does only a phone do this here? */
export const actsAsPhone = ({ cdp, lldp, udp, tcp }: Layers): boolean => {
  if (cdp !== undefined) {
    const { capabilities = 0, deviceId = '' } = decodeCdp(cdp);
    return (capabilities & voipPhone) !== 0 || phoneName.test(deviceId);
  }
  if (lldp !== undefined) {
    const { enabledCapabilities = 0, systemName = '' } = decodeLldp(lldp);
    return (enabledCapabilities & lldpCapabilities.telephone) !== 0 || phoneName.test(systemName);
  }
  if (udp !== undefined) {
    const { sourcePort, destinationPort, payload } = udp;
    if (destinationPort === wellKnownPorts.tftp) return payload[0] === 0 && payload[1] === readRequest;
    if (destinationPort === wellKnownPorts.sip) return beginsLikeRegister(payload);
    return sourcePort === wellKnownPorts.dhcpClient && destinationPort === wellKnownPorts.dhcpServer;
  }
  const isCallManager =
    tcp?.destinationPort === wellKnownPorts.callManager || tcp?.destinationPort === wellKnownPorts.sip;
  return isCallManager && tcp.flags.syn && !tcp.flags.ack;
};

const beginsLikeRegister = (payload: Uint8Array): boolean =>
  Buffer.from(payload.subarray(0, 9)).toString('latin1') === 'REGISTER ';
