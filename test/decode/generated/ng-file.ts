/** pcapng of frames of any link types: one interface a link type. */
import { joined, type MadeFrame } from './made.js';

const le16 = (value: number): Buffer => Buffer.from([value & 0xff, value >>> 8]);
const le32 = (value: number): Buffer => joined(le16(value & 0xffff), le16(value >>> 16));

const block = (type: number, body: Buffer): Buffer => {
  const whole = joined(body, Buffer.alloc((4 - (body.length % 4)) % 4));
  return joined(le32(type), le32(whole.length + 12), whole, le32(whole.length + 12));
};

export function ngFile(frames: readonly MadeFrame[]): Buffer {
  const linkTypes = [...new Set(frames.map(({ linkType = 1 }) => linkType))];
  const section = block(0x0a0d0d0a, joined(le32(0x1a2b3c4d), le16(1), le16(0), Buffer.alloc(8, 0xff)));
  const interfaces = linkTypes.map((linkType) => block(1, joined(le16(linkType), le16(0), le32(0))));
  const packets = frames.map(({ bytes, linkType = 1, missing = 0 }, index) => {
    const stamp = 1_700_000_000_000_000n + BigInt(index) * 1000n;
    const head = joined(
      le32(linkTypes.indexOf(linkType)),
      le32(Number(stamp >> 32n)),
      le32(Number(stamp & 0xffffffffn)),
    );
    return block(6, joined(head, le32(bytes.length), le32(bytes.length + missing), bytes));
  });
  return Buffer.concat([section, ...interfaces, ...packets]);
}
