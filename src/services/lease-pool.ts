import type { AddressRange } from '../plan/service-plan.js';
import { ipv4ToNumber, numberToIpv4 } from '../wire/ipv4.js';

/** Addresses of all ranges together that are used; what lies behind is not. Each has one binding at most: that bounds memory. */
const maxPoolAddresses = 65_536;
/** How long an offered address waits for its REQUEST (a phone asks again after four to five seconds). */
const offerHoldUs = 60_000_000;
/** An offer older than this gives way where nothing else is left: a flood of DISCOVERs must not keep a phone waiting. */
const offerGuardUs = 1_000_000;
/** A declined address rests: something else on the wire uses it. */
const declinedRestUs = 3_600_000_000;
const microsecondsPerSecond = 1_000_000;
/** Places tried from a MAC's own one on, before the next never used address is taken in order. */
const probes = 8;

interface Binding {
  readonly mac: string;
  readonly address: string;
  readonly state: 'offered' | 'leased';
  readonly sinceUs: number;
  readonly untilUs: number;
}

export interface Lease {
  readonly mac: string;
  readonly address: string;
  readonly untilUs: number;
}

export interface LeasePoolOptions {
  /** First and last address of each, both included. */
  readonly ranges: readonly AddressRange[];
  /** Never handed out, though inside a range. */
  readonly excluded: ReadonlySet<string>;
  /** MAC to the address that is its own alone, inside a range or not. */
  readonly reserved?: ReadonlyMap<string, string>;
}

/** Where the search for a MAC's address begins: the same MAC begins at the same place in every run. */
const startingPoint = (mac: string, size: number): number => {
  let sum = 0;
  for (let index = 0; index < mac.length; index += 1) sum = (sum * 31 + mac.charCodeAt(index)) % size;
  return sum;
};

const addressesOf = (ranges: readonly AddressRange[], forbidden: ReadonlySet<string>): readonly string[] => {
  const found = new Set<string>();
  for (const { first, last } of ranges) {
    const end = ipv4ToNumber(last);
    for (let number = ipv4ToNumber(first); number <= end && found.size < maxPoolAddresses; number += 1) {
      const address = numberToIpv4(number);
      if (!forbidden.has(address)) found.add(address);
    }
  }
  return [...found];
};

const firstOf = <Value>(values: Map<string, Value>): Value | undefined => values.values().next().value;

/**
 * Which MAC has which address. A MAC keeps its address while nobody else needs it, over a release and past the lease's
 * end; a new MAC gets the address it wants where that is free. Whatever happens, each call takes the same short time: the
 * bindings stand in queues whose heads run out first.
 */
