import { describe, expect, it } from 'vitest';
import { decodeSccp, encodeSccp, SccpFramer, sccpMessageName, sccpMessages } from '../../src/wire/sccp.js';
import { sccpLayouts } from '../../src/wire/sccp.table.js';
import { fromHex, toHex } from './hex.js';
import { survives } from './hostile.js';

type Fields = Readonly<Record<string, string | number>>;

/** A text as it stands in a field of `size` bytes. */
const padded = (text: string, size: number): string =>
  Buffer.from(text, 'latin1')
    .toString('hex')
    .padEnd(2 * size, '0');
const filled = (byte: string, count: number): string => byte.repeat(count);

/** Our own vectors, dissected cleanly by tshark 4.0.17; sizes and orders as real CallManagers send them. */
const vectors: readonly { name: string; message: string; hex: string; fields: Fields; given?: Fields }[] = [
  { name: 'KeepAlive', message: 'KeepAlive', hex: '04000000 00000000 00000000', fields: {} },
  { name: 'KeepAliveAck', message: 'KeepAliveAck', hex: '04000000 00000000 00010000', fields: {} },
  { name: 'CapabilitiesReq', message: 'CapabilitiesReq', hex: '04000000 00000000 9b000000', fields: {} },
  {
    name: 'the RegisterAck of a later CallManager, 20 bytes',
    message: 'RegisterAck',
    hex: '18000000 00000000 81000000 1e000000 442f4d2f59410000 3c000000 0b20f1ff',
    given: { keepaliveSeconds: 30, dateTemplate: 'D/M/YA', secondaryKeepaliveSeconds: 60, protocolVersion: 11 },
    fields: {
      keepaliveSeconds: 30,
      dateTemplate: 'D/M/YA',
      secondaryKeepaliveSeconds: 60,
      protocolVersion: 11,
      features: '20f1ff',
    },
  },
  {
    name: 'the RegisterAck of CallManager 2.x, 12 bytes',
    message: 'RegisterAck',
    hex: '10000000 00000000 81000000 1e000000 4d2f442f5941 0000',
    fields: { keepaliveSeconds: 30, dateTemplate: 'M/D/YA' },
  },
  { name: 'Reset, restart', message: 'Reset', hex: '08000000 00000000 9f000000 02000000', fields: { type: 2 } },
  {
    name: 'RegisterReject',
    message: 'RegisterReject',
    hex: `24000000 00000000 9d000000 ${padded('Bench: not allowed', 32)}`,
    fields: { text: 'Bench: not allowed' },
  },
  {
    name: 'DefineTimeDate, Sunday counted as 0',
    message: 'DefineTimeDate',
    hex: `28000000 00000000 94000000 ea070000 06000000 04000000 04000000 0b000000 25000000 11000000 00000000 6d63216a`,
    fields: {
      year: 2026,
      month: 6,
      dayOfWeek: 4,
      day: 4,
      hour: 11,
      minute: 37,
      second: 17,
      millisecond: 0,
      unixTime: 1780573037,
    },
  },
  {
    name: 'ButtonTemplate, 42 slots, unused ones 00ff',
    message: 'ButtonTemplate',
    hex: `64000000 00000000 97000000 00000000 02000000 02000000 0109 0102 ${filled('00ff', 40)}`,
    given: { buttons: '1:9,1:2' },
    fields: { offset: 0, count: 2, total: 2, buttons: '1:9,1:2' },
  },
  {
    name: 'SoftKeyTemplateRes, 32 slots',
    message: 'SoftKeyTemplateRes',
    hex: `90020000 00000000 08010000 00000000 02000000 02000000 ${padded('Redial', 16)} 01000000
      ${padded('NewCall', 16)} 02000000 ${filled('00', 30 * 20)}`,
    given: { softKeys: 'Redial:1,NewCall:2' },
    fields: { offset: 0, count: 2, total: 2, softKeys: 'Redial:1,NewCall:2' },
  },
  {
    name: 'SoftKeySetRes, 16 sets of 16 keys, info 300 above the key',
    message: 'SoftKeySetRes',
    hex: `10030000 00000000 09010000 00000000 02000000 02000000
      0102 ${filled('00', 14)} 2d01 2e01 ${filled('00', 28)} 05 ${filled('00', 15)} 3101 ${filled('00', 30)} ${filled('00', 14 * 48)}`,
    given: { sets: '1 2,5' },
    fields: { offset: 0, count: 2, total: 2, sets: '1 2,5' },
  },
  {
    name: 'CapabilitiesRes, 18 slots',
    message: 'CapabilitiesRes',
    hex: `28010000 00000000 10000000 02000000 04000000 28000000 ${filled('00', 8)} 0b000000 3c000000 ${filled('00', 8)}
      ${filled('00', 16 * 16)}`,
    given: { capabilities: '4:40,11:60' },
    fields: { count: 2, capabilities: '4:40,11:60' },
  },
  {
    name: 'LineStat, 112 bytes',
    message: 'LineStat',
    hex: `74000000 00000000 92000000 01000000 ${padded('1001', 24)} ${padded('Bench', 40)} ${padded('Line 1', 40)} 0f000000`,
    given: { line: 1, directoryNumber: '1001', name: 'Bench', label: 'Line 1' },
    fields: { line: 1, directoryNumber: '1001', name: 'Bench', label: 'Line 1', displayOptions: 15 },
  },
  {
    name: 'LineStatDynamic',
    message: 'LineStatDynamic',
    hex: '14000000 00000000 47010000 01000000 0f000000 3100 4200 4300 0000',
    given: { line: 1, directoryNumber: '1', name: 'B', label: 'C' },
    fields: { line: 1, displayOptions: 15, directoryNumber: '1', name: 'B', label: 'C' },
  },
  {
    name: 'ConfigStat, 112 bytes',
    message: 'ConfigStat',
    hex: `74000000 00000000 93000000 ${padded('SEP001122334455', 16)} 00000000 01000000 ${padded('', 40)} ${padded('bench', 40)}
      01000000 02000000`,
    given: { deviceName: 'SEP001122334455', serverName: 'bench', speedDials: 2 },
    fields: {
      deviceName: 'SEP001122334455',
      userId: 0,
      instance: 1,
      userName: '',
      serverName: 'bench',
      lines: 1,
      speedDials: 2,
    },
  },
  {
    name: 'an empty Version, as CUCM answers',
    message: 'Version',
    hex: `14000000 00000000 98000000 ${padded('', 16)}`,
    fields: { version: '' },
  },
  {
    name: 'SelectSoftKeys at idle',
    message: 'SelectSoftKeys',
    hex: '14000000 00000000 10010000 00000000 00000000 00000000 ffffffff',
    given: {},
    fields: { line: 0, callReference: 0, set: 0, validKeys: 0xffffffff },
  },
  {
    name: 'DisplayPromptStatus',
    message: 'DisplayPromptStatus',
    hex: `30000000 00000000 12010000 00000000 ${padded('Your current options', 32)} 00000000 00000000`,
    given: { text: 'Your current options' },
    fields: { timeoutSeconds: 0, text: 'Your current options', line: 0, callReference: 0 },
  },
  {
    name: 'SpeedDialStat',
    message: 'SpeedDialStat',
    hex: `48000000 00000000 91000000 02000000 ${padded('1002', 24)} ${padded('Two', 40)}`,
    fields: { number: 2, directoryNumber: '1002', name: 'Two' },
  },
  {
    name: 'UnregisterAck',
    message: 'UnregisterAck',
    hex: '08000000 00000000 18010000 00000000',
    fields: { status: 0 },
  },
  {
    name: 'RegisterTokenReject',
    message: 'RegisterTokenReject',
    hex: '08000000 00000000 1b010000 3c000000',
    given: {},
    fields: { waitSeconds: 60 },
  },
  { name: 'IpPort', message: 'IpPort', hex: '08000000 00000000 02000000 00400000', fields: { port: 16384 } },
  { name: 'LineStatReq', message: 'LineStatReq', hex: '08000000 00000000 0b000000 03000000', fields: { line: 3 } },
  { name: 'Unregister without a reason', message: 'Unregister', hex: '04000000 00000000 27000000', fields: {} },
  {
    name: 'Unregister with one',
    message: 'Unregister',
    hex: '08000000 00000000 27000000 01000000',
    fields: { reason: 1 },
  },
  {
    name: 'Alarm',
    message: 'Alarm',
    hex: `60000000 00000000 20000000 02000000 ${padded('Name=SEP001122334455 Last=Reset-Reset', 80)} 01000000 00000000`,
    fields: { severity: 2, text: 'Name=SEP001122334455 Last=Reset-Reset', param1: 1, param2: 0 },
  },
];

