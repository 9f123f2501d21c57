/** Classic pcap files as test input, by the format's own rules. */
export interface FileFrame {
  readonly bytes: Uint8Array;
  readonly timestampUs: number;
  readonly originalLength?: number | undefined;
}

export function classicFile(linkType: number, frames: readonly FileFrame[]): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(262144, 16);
  head.writeUInt32LE(linkType, 20);
  const records = frames.flatMap(({ bytes, timestampUs, originalLength }) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(Math.floor(timestampUs / 1e6), 0);
    record.writeUInt32LE(Math.round(timestampUs % 1e6), 4);
    record.writeUInt32LE(bytes.length, 8);
    record.writeUInt32LE(originalLength ?? bytes.length, 12);
    return [record, bytes];
  });
  return Buffer.concat([head, ...records]);
}
