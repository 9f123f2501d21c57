/** Packets in parts at a time, and their bytes in all; the oldest packet is given up for a new one. */
const bounds = { packets: 256, bytes: 4 << 20, packetBytes: 0x10000 } as const;

interface Parts {
  readonly parts: { readonly offset: number; readonly bytes: Buffer }[];
  /** By offset, the longest part there. */
  readonly longest: Map<number, number>;
  size: number;
  /** Of the whole payload, once its last part is seen. */
  total: number | null;
}

/** Fragments of IP packets put together (RFC 791, RFC 8200 4.5). Where parts overlap the first one seen counts. */
export class Reassembly {
  readonly #packets = new Map<string, Parts>();
  #bytes = 0;

  /** The whole payload, when this was the last part that was missing. */
  add(key: string, offset: number, more: boolean, bytes: Buffer): Buffer | undefined {
    if (offset + bytes.length > bounds.packetBytes || bytes.length === 0) return undefined;
    const packet: Parts = this.#packets.get(key) ?? { parts: [], longest: new Map(), size: 0, total: null };
    this.#packets.set(key, packet);
    if (!more) packet.total ??= offset + bytes.length;
    if ((packet.longest.get(offset) ?? 0) >= bytes.length) return undefined;
    packet.longest.set(offset, bytes.length);
    // A copy: the frame's buffer is used again.
    packet.parts.push({ offset, bytes: Buffer.from(bytes) });
    packet.size += bytes.length;
    this.#bytes += bytes.length;
    const whole = packet.total === null || packet.size < packet.total ? undefined : join(packet, packet.total);
    if (whole !== undefined) this.#forget(key, packet);
    for (const [oldest, parts] of this.#packets) {
      if (this.#packets.size <= bounds.packets && this.#bytes <= bounds.bytes) break;
      this.#forget(oldest, parts);
    }
    return whole;
  }

  #forget(key: string, packet: Parts): void {
    this.#packets.delete(key);
    this.#bytes -= packet.size;
  }
}

function join({ parts }: Parts, total: number): Buffer | undefined {
  const sorted = [...parts].sort((one, other) => one.offset - other.offset);
  const whole = Buffer.alloc(total);
  let next = 0;
  for (const { offset, bytes } of sorted) {
    if (next >= total) break;
    if (offset > next) return undefined;
    if (offset + bytes.length <= next) continue;
    bytes.copy(whole, next, next - offset, Math.min(bytes.length, total - offset));
    next = offset + bytes.length;
  }
  return next >= total ? whole : undefined;
}
