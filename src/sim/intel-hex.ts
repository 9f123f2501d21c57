/** Intel hex: `:LLAAAATT<data>CC`; record types 00 (data) and 01 (end) are what a 32 KiB chip needs. */
const dataRecord = 0x00;
const endRecord = 0x01;

/** The image, `size` bytes, unused ones 0xFF as erased flash. Throws on anything that is not a sound hex file. */
export const readIntelHex = (text: string, size: number): Uint8Array => {
  const image = new Uint8Array(size).fill(0xff);
  let ended = false;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '') continue;
    const wrong = (reason: string): Error => new Error(`hex file, line ${index + 1}: ${reason}`);
    if (ended) throw wrong('data after the end record');
    if (!/^:([0-9A-Fa-f]{2}){5,}$/.test(line)) throw wrong('not a record');
    const bytes = Uint8Array.from(line.slice(1).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    if ((bytes.reduce((sum, byte) => sum + byte, 0) & 0xff) !== 0) throw wrong('wrong checksum');
    const [length = 0, high = 0, low = 0, type] = bytes;
    if (bytes.length !== length + 5) throw wrong('wrong length');
    if (type === endRecord) ended = true;
    else if (type !== dataRecord) throw wrong(`record type ${type} is not known here`);
    else {
      const address = high * 256 + low;
      if (address + length > size) throw wrong('address outside the flash');
      image.set(bytes.subarray(4, 4 + length), address);
    }
  }
  if (!ended) throw new Error('hex file: no end record');
  return image;
};