const registerHead = `${padded('SEP001122334455', 16)} 00000000 01000000 0a000005 07000000 05000000 00000000 0b 00 6085`;
const registerFields = {
  deviceName: 'SEP001122334455',
  userId: 0,
  instance: 1,
  stationAddress: '10.0.0.5',
  deviceType: 7,
  maxStreams: 5,
  activeStreams: 0,
  protocolVersion: 11,
  features: 0x8560,
};
const register = (payloadSize: number, tail: string): Uint8Array => {
  const length = toHex(Uint8Array.of(payloadSize + 4));
  return fromHex(`${length}000000 00000000 01000000 ${registerHead} ${tail}`);
};
const garbage = '52494e47';

describe('SCCP', () => {
  it.each(vectors)('reads and writes $name', ({ message, hex, fields, given }) => {
    const bytes = fromHex(hex);
    const read = decodeSccp(bytes);
    expect(read).toEqual({
      length: bytes.length - 8,
      headerVersion: 0,
      messageId: sccpMessages[message],
      messageName: message,
      fields,
      payload: bytes.slice(12),
    });
    expect(toHex(encodeSccp(message, given ?? fields))).toBe(toHex(bytes));
    expect(toHex(encodeSccp(message, read.fields))).toBe(toHex(bytes));
  });

  it.each([
    { name: 'the 44 bytes of a 7936', bytes: register(44, ''), more: {} },
    {
      name: 'the 68 bytes of a 7960, left-over memory where the MAC should be',
      bytes: register(68, `00000000 00000000 ${garbage}0000 000000000000 00000000`),
      more: { maxConferences: 0, activeConferences: 0, mac: `${garbage}0000`, addressScope: 0 },
    },
    {
      name: 'the 124 bytes of a 7941 with its load',
      bytes: register(124, `${filled('00', 8)} ${filled('00', 40)} ${padded('SCCP41.8-5-3S', 32)}`),
      more: {
        maxConferences: 0,
        activeConferences: 0,
        mac: '000000000000',
        addressScope: 0,
        maxLines: 0,
        ipv6Scope: 0,
        loadName: 'SCCP41.8-5-3S',
      },
    },
  ])('reads $name of a Register', ({ bytes, more }) => {
    const message = decodeSccp(bytes);
    expect(message.malformed).toBeUndefined();
    expect(message.fields).toEqual({ ...registerFields, ...more });
  });

  it('writes a Register of 68 bytes, 124 with a load, 172 with a configuration version', () => {
    const { deviceName, stationAddress } = registerFields;
    const sizes = [{}, { loadName: 'P0030801SR02' }, { configVersion: 'x' }].map(
      (more) => encodeSccp('Register', { deviceName, stationAddress, ...more }).length - 12,
    );
    expect(sizes).toEqual([68, 124, 172]);
    expect(toHex(encodeSccp('Register', registerFields))).toBe(toHex(register(68, filled('00', 24))));
  });

  it.each([
    { size: 28, fields: { line: 1, directoryNumber: '1001' } },
    { size: 68, fields: { line: 1, directoryNumber: '1001', name: 'Bench' } },
    { size: 108, fields: { line: 1, directoryNumber: '1001', name: 'Bench', label: 'Line 1' } },
  ])('reads the LineStat of $size bytes that an older CallManager sends', ({ size, fields }) => {
    const long = encodeSccp('LineStat', { line: 1, directoryNumber: '1001', name: 'Bench', label: 'Line 1' });
    const message = decodeSccp(Uint8Array.of(size + 4, ...long.slice(1, 12 + size)));
    expect(message.malformed).toBeUndefined();
    expect(message.fields).toEqual(fields);
  });

  it('reads a DefineTimeDate without its ninth word and a reject text of 36 bytes', () => {
    const time = encodeSccp('DefineTimeDate', { year: 2026, unixTime: 1 });
    const short = decodeSccp(Uint8Array.of(36, ...time.slice(1, 44)));
    expect(short.malformed).toBeUndefined();
    expect(short.fields).toMatchObject({ year: 2026, millisecond: 0 });
    expect(short.fields).not.toHaveProperty('unixTime');
    expect(decodeSccp(fromHex(`28000000 00000000 9d000000 ${padded('a'.repeat(33), 36)}`)).fields).toEqual({
      text: 'a'.repeat(33),
    });
  });

  it('tells no more slots than the table has, whatever the count says', () => {
    const entries = Array.from({ length: 56 }, (_, index) => `${toHex(Uint8Array.of(index + 1))}09`).join('');
    const message = decodeSccp(fromHex(`80000000 00000000 97000000 00000000 38000000 38000000 ${entries}`));
    expect(message.malformed).toBeUndefined();
    expect(String(message.fields.buttons).split(',')).toHaveLength(42);
    expect(message.fields.count).toBe(56);
  });

  it.each([
    [3, '000000'],
    [4, '20f1fe'],
    [10, '20f1fe'],
    [11, '20f1ff'],
    [22, '20f1ff'],
  ])('acknowledges protocol %i with feature bytes %s', (protocolVersion, features) => {
    expect(decodeSccp(encodeSccp('RegisterAck', { protocolVersion })).fields.features).toBe(features);
  });

  it('names what it knows and says unknown of the rest', () => {
    expect(sccpMessageName(0x0081)).toBe('RegisterAck');
    expect(sccpMessageName(0xffff)).toBe('unknown');
    const ids = Object.values(sccpMessages);
    expect(new Set(ids).size).toBe(ids.length);
    const message = decodeSccp(fromHex('06000000 14000000 ff3f0000 0102'));
    expect(message).toMatchObject({ headerVersion: 20, messageId: 0x3fff, messageName: 'unknown', fields: {} });
    expect(message.payload).toEqual(fromHex('0102'));
  });

  it('puts the header version where asked and pads to four bytes', () => {
    expect(toHex(encodeSccp('KeepAlive', {}, 20))).toBe('040000001400000000000000');
    expect(encodeSccp('LineStatDynamic', { directoryNumber: '12345' }).length % 4).toBe(0);
  });

  it('has a layout under a known name only, and refuses to write what has none', () => {
    for (const name of Object.keys(sccpLayouts)) expect(sccpMessages, name).toHaveProperty(name);
    expect(() => encodeSccp('CallState')).toThrow(/no encoder for the SCCP message CallState/);
  });

  it('reads back every message it can write, with no field given', () => {
    for (const name of Object.keys(sccpLayouts)) {
      const message = decodeSccp(encodeSccp(name));
      expect(message.malformed, name).toBeUndefined();
      expect(toHex(encodeSccp(name, message.fields)), name).toBe(toHex(encodeSccp(name)));
    }
  });

  it.each([
    { name: 'a length of 3', hex: '03000000 00000000 00000000', offset: 8 },
    { name: 'half a header', hex: '04000000 0000', offset: 4 },
    { name: 'no message id', hex: '04000000 00000000 0000', offset: 8 },
    { name: 'a payload cut short', hex: '08000000 00000000 9f000000 0100', offset: 12 },
    { name: 'a payload shorter than the message ever was', hex: '06000000 00000000 9f000000 0100', offset: 12 },
    {
      name: 'a button count without buttons',
      hex: '10000000 00000000 97000000 00000000 01000000 01000000',
      offset: 24,
    },
  ])('tells $name as malformed', ({ hex, offset }) => {
    expect(decodeSccp(fromHex(hex)).malformed?.offset).toBe(offset);
  });

  it('keeps what a cut payload did hold', () => {
    const message = decodeSccp(encodeSccp('LineStat', { line: 4, directoryNumber: '1001' }).slice(0, 60));
    expect(message.fields).toMatchObject({ line: 4, directoryNumber: '1001' });
    expect(message.malformed?.reason).toMatch(/64 bytes of the payload are missing/);
  });

  it.each(vectors)('survives every prefix and any corruption of $name', ({ hex }) => {
    survives(decodeSccp, fromHex(hex));
  });
});

