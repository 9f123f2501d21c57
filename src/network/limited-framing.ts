/**
 * What travels on the Unix socket between the bench and a simulated phone where there is no network namespace:
 * `u8 type, u16 length (big endian), bytes`. Only the phone's end tells its carrier.
 */
export const limitedMessageTypes = { frame: 1, carrierUp: 2, carrierDown: 3 } as const;

export type LimitedMessage =
  | { readonly kind: 'frame'; readonly bytes: Uint8Array }
  | { readonly kind: 'carrier'; readonly up: boolean };

const headerBytes = 3;
const shortestFrame = 14;
/** 1500 bytes of payload, two tags. */
const longestFrame = 1522;

export const isFrameLength = (length: number): boolean => length >= shortestFrame && length <= longestFrame;

const message = (type: number, bytes: Uint8Array): Uint8Array => {
  const out = new Uint8Array(headerBytes + bytes.length);
  out.set([type, bytes.length >> 8, bytes.length & 0xff]);
  out.set(bytes, headerBytes);
  return out;
};

export const encodeLimitedFrame = (frame: Uint8Array): Uint8Array => message(limitedMessageTypes.frame, frame);

export const encodeLimitedCarrier = (up: boolean): Uint8Array =>
  message(up ? limitedMessageTypes.carrierUp : limitedMessageTypes.carrierDown, new Uint8Array(0));

/** Cuts the stream into messages. Holds less than one message (64 KiB) between calls. */
export class LimitedReader {
  #pending: Buffer = Buffer.alloc(0);
  /** Frames shorter or longer than Ethernet's, left out. */
  badFrames = 0;

  /** undefined: an unknown type; nothing after it can be trusted and the connection should end. */
  push(chunk: Uint8Array): readonly LimitedMessage[] | undefined {
    const bytes = Buffer.concat([this.#pending, chunk]);
    const found: LimitedMessage[] = [];
    let at = 0;
    while (at + headerBytes <= bytes.length) {
      const type = bytes.readUInt8(at);
      const end = at + headerBytes + bytes.readUInt16BE(at + 1);
      if (type < limitedMessageTypes.frame || type > limitedMessageTypes.carrierDown) return undefined;
      if (end > bytes.length) break;
      if (type !== limitedMessageTypes.frame) {
        found.push({ kind: 'carrier', up: type === limitedMessageTypes.carrierUp });
      } else if (isFrameLength(end - at - headerBytes)) {
        found.push({ kind: 'frame', bytes: new Uint8Array(bytes.subarray(at + headerBytes, end)) });
      } else {
        this.badFrames += 1;
      }
      at = end;
    }
    this.#pending = Buffer.from(bytes.subarray(at));
    return found;
  }
}
