import type { Fact } from '../timeline/events.js';

/** Phones told of at the end, at most, and those counted beyond them. */
const mostPhones = 256;
const mostCounted = 65_536;

/** What one phone got of the services. */
export interface ServedPhone {
  readonly mac: string;
  /** Device id of CDP, system name of LLDP, or what it registered as. */
  readonly name: string | null;
  readonly address: string | null;
  /** Files that came whole, over TFTP or HTTP. */
  readonly files: number;
  /** Requests for files that were answered with an error. */
  readonly refusals: number;
  /** Addresses of the CallManagers that took its registration, latest last. */
  readonly registeredWith: readonly string[];
}

export interface ServedPhones {
  /** `mac`: the phone that said it or was told it; null: all were, or nobody. */
  note(fact: Fact, mac: string | null): void;
  readonly phones: readonly ServedPhone[];
  /** How many were served beyond those kept. */
  readonly further: number;
}

export const createServedPhones = (): ServedPhones => {
  const phones = new Map<string, ServedPhone>();
  const further = new Set<string>();
  const change = (mac: string, changeOf: (phone: ServedPhone) => Partial<ServedPhone>): void => {
    const known = phones.get(mac);
    if (known === undefined && phones.size >= mostPhones) {
      // Who only announced itself makes room for who comes: a flood of made-up neighbours hides no phone.
      const made = [...phones.values()].find(gotNothing);
      const leaves = made?.mac ?? mac;
      if (further.size < mostCounted) further.add(leaves);
      if (made === undefined) return;
      phones.delete(made.mac);
    }
    further.delete(mac);
    const phone = known ?? { mac, name: null, address: null, files: 0, refusals: 0, registeredWith: [] };
    phones.set(mac, { ...phone, ...changeOf(phone) });
  };
  return {
    note: (fact, mac) => {
      const changed = changeBy(fact);
      if (fact.kind === 'service') {
        const client = fact.action === 'file-served' ? fact.detail.client : undefined;
        const owner = [...phones.values()].find(({ address }) => address !== null && address === client);
        if (owner !== undefined) change(owner.mac, (phone) => ({ files: phone.files + 1 }));
      } else if (mac !== null && changed !== undefined) change(mac, changed);
    },
    get phones() {
      return [...phones.values()];
    },
    get further() {
      return further.size;
    },
  };
};

const gotNothing = ({ address, files, refusals, registeredWith }: ServedPhone): boolean =>
  address === null && files === 0 && refusals === 0 && registeredWith.length === 0;

const changeBy = (fact: Fact): ((phone: ServedPhone) => Partial<ServedPhone>) | undefined => {
  switch (fact.kind) {
    case 'cdp':
      return fact.from === 'phone' ? (phone) => ({ name: fact.deviceId ?? phone.name }) : undefined;
    case 'lldp':
      return fact.from === 'phone' ? (phone) => ({ name: phone.name ?? fact.systemName }) : undefined;
    case 'dhcp':
      return fact.messageType === 'ACK' && fact.yourAddress !== '0.0.0.0'
        ? () => ({ address: fact.yourAddress })
        : undefined;
    case 'tftp-end':
      if (fact.outcome === 'complete') return (phone) => ({ files: phone.files + 1 });
      return fact.outcome === 'error' ? (phone) => ({ refusals: phone.refusals + 1 }) : undefined;
    case 'sccp':
      if (fact.message === 'Register') return named(fact.fields.deviceName);
      return fact.message === 'RegisterAck' ? registered(fact.server) : undefined;
    case 'sip':
      if (fact.purpose !== 'register') return undefined;
      if (fact.statusCode === null) return named(fact.fields.deviceName);
      return fact.statusCode >= 200 && fact.statusCode < 300 ? registered(fact.server) : undefined;
    default:
      return undefined;
  }
};

const named = (name: string | number | undefined) => (phone: ServedPhone) => ({
  name: phone.name ?? (name === undefined ? null : String(name)),
});

const registered = (server: string) => (phone: ServedPhone) => ({
  registeredWith: [...phone.registeredWith.filter((other) => other !== server), server],
});
