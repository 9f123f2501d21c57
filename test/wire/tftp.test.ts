import { describe, expect, it } from 'vitest';
import { decodeTftp, encodeTftp, type TftpPacket, tftpErrors } from '../../src/wire/tftp.js';
import { fromHex, toHex } from './hex.js';
import { survives } from './hostile.js';

/** Formats: RFC 1350 section 5, RFC 2347. The first is what a 7940 sends: octet, no options. */
const vectors: readonly { name: string; hex: string; packet: TftpPacket }[] = [
  {
    name: 'a read request without options',
    hex: '0001 4354 4c 00 6f63746574 00',
    packet: { opcode: 'RRQ', fileName: 'CTL', mode: 'octet', options: {} },
  },
  {
    name: 'a read request with options',
    hex: '0001 41 00 6f63746574 00 626c6b73697a65 00 31343638 00 7473697a65 00 30 00',
    packet: { opcode: 'RRQ', fileName: 'A', mode: 'octet', options: { blksize: '1468', tsize: '0' } },
  },
  {
    name: 'a write request',
    hex: '0002 41 00 6e65746173636969 00',
    packet: { opcode: 'WRQ', fileName: 'A', mode: 'netascii', options: {} },
  },
  { name: 'data', hex: '0003 ffff 0102', packet: { opcode: 'DATA', block: 0xffff, data: fromHex('0102') } },
  { name: 'the empty last block', hex: '0003 0002', packet: { opcode: 'DATA', block: 2, data: fromHex('') } },
  { name: 'an acknowledgement', hex: '0004 0000', packet: { opcode: 'ACK', block: 0 } },
  {
    name: 'a refusal',
    hex: '0005 0001 6e6f 00',
    packet: { opcode: 'ERROR', errorCode: tftpErrors.fileNotFound, errorMessage: 'no' },
  },
  {
    name: 'an option acknowledgement',
    hex: '0006 626c6b73697a65 00 38 00',
    packet: { opcode: 'OACK', options: { blksize: '8' } },
  },
];

describe('TFTP', () => {
  it.each(vectors)('reads and writes $name', ({ hex, packet }) => {
    expect(decodeTftp(fromHex(hex))).toEqual(packet);
    expect(toHex(encodeTftp(packet))).toBe(toHex(fromHex(hex)));
  });

  it('writes option names in lower case, whatever was asked', () => {
    expect(decodeTftp(fromHex('0006 424c4b 00 38 00'))).toEqual({ opcode: 'OACK', options: { blk: '8' } });
  });

  it('keeps an option named like a property of every object', () => {
    const options = Object.fromEntries([['__proto__', '1']]);
    const packet = decodeTftp(encodeTftp({ opcode: 'OACK', options }));
    expect(packet?.opcode === 'OACK' && Object.entries(packet.options)).toEqual([['__proto__', '1']]);
  });

  it.each([
    { name: 'a file name without its NUL', hex: '0001 4142', left: { fileName: '' }, offset: 2 },
    { name: 'a mode without its NUL', hex: '0001 41 00 6f', left: { fileName: 'A', mode: '' }, offset: 4 },
    {
      name: 'an option without a value',
      hex: '0001 41 00 6f 00 61 00 62 00 63 00',
      left: { fileName: 'A', mode: 'o', options: { a: 'b' } },
      offset: 12,
    },
    { name: 'data without a whole block number', hex: '0003 01', left: { block: 0 }, offset: 2 },
    { name: 'an acknowledgement without one', hex: '0004', left: { block: 0 }, offset: 2 },
    { name: 'an error without a code', hex: '0005 00', left: { errorCode: 0, errorMessage: '' }, offset: 2 },
  ])('tells $name as malformed', ({ hex, left, offset }) => {
    expect(decodeTftp(fromHex(hex))).toMatchObject({ ...left, malformed: { offset } });
  });

  it('reads an error message whose NUL the server forgot', () => {
    expect(decodeTftp(fromHex('0005 0002 6e6f'))).toEqual({ opcode: 'ERROR', errorCode: 2, errorMessage: 'no' });
  });

  it('knows no other opcodes', () => {
    for (const hex of ['', '00', '0000', '0007', '0100 4100']) expect(decodeTftp(fromHex(hex)), hex).toBeUndefined();
  });

  it.each(vectors)('survives every prefix and any corruption of $name', ({ hex }) => {
    survives(decodeTftp, fromHex(hex));
  });
});