describe('the SCCP framer', () => {
  const stream = Buffer.concat([
    encodeSccp('RegisterAck', { protocolVersion: 11 }),
    encodeSccp('CapabilitiesReq'),
    encodeSccp('LineStat', { directoryNumber: '1001' }),
    encodeSccp('KeepAliveAck'),
  ]);
  const names = ['RegisterAck', 'CapabilitiesReq', 'LineStat', 'KeepAliveAck'];

  it('cuts several messages out of one chunk', () => {
    const framer = new SccpFramer();
    expect(framer.push(stream).map(({ messageName }) => messageName)).toEqual(names);
    expect(framer.buffered).toBe(0);
  });

  it('puts messages together again wherever the stream was split', () => {
    for (let at = 0; at <= stream.length; at++) {
      const framer = new SccpFramer();
      const messages = [...framer.push(stream.subarray(0, at)), ...framer.push(stream.subarray(at))];
      expect(messages.map(({ messageName }) => messageName)).toEqual(names);
    }
    const byteByByte = new SccpFramer();
    expect([...stream].flatMap((byte) => byteByByte.push(Uint8Array.of(byte))).length).toBe(names.length);
  });

  it('does not change a message it gave when its caller uses the chunk again', () => {
    const chunk = Buffer.from(stream);
    const [message] = new SccpFramer().push(chunk);
    chunk.fill(0xee);
    expect(message?.payload[0]).toBe(30);
  });

  it.each([
    { name: 'too short to hold a message id', length: '03000000' },
    { name: 'longer than any message', length: '01200000' },
    { name: 'absurd', length: 'ffffffff' },
  ])('reports a length that is $name once, drops the rest and holds nothing', ({ length }) => {
    const framer = new SccpFramer();
    const messages = framer.push(Buffer.concat([encodeSccp('KeepAlive'), fromHex(length)]));
    expect(messages.map(({ messageName }) => messageName)).toEqual(['KeepAlive', 'unknown']);
    expect(messages.map(({ malformed }) => malformed === undefined)).toEqual([true, false]);
    expect(framer.lost).toBe(true);
    expect(framer.push(encodeSccp('KeepAlive'))).toEqual([]);
    expect(framer.buffered).toBe(0);
  });

  it('goes on with the next chunk for an observer', () => {
    const cut = encodeSccp('LineStat', { directoryNumber: '1001' }).slice(0, -4);
    const strange = fromHex('0b000000 01310100 00000000');
    const framer = new SccpFramer({ resume: true });
    const told = [cut, encodeSccp('ButtonTemplate'), encodeSccp('KeepAlive'), strange, encodeSccp('KeepAliveAck')]
      .flatMap((chunk) => framer.push(chunk))
      .map(({ messageName, malformed }) => (malformed ? 'malformed' : messageName));
    expect(told).toEqual(['LineStat', 'malformed', 'KeepAlive', 'malformed', 'KeepAliveAck']);
    expect(framer.lost).toBe(false);
    const party = new SccpFramer();
    expect(
      [cut, encodeSccp('ButtonTemplate'), encodeSccp('KeepAlive')].flatMap((chunk) => party.push(chunk)),
    ).toHaveLength(2);
    expect(party.lost).toBe(true);
  });

  it('never holds more than 8 KiB, however slowly the bytes come', () => {
    const framer = new SccpFramer();
    framer.push(fromHex('f81f0000'));
    for (let sent = 4; sent < 8192 - 1; sent++) framer.push(Uint8Array.of(0));
    expect(framer.buffered).toBe(8191);
    expect(framer.push(Uint8Array.of(0))).toHaveLength(1);
    expect(framer.buffered).toBe(0);
  });

  it('survives any corruption of a stream', () => {
    survives((bytes) => {
      const framer = new SccpFramer();
      for (let at = 0; at < bytes.length; at += 11) framer.push(bytes.subarray(at, at + 11));
      if (framer.buffered > 8192) throw new Error(`holds ${framer.buffered} bytes`);
    }, stream);
  });
});
