/** Held back while an earlier segment is missing. */
const bounds = { segments: 32, bytes: 64 * 1024, windowBytes: 1 << 20 } as const;

export interface TcpStream {
  /** The SYN's sequence number: the first byte has the next one. */
  synchronise(sequence: number): void;
  /**
   * What is new and in order now. `skipped`: bytes were lost for good (not captured) and what follows them starts
   * anywhere in a message.
   */
  push(sequence: number, payload: Uint8Array): { readonly chunks: readonly Uint8Array[]; readonly skipped: boolean };
}

/** Sequence numbers count modulo 2^32: the difference as a signed number. */
const distance = (from: number, to: number): number => (to - from) | 0;

/** One direction of a TCP connection, put in order (RFC 9293 3.4). Retransmissions and overlaps give their new bytes only. */
export const createTcpStream = (): TcpStream => {
  let next: number | undefined;
  let waiting: { readonly sequence: number; readonly payload: Uint8Array }[] = [];

  const take = (sequence: number, payload: Uint8Array): Uint8Array | undefined => {
    const known = next === undefined ? 0 : -distance(next, sequence);
    if (known >= payload.length) return undefined;
    next = (sequence + payload.length) >>> 0;
    return payload.subarray(known);
  };

  const drain = (): Uint8Array[] => {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const place = waiting.findIndex(({ sequence }) => next !== undefined && distance(next, sequence) <= 0);
      const [ready] = place < 0 ? [] : waiting.splice(place, 1);
      if (ready === undefined) return chunks;
      const chunk = take(ready.sequence, ready.payload);
      if (chunk !== undefined) chunks.push(chunk);
    }
  };

  const isFull = (): boolean =>
    waiting.length > bounds.segments || waiting.reduce((sum, { payload }) => sum + payload.length, 0) > bounds.bytes;

  return {
    synchronise: (sequence) => {
      next = (sequence + 1) >>> 0;
      waiting = [];
    },
    push: (sequence, payload) => {
      if (payload.length === 0) return { chunks: [], skipped: false };
      next ??= sequence;
      const gap = distance(next, sequence);
      if (gap > bounds.windowBytes) return { chunks: [], skipped: false };
      if (gap <= 0) {
        const chunk = take(sequence, payload);
        return { chunks: chunk === undefined ? [] : [chunk, ...drain()], skipped: false };
      }
      waiting.push({ sequence, payload: payload.slice() });
      if (!isFull()) return { chunks: [], skipped: false };
      const base = next;
      next = waiting.reduce((nearest, segment) =>
        distance(base, segment.sequence) < distance(base, nearest.sequence) ? segment : nearest,
      ).sequence;
      return { chunks: drain(), skipped: true };
    },
  };
};
