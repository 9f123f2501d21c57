import type { ObserveFact } from '../timeline/events.js';
import { observeCdp } from './cdp.js';
import { isDhcp, observeDhcp } from './dhcp.js';
import { type Layers, takeApart } from './layers.js';
import { observeLldp } from './lldp.js';
import { createMalformedTeller } from './malformed.js';
import { createParties } from './parties.js';
import { wellKnownPorts } from './ports.js';
import { createPresence } from './presence.js';
import type { ObservedFrame, Seen, Sighting } from './sighting.js';
import { createSipWatch } from './sip.js';
import { createTcpTracker } from './tcp.js';
import { createTftpTracker } from './tftp.js';

export type { ObservedFrame } from './sighting.js';

/** CallManager ports taken from configuration files, at most. */
const maxLearnedPorts = 16;
/** DHCP clients told of, at most: a flood of made-up ones fills no timeline. A phone's wire has one or two. */
const maxClients = 256;

export interface Observer {
  /** What this frame shows, in order. Bytes from the wire never make it throw, hang or grow. */
  frame(frame: ObservedFrame): readonly ObserveFact[];
  /** What is still open when the frames end. */
  end(): readonly ObserveFact[];
}

/**
 * Frames to facts, and the only teller of what the phone did: live, bridged or from a capture file, the same frames give
 * the same facts. No clock and no I/O: time is the frames' own.
 */
export const createObserver = (): Observer => {
  const parties = createParties();
  const presence = createPresence();
  const tellMalformed = createMalformedTeller();
  const callManagerPorts = new Set<number>([wellKnownPorts.callManager, wellKnownPorts.sip]);
  const tftp = createTftpTracker({
    tellMalformed,
    onConfig: ({ callManagers }) => {
      for (const { port } of callManagers) if (callManagerPorts.size < maxLearnedPorts) callManagerPorts.add(port);
    },
  });
  const clients = new Set<string>();
  const isNewcomerTooMany = (mac: string): boolean => {
    if (clients.size < maxClients) clients.add(mac);
    return !clients.has(mac);
  };
  const isCallManagerPort = (port: number): boolean => callManagerPorts.has(port);
  const sip = createSipWatch({ tellMalformed, isCallManagerPort });
  const tcp = createTcpTracker({ tellMalformed, isCallManagerPort, sip });

  const observeProtocols = (layers: Layers, sighting: Sighting): readonly ObserveFact[] => {
    const { ipv4 } = layers;
    if (layers.cdp !== undefined) return observeCdp(layers.cdp, sighting, tellMalformed);
    if (layers.lldp !== undefined) return observeLldp(layers.lldp, sighting, tellMalformed);
    if (ipv4 === undefined) return [];
    if (layers.tcp !== undefined) return tcp.segment(ipv4, layers.tcp, sighting);
    if (layers.udp === undefined) return [];
    if (!isDhcp(layers.udp)) {
      const told = tftp.packet(ipv4, layers.udp, sighting);
      return told.length > 0 ? told : sip.datagram(ipv4, layers.udp, sighting);
    }
    const facts = observeDhcp(ipv4, layers.udp, sighting, tellMalformed).filter(
      (fact) => fact.kind !== 'dhcp' || !isNewcomerTooMany(fact.clientMac),
    );
    for (const fact of facts)
      if (fact.kind === 'dhcp' && fact.messageType === 'ACK') presence.forgetAddresses(fact.clientMac);
    return facts;
  };

  return {
    frame: (frame) => {
      const { atUs } = frame;
      const stale = tftp.tick(atUs);
      const layers = takeApart(frame.bytes);
      if (layers === undefined) return [...stale, ...tellMalformed('ethernet', tooShort, nobody(frame))];
      const from = parties.of(frame, layers);
      if (from === null) return stale;
      const { source: mac, vlans } = layers.ethernet;
      const seen: Seen = { from, vlan: vlans[0]?.id ?? null, mac };
      const damage =
        layers.unreadable === undefined
          ? []
          : tellMalformed(layers.unreadable, { offset: 0, reason: `no readable ${layers.unreadable} packet` }, seen);
      return [...stale, ...presence.note(layers, seen), ...observeProtocols(layers, { seen, atUs }), ...damage];
    },
    end: () => [...tftp.end(), ...tcp.end(), ...sip.flush()],
  };
};

const tooShort = { offset: 0, reason: 'too short to be a frame' } as const;
const nobody = ({ direction }: ObservedFrame): Seen => ({
  from: direction === 'in' ? 'phone' : 'bench',
  vlan: null,
  mac: '00:00:00:00:00:00',
});
