import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, malformedOf, readOrUndefined } from '../../src/wire/cursor.js';
import { fromHex, toHex } from './hex.js';

describe('the cursor', () => {
  it('reads numbers in both byte orders', () => {
    const bytes = fromHex('01 0203 040506 0708090a');
    const big = new ByteReader(bytes);
    expect([big.u8(''), big.u16(''), big.u24(''), big.u32('')]).toEqual([0x01, 0x0203, 0x040506, 0x0708090a]);
    const little = new ByteReader(bytes, { littleEndian: true });
    expect([little.u8(''), little.u16(''), little.u24(''), little.u32('')]).toEqual([1, 0x0302, 0x060504, 0x0a090807]);
  });

  it('refuses a read past the end and says where, what and how much was left', () => {
    const reader = new ByteReader(fromHex('0102 03'), { base: 10 });
    const malformed = malformedOf(() => {
      reader.u16('first');
      reader.u32('second');
    });
    expect(malformed).toEqual({ offset: 12, reason: 'second needs 4 bytes, 1 are left' });
    expect(readOrUndefined(() => reader.u32('second'))).toBeUndefined();
    expect(reader.u8('third')).toBe(3);
  });

  it('lets errors that are not about bytes pass', () => {
    const fault = () => {
      throw new TypeError('ours');
    };
    expect(() => malformedOf(fault)).toThrow(TypeError);
    expect(() => readOrUndefined(fault)).toThrow(TypeError);
  });

  it('counts offsets of a part from the whole message', () => {
    const reader = new ByteReader(fromHex('00 01 02 03'));
    reader.skip(1, '');
    const part = reader.part(2, 'part');
    part.skip(1, '');
    expect(part.offset).toBe(2);
    expect(malformedOf(() => part.u16('number'))?.offset).toBe(2);
    expect(reader.remaining).toBe(1);
  });

  it('reads texts of fixed size up to their NUL, and open ones only with one', () => {
    const reader = new ByteReader(fromHex('6100ff 6200 63'));
    expect(reader.paddedText(3, '')).toBe('a');
    expect(reader.nulText('')).toBe('b');
    expect(malformedOf(() => reader.nulText('name'))).toEqual({ offset: 5, reason: 'name has no NUL at its end' });
  });

  it('hands out plain bytes even when it was given a Buffer', () => {
    const bytes = new ByteReader(Buffer.from('0102', 'hex')).rest();
    expect(Buffer.isBuffer(bytes)).toBe(false);
    expect(bytes).toEqual(Uint8Array.of(1, 2));
  });

  it('writes what it reads, growing as needed', () => {
    const writer = new ByteWriter({ littleEndian: true }).u8(1).u16(2).u24(0x030405).u32(6);
    expect(toHex(writer.finish())).toBe('01020005040306000000');
    const long = new ByteWriter().bytes(new Uint8Array(5000).fill(7)).u16(8);
    expect(long.finish().length).toBe(5002);
    expect(long.finish().at(4999)).toBe(7);
  });

  it('pads, cuts and fills', () => {
    const writer = new ByteWriter().paddedText('abc', 2).paddedText('d', 3).padToMultiple(4).padTo(10);
    expect(toHex(writer.finish())).toBe('61626400000000000000');
  });
});
