import type { FrameLink, LinkFrame } from '../../src/network/frame-link.js';

/** A wire in memory: `sent` is what the bench put on it, `receive` is the phone speaking. */
export class MemoryLink implements FrameLink {
  readonly name = 'memory0';
  readonly macAddress = '02:00:00:00:00:01';
  readonly sent: Uint8Array[] = [];
  refusesToSend = false;
  readonly #frames = new Set<(frame: LinkFrame) => void>();
  readonly #carriers = new Set<(up: boolean, atUs: number) => void>();
  #up = false;

  send(bytes: Uint8Array): void {
    if (this.refusesToSend) throw new Error('network is down');
    this.sent.push(bytes);
    this.#tell({ bytes, atUs: 0, direction: 'out', synthesised: false });
  }

  receive(bytes: Uint8Array): void {
    this.#tell({ bytes, atUs: 0, direction: 'in', synthesised: false });
  }

  carrier(up: boolean): void {
    this.#up = up;
    for (const listener of this.#carriers) listener(up, 0);
  }

  onFrame(listener: (frame: LinkFrame) => void): () => void {
    this.#frames.add(listener);
    return () => this.#frames.delete(listener);
  }

  onCarrier(listener: (up: boolean, atUs: number) => void): () => void {
    this.#carriers.add(listener);
    listener(this.#up, 0);
    return () => this.#carriers.delete(listener);
  }

  drops(): number {
    return 0;
  }

  async close(): Promise<void> {}

  #tell(frame: LinkFrame): void {
    for (const listener of this.#frames) listener(frame);
  }
}
