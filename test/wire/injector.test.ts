import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  crc16,
  decodeInjectorMessage,
  encodeInjectorMessage,
  injectorBody,
  injectorProtocol,
  injectorSysexId,
  isBoardMessage,
  packSysex,
} from '../../src/wire/injector.js';
import {
  describeResetCause,
  type FieldKind,
  type InjectorFields,
  type InjectorMessageName,
  injectorMessages,
} from '../../src/wire/injector-messages.js';

const positions = fc.array(fc.constantFrom('0', '1'), { minLength: 33, maxLength: 33 }).map((marks) => marks.join(''));
const u = (bytes: number) => fc.integer({ min: 0, max: 2 ** (8 * bytes) - 1 });
const anyOfKind: Readonly<Record<FieldKind, fc.Arbitrary<unknown>>> = {
  u8: u(1),
  u16: u(2),
  u32: u(4),
  positions,
  text8: fc
    .array(fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'), { minLength: 0, maxLength: 8 })
    .map((characters) => characters.join('')),
  counted16: fc.array(u(2), { maxLength: 20 }),
  rest16: fc.array(u(2), { maxLength: 24 }),
};
const names = Object.keys(injectorMessages) as InjectorMessageName[];

describe('the board codec', () => {
  it('has the CRC that the world calls CCITT-FALSE', () => {
    expect(crc16(new TextEncoder().encode('123456789'))).toBe(0x29b1);
    expect(crc16(new Uint8Array())).toBe(0xffff);
  });

  it('writes a heartbeat as these bytes', () => {
    // type 04, seq 81, counter 0180, CRC over 04 81 80 01, little-endian; each byte as low seven bits, then the top bit.
    const crc = crc16(Uint8Array.of(0x04, 0x81, 0x80, 0x01));
    expect([...encodeInjectorMessage('HEARTBEAT', 0x81, { counter: 0x0180 })]).toEqual([
      0x04,
      0,
      0x01,
      1,
      0x00,
      1,
      0x01,
      0,
      crc & 0x7f,
      (crc >> 7) & 1,
      (crc >> 8) & 0x7f,
      crc >> 15,
    ]);
    expect(injectorSysexId).toBe(0x0c);
    expect(injectorProtocol).toBe(3);
  });

  it.each(names)('brings back %s as it was', (name) => {
    const fields = Object.fromEntries(injectorMessages[name].fields.map(([field, kind]) => [field, anyOfKind[kind]]));
    fc.assert(
      fc.property(u(1), fc.record(fields), (seq, values) => {
        const content = encodeInjectorMessage(name, seq, values as unknown as InjectorFields<typeof name>);
        expect(content.every((byte) => byte < 0x80)).toBe(true);
        expect(decodeInjectorMessage(content)).toEqual({ name, seq, fields: values });
      }),
      { numRuns: 50 },
    );
  });

  it('keeps the bytes of a type it does not know', () => {
    const content = packSysex(injectorBody(0x55, 3, Uint8Array.of(9, 8, 7)));
    expect(decodeInjectorMessage(content)).toEqual({
      name: 'unknown',
      seq: 3,
      type: 0x55,
      payload: Uint8Array.of(9, 8, 7),
    });
  });

  const off = encodeInjectorMessage('OFF', 5, {});
  it.each([
    {
      what: 'a wrong CRC',
      content: off.map((byte, index) => (index === 4 ? byte ^ 1 : byte)),
      reason: 'wrong CRC',
      offset: 4,
    },
    { what: 'an odd number of bytes', content: off.subarray(0, -1), reason: 'odd number of bytes', offset: 6 },
    { what: 'no bytes', content: new Uint8Array(), reason: 'shorter than type, seq and CRC', offset: 0 },
    {
      what: 'a byte too many',
      content: packSysex(injectorBody(3, 5, Uint8Array.of(1))),
      reason: 'OFF is too long',
      offset: 4,
    },
    {
      what: 'a byte too few',
      content: packSysex(injectorBody(4, 5, Uint8Array.of(1))),
      reason: 'HEARTBEAT is too short',
      offset: 4,
    },
    {
      what: 'a count that promises more',
      content: packSysex(injectorBody(0x4b, 5, Uint8Array.of(0, 0, 0, 0, 10, 200, 1, 0))),
      reason: 'SAMPLES is too short',
      offset: 20,
    },
    { what: 'bytes not packed', content: Uint8Array.of(1, 2, 0, 0), reason: 'not 7-bit packed', offset: 0 },
    { what: 'more than 64 bytes', content: new Uint8Array(130), reason: 'longer than 64 bytes', offset: 128 },
  ])('names $what, with its place', ({ content, reason, offset }) => {
    expect(decodeInjectorMessage(content)).toMatchObject({ name: 'malformed', malformed: { reason, offset } });
  });

  it('says of a broken message what it would have answered', () => {
    const broken = off.map((byte, index) => (index === 4 ? byte ^ 1 : byte));
    expect(decodeInjectorMessage(broken)).toMatchObject({ type: 3, seq: 5 });
  });

  it('never throws, whatever it reads', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
        decodeInjectorMessage(content);
        decodeInjectorMessage(packSysex(content));
        if (content.length <= 60) decodeInjectorMessage(packSysex(injectorBody(content[0] ?? 0, 0, content)));
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses to write what does not fit', () => {
    expect(() => encodeInjectorMessage('LINK', 0, { up: 256 })).toThrow(RangeError);
    expect(() => encodeInjectorMessage('HEARTBEAT', 0, { counter: -1 })).toThrow(RangeError);
    expect(() => encodeInjectorMessage('TRACE', 0, { offset: 0, milliamps: Array<number>(40).fill(0) })).toThrow(
      RangeError,
    );
  });

  it('knows who sends what, and what a reset came from', () => {
    expect(isBoardMessage('TICK')).toBe(true);
    expect(isBoardMessage('OFF')).toBe(false);
    expect(new Set(names.map((name) => injectorMessages[name].type)).size).toBe(names.length);
    expect(describeResetCause(0x09)).toBe('power-on+watchdog');
    expect(describeResetCause(0)).toBe('none');
  });
});