export class LeasePool {
  readonly #addresses: readonly string[];
  readonly #members: ReadonlySet<string>;
  readonly #reserved: ReadonlyMap<string, string>;
  readonly #byMac = new Map<string, Binding>();
  /** By address, in the order in which they run out: ended ones (released, given back), offers, leases. */
  readonly #queues = {
    ended: new Map<string, Binding | null>(),
    offered: new Map<string, Binding>(),
    leased: new Map<string, Binding>(),
  };
  readonly #declined = new Map<string, number>();
  readonly #used = new Set<string>();
  #cursor = 0;

  constructor({ ranges, excluded, reserved = new Map() }: LeasePoolOptions) {
    this.#reserved = reserved;
    this.#addresses = addressesOf(ranges, new Set([...excluded, ...reserved.values()]));
    this.#members = new Set(this.#addresses);
  }

  get size(): number {
    return this.#addresses.length;
  }

  /** Bindings held now: at most one for each address. */
  get bindings(): number {
    return this.#byMac.size;
  }

  /** Holds an address for this MAC for a minute; undefined: the pool is exhausted. */
  offer(mac: string, wanted: string | undefined, nowUs: number): string | undefined {
    const mine = this.#byMac.get(mac);
    if (mine?.state === 'leased' && mine.untilUs > nowUs) return mine.address;
    const address = this.#reservedFor(mac, nowUs) ?? mine?.address ?? this.#choose(mac, wanted, nowUs);
    if (address !== undefined)
      this.#bind({ mac, address, state: 'offered', sinceUs: nowUs, untilUs: nowUs + offerHoldUs });
    return address;
  }

  /** Makes an offered address a lease. True when it was no lease before. */
  lease(mac: string, leaseSeconds: number, nowUs: number): boolean {
    const mine = this.#byMac.get(mac);
    if (mine === undefined) return false;
    const untilUs = nowUs + leaseSeconds * microsecondsPerSecond;
    this.#bind({ ...mine, state: 'leased', sinceUs: nowUs, untilUs });
    return mine.state !== 'leased' || mine.untilUs <= nowUs;
  }

  /** A lease from before this pool was made; not taken up where its address is no longer in the pool. */
  restore({ mac, address, untilUs }: Lease, nowUs: number): boolean {
    const own = this.#reserved.get(mac);
    if (own === undefined ? !this.#members.has(address) : own !== address) return false;
    this.#bind({ mac, address, state: 'leased', sinceUs: nowUs, untilUs });
    return true;
  }

  /** Leases that have not run out. */
  leases(nowUs: number): readonly Lease[] {
    return [...this.#byMac.values()].filter(({ state, untilUs }) => state === 'leased' && untilUs > nowUs);
  }

  /** True when this MAC had that address. It may be given to others now, but is kept for the MAC while nobody asks. */
  release(mac: string, address: string, nowUs: number): boolean {
    const mine = this.#byMac.get(mac);
    if (mine?.address !== address) return false;
    this.#bind({ ...mine, sinceUs: nowUs, untilUs: nowUs });
    return true;
  }

  /** The client took another server's offer. */
  withdraw(mac: string): void {
    const mine = this.#byMac.get(mac);
    if (mine?.state === 'offered') this.#forget(mine);
  }

  /** Someone else uses this address: it rests for an hour. False when it was not this MAC's. */
  decline(mac: string, address: string, nowUs: number): boolean {
    const mine = this.#byMac.get(mac);
    if (mine?.address !== address) return false;
    this.#forget(mine);
    this.#declined.set(address, nowUs + declinedRestUs);
    return true;
  }

  #reservedFor(mac: string, nowUs: number): string | undefined {
    const address = this.#reserved.get(mac);
    return address === undefined || this.#rests(address, nowUs) ? undefined : address;
  }

  #choose(mac: string, wanted: string | undefined, nowUs: number): string | undefined {
    if (wanted !== undefined && this.#isFree(wanted, nowUs)) return wanted;
    return this.#neverUsed(mac) ?? this.#longestUnused(nowUs);
  }

  #isFree(address: string, nowUs: number): boolean {
    if (!this.#members.has(address) || this.#rests(address, nowUs)) return false;
    const { offered, leased } = this.#queues;
    const holder = offered.get(address) ?? leased.get(address);
    return holder === undefined || holder.untilUs <= nowUs;
  }

  #rests(address: string, nowUs: number): boolean {
    const untilUs = this.#declined.get(address);
    if (untilUs === undefined) return false;
    if (untilUs > nowUs) return true;
    this.#declined.delete(address);
    return false;
  }

  /** Addresses leave the never used ones once and for all, so the cursor goes over each once. */
  #neverUsed(mac: string): string | undefined {
    const addresses = this.#addresses;
    if (this.#used.size >= addresses.length) return undefined;
    const start = startingPoint(mac, addresses.length);
    for (let step = 0; step < probes; step += 1) {
      const address = addresses[(start + step) % addresses.length] ?? '';
      if (!this.#used.has(address)) return address;
    }
    while (this.#used.has(addresses[this.#cursor] ?? '')) this.#cursor += 1;
    return addresses[this.#cursor];
  }

  /** An address given back, else the oldest offer or lease that has run out, else the oldest offer behind its guard. */
  #longestUnused(nowUs: number): string | undefined {
    const { ended, offered, leased } = this.#queues;
    for (let step = 0; step < Math.min(probes, ended.size); step += 1) {
      const [address = '', binding = null] = ended.entries().next().value ?? [];
      if (!this.#rests(address, nowUs)) return address;
      // A declined one goes to the end of the queue, so that it is in nobody's way.
      ended.delete(address);
      ended.set(address, binding);
    }
    const offer = firstOf(offered);
    if (offer !== undefined && offer.untilUs <= nowUs) return offer.address;
    const lease = firstOf(leased);
    if (lease !== undefined && lease.untilUs <= nowUs) return lease.address;
    return offer !== undefined && offer.sinceUs + offerGuardUs <= nowUs ? offer.address : undefined;
  }

  #bind(binding: Binding): void {
    const { mac, address, state, sinceUs, untilUs } = binding;
    const before = this.#byMac.get(mac);
    if (before !== undefined && before.address !== address) this.#forget(before);
    for (const queue of Object.values(this.#queues)) {
      const holder = queue.get(address);
      if (holder && holder.mac !== mac) this.#byMac.delete(holder.mac);
      queue.delete(address);
    }
    this.#byMac.set(mac, binding);
    // A reserved address is nobody else's: it waits in no queue that others are served from.
    if (this.#reserved.get(mac) === address) return;
    this.#used.add(address);
    if (untilUs <= sinceUs) this.#queues.ended.set(address, binding);
    else this.#queues[state].set(address, binding);
  }

  #forget({ mac, address }: Binding): void {
    this.#byMac.delete(mac);
    for (const queue of Object.values(this.#queues)) queue.delete(address);
    if (this.#members.has(address)) this.#queues.ended.set(address, null);
  }
}
