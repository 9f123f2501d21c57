/**
 * One phone's wire. Guarantees of every implementation:
 *
 * - `bytes` of a received frame starts at the destination MAC, carries its 802.1Q tag in place (the kernel hands it
 *   over apart) and finished checksums (offload left undone is completed). No FCS.
 * - Frames arrive in order, never after `close` has resolved; both directions are told, our own sends included, so
 *   that one listener sees the whole wire. A listener that throws does not stop the others.
 * - `atUs` is CLOCK_MONOTONIC in microseconds (the Clock's base), from the kernel's stamp where there is one.
 * - What the kernel dropped is counted in `drops`, never silent.
 */
export interface LinkFrame {
  readonly bytes: Uint8Array;
  readonly atUs: number;
  /** `in`: from the phone; `out`: from the bench. */
  readonly direction: 'in' | 'out';
  /** True where headers were made up because the real ones cannot be seen (limited mode). */
  readonly synthesised: boolean;
}

export interface FrameLink {
  readonly name: string;
  /** Our own MAC on this wire, lower case with colons. */
  readonly macAddress: string;
  /** Sends a whole frame (destination MAC first, tag in place). Throws BenchError NETWORK_FAILED. */
  send(frame: Uint8Array): void;
  onFrame(listener: (frame: LinkFrame) => void): () => void;
  /** Carrier edges; the listener is told the present state at once. */
  onCarrier(listener: (up: boolean, atUs: number) => void): () => void;
  drops(): number;
  close(): Promise<void>;
}
