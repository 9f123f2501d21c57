import { ipv4ToNumber, numberToIpv4 } from '../wire/ipv4.js';

/** A bench serves a phone or two: a pool of more addresses is used up to here, which bounds memory. */
const maxPoolAddresses = 1024;
/** How long an offered address waits for its REQUEST (a phone asks again after four to five seconds). */
const offerHoldUs = 60_000_000;
const microsecondsPerSecond = 1_000_000;

interface Binding {
  readonly mac: string;
  readonly address: string;
  readonly state: 'offered' | 'leased';
  readonly untilUs: number;
}

export interface LeasePoolOptions {
  /** First and last address, both included. */
  readonly first: string;
  readonly last: string;
  /** Never handed out, though inside the range. */
  readonly excluded: ReadonlySet<string>;
}

/** Where the search for a MAC's address begins: the same MAC begins at the same place in every run. */
const startingPoint = (mac: string, size: number): number => {
  let sum = 0;
  for (const character of mac) sum = (sum * 31 + character.charCodeAt(0)) % size;
  return sum;
};

/**
 * Which MAC has which address. A MAC keeps its address while nobody else needs it, over a release and past the lease's
 * end; a new MAC gets the address it wants where that is free.
 */
export class LeasePool {
  readonly #addresses: readonly string[];
  readonly #byMac = new Map<string, Binding>();
  readonly #byAddress = new Map<string, Binding>();
  readonly #declined = new Set<string>();

  constructor({ first, last, excluded }: LeasePoolOptions) {
    const from = ipv4ToNumber(first);
    const size = Math.min(maxPoolAddresses, Math.max(0, ipv4ToNumber(last) - from + 1));
    this.#addresses = Array.from({ length: size }, (_, index) => numberToIpv4(from + index)).filter(
      (address) => !excluded.has(address),
    );
  }

  get size(): number {
    return this.#addresses.length;
  }

  /** Holds an address for this MAC for a minute; undefined: the pool is exhausted. */
  offer(mac: string, wanted: string | undefined, nowUs: number): string | undefined {
    const mine = this.#byMac.get(mac);
    if (mine?.state === 'leased' && mine.untilUs > nowUs) return mine.address;
    const address = mine?.address ?? this.#choose(mac, wanted, nowUs);
    if (address !== undefined) this.#bind({ mac, address, state: 'offered', untilUs: nowUs + offerHoldUs });
    return address;
  }

  /** Makes an offered address a lease. True when it was no lease before. */
  lease(mac: string, leaseSeconds: number, nowUs: number): boolean {
    const mine = this.#byMac.get(mac);
    if (mine === undefined) return false;
    this.#bind({ ...mine, state: 'leased', untilUs: nowUs + leaseSeconds * microsecondsPerSecond });
    return mine.state !== 'leased' || mine.untilUs <= nowUs;
  }

  /** True when this MAC had that address. It may be given to others now, but is kept for the MAC while nobody asks. */
  release(mac: string, address: string, nowUs: number): boolean {
    const mine = this.#byMac.get(mac);
    if (mine?.address !== address) return false;
    this.#bind({ ...mine, untilUs: nowUs });
    return true;
  }

  /** The client took another server's offer. */
  withdraw(mac: string): void {
    const mine = this.#byMac.get(mac);
    if (mine?.state === 'offered') this.#forget(mine);
  }

  /** Someone else uses this address: it is not handed out again. False when it was not this MAC's. */
  decline(mac: string, address: string): boolean {
    const mine = this.#byMac.get(mac);
    if (mine?.address !== address) return false;
    this.#forget(mine);
    this.#declined.add(address);
    return true;
  }

  #choose(mac: string, wanted: string | undefined, nowUs: number): string | undefined {
    const size = this.#addresses.length;
    const start = size === 0 ? 0 : startingPoint(mac, size);
    const order = [...this.#addresses.slice(start), ...this.#addresses.slice(0, start)].filter(
      (address) => !this.#declined.has(address),
    );
    const free = (address: string): boolean => (this.#byAddress.get(address)?.untilUs ?? nowUs) <= nowUs;
    return (
      order.find((address) => address === wanted && free(address)) ??
      order.find((address) => !this.#byAddress.has(address)) ??
      order.find(free)
    );
  }

  #bind(binding: Binding): void {
    const before = this.#byAddress.get(binding.address);
    if (before !== undefined && before.mac !== binding.mac) this.#forget(before);
    this.#byMac.set(binding.mac, binding);
    this.#byAddress.set(binding.address, binding);
  }

  #forget(binding: Binding): void {
    this.#byMac.delete(binding.mac);
    this.#byAddress.delete(binding.address);
  }
}
