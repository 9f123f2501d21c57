import type { PhoneAddress, PhoneStack, PhoneWire } from '../../../src/sim/contracts.js';
import { createSocketStack, type SocketStack } from '../../../src/sim/phone/socket-stack.js';
import { loopbackMap } from '../../../src/sim/phone/wire-limited.js';
import type { Clock } from '../../../src/timeline/clock.js';

export const testPortOffset = 21_000;

/** A wire in memory whose other end is the test; IP sockets are the system's, on loopback. */
export class MemoryWire implements PhoneWire {
  readonly kind = 'limited';
  readonly sent: Uint8Array[] = [];
  readonly attachments: PhoneAddress[] = [];
  readonly listeners = new Set<(frame: Uint8Array) => void>();
  linkUp = false;
  linkEdges = 0;
  /** Told every frame the phone sends while link is up. */
  onSent: (frame: Uint8Array) => void = () => {};
  #stack: SocketStack | undefined;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get openSockets(): number {
    return this.#stack?.openSockets ?? 0;
  }

  setLink = async (up: boolean): Promise<void> => {
    if (up !== this.linkUp) this.linkEdges += 1;
    this.linkUp = up;
  };

  sendFrame = (frame: Uint8Array): void => {
    if (!this.linkUp) return;
    this.sent.push(frame);
    this.onSent(frame);
  };

  onFrame = (listener: (frame: Uint8Array) => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  /** A frame from the bench. */
  deliver(frame: Uint8Array): void {
    if (this.linkUp) for (const listener of this.listeners) listener(frame);
  }

  attachIp = async (address: PhoneAddress): Promise<PhoneStack> => {
    await this.detachIp();
    this.attachments.push(address);
    this.#stack = createSocketStack(address.address, loopbackMap(address.address, testPortOffset), this.#clock);
    return this.#stack;
  };

  detachIp = async (): Promise<void> => {
    this.#stack?.close();
    this.#stack = undefined;
  };

  close = (): Promise<void> => this.detachIp();
}
