import type { ObserveFact } from '../timeline/events.js';
import type { Layers } from './layers.js';
import { wellKnownPorts } from './ports.js';
import type { Seen } from './sighting.js';

/** Addresses and VLANs remembered, at most; beyond that nothing new is told. */
const maxKnown = 256;
/** Addresses looked for are counted apart: a phone that looks for a whole network keeps the use of its own from nobody. */
const maxSought = 64;
const unspecified = '0.0.0.0';

export interface Presence {
  /** VLANs and addresses the phone uses as its own, and addresses it looks for: each is told the first time. */
  note(layers: Layers, seen: Seen): readonly ObserveFact[];
  /** The phone was given an address: its use is told anew, also where it is the old one. */
  forgetAddresses(mac: string): void;
}

export const createPresence = (): Presence => {
  const known = new Map<string, string>();
  const soughtBefore = new Set<string>();
  const isNew = (key: string, mac: string): boolean => {
    if (known.has(key) || known.size >= maxKnown) return false;
    known.set(key, mac);
    return true;
  };
  return {
    note: (layers, seen) => {
      if (seen.from !== 'phone') return [];
      const facts: ObserveFact[] = [];
      if (isNew(`vlan ${seen.vlan}`, '')) facts.push({ kind: 'vlan-used', ...seen });
      const address = addressOf(layers);
      if (address !== undefined && isNew(`${seen.mac} ${seen.vlan} ${address}`, seen.mac))
        facts.push({ kind: 'address-used', ...seen, address });
      const sought = soughtIn(layers);
      const key = `${seen.mac} ${seen.vlan} ${sought}`;
      if (sought !== undefined && soughtBefore.size < maxSought && !soughtBefore.has(key)) {
        soughtBefore.add(key);
        facts.push({ kind: 'address-sought', ...seen, address: sought });
      }
      return facts;
    },
    forgetAddresses: (mac) => {
      for (const [key, owner] of known) if (owner === mac) known.delete(key);
    },
  };
};

/** Not what a phone asks of its own address: whether another one has it, or that all may know. */
const soughtIn = ({ arp }: Layers): string | undefined =>
  arp?.operation === 'request' && arp.senderAddress !== unspecified && arp.targetAddress !== arp.senderAddress
    ? arp.targetAddress
    : undefined;

/** DHCP shows no use: phones put their previous lease there before they are given any (protocol facts 5.1). */
const addressOf = ({ arp, ipv4, udp }: Layers): string | undefined => {
  const isDhcp = udp?.sourcePort === wellKnownPorts.dhcpClient && udp.destinationPort === wellKnownPorts.dhcpServer;
  const address = arp?.senderAddress ?? (isDhcp ? undefined : ipv4?.source);
  return address === unspecified ? undefined : address;
};
