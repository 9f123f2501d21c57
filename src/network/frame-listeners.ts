import type { FrameLink, LinkFrame } from './frame-link.js';

type FrameListener = Parameters<FrameLink['onFrame']>[0];
type CarrierListener = Parameters<FrameLink['onCarrier']>[0];

/**
 * The listeners' half of a FrameLink. A listener that answers a frame at once (`send` from inside the call) does not put its
 * answer before the question: frames told meanwhile wait their turn. Stamps never run backwards.
 */
export class FrameListeners {
  readonly #frames = new Set<FrameListener>();
  readonly #carriers = new Set<CarrierListener>();
  readonly #waiting: LinkFrame[] = [];
  #telling = false;
  #latestUs = 0;
  #closed = false;

  onFrame(listener: FrameListener): () => void {
    this.#frames.add(listener);
    return () => this.#frames.delete(listener);
  }

  /** Tells the present state at once. */
  onCarrier(listener: CarrierListener, up: boolean, atUs: number): () => void {
    this.#carriers.add(listener);
    this.#safely(() => listener(up, atUs));
    return () => this.#carriers.delete(listener);
  }

  tellFrame(frame: LinkFrame): void {
    if (this.#closed) return;
    this.#waiting.push(frame);
    if (this.#telling) return;
    this.#telling = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#latestUs = Math.max(this.#latestUs, next.atUs);
      const told: LinkFrame = { ...next, atUs: this.#latestUs };
      for (const listener of [...this.#frames]) this.#safely(() => listener(told));
    }
    this.#telling = false;
  }

  tellCarrier(up: boolean, atUs: number): void {
    if (this.#closed) return;
    for (const listener of [...this.#carriers]) this.#safely(() => listener(up, atUs));
  }

  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#frames.clear();
    this.#carriers.clear();
  }

  /** A listener's own error must reach a person, but neither the other listeners nor the wire. */
  #safely(tell: () => void): void {
    try {
      tell();
    } catch (reason) {
      process.emitWarning(reason instanceof Error ? reason : new Error(String(reason)));
    }
  }
}
