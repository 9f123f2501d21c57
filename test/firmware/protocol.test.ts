import { describe, expect, it } from 'vitest';
import { crc16, injectorBody, injectorProtocol, injectorSysexId, packSysex } from '../../src/wire/injector.js';
import { injectorRefusals } from '../../src/wire/injector-messages.js';
import { FirmwareBench, usualRequest } from './firmware-bench.js';

const refusalNames = (bench: FirmwareBench): (string | undefined)[] =>
  bench.refusals().map((code) => injectorRefusals[code]);
const sendContent = (bench: FirmwareBench, content: Iterable<number>): void =>
  bench.sendBytes([0xf0, injectorSysexId, ...content, 0xf7]);
const sendBody = (bench: FirmwareBench, body: Uint8Array): void => sendContent(bench, packSysex(body));
const u16 = (value: number): number[] => [value & 0xff, value >> 8];

const offType = 0x03;
const powered = (): FirmwareBench => {
  const bench = new FirmwareBench().powerOn();
  bench.runMs(60);
  return bench;
};

describe("a host's message", () => {
  it('is answered under its type and sequence number', () => {
    const bench = new FirmwareBench().identify();
    const seq = bench.send('LINK', { up: 1 });
    bench.runMs(20);
    expect(bench.last('ACK')).toEqual({ ofType: 5, ofSeq: seq });
  });

  it.each([
    {
      what: 'with a wrong CRC',
      code: 'BAD_CRC',
      content: () => {
        const body = injectorBody(offType, 7, new Uint8Array());
        body[3] = (body[3] ?? 0) ^ 1;
        return packSysex(body);
      },
    },
    {
      what: 'of an unknown type',
      code: 'UNKNOWN_TYPE',
      content: () => packSysex(injectorBody(0x33, 7, new Uint8Array())),
    },
    {
      what: 'of a type of the board',
      code: 'UNKNOWN_TYPE',
      content: () => packSysex(injectorBody(0x42, 7, Uint8Array.of(1, 2))),
    },
    {
      what: 'with a byte too many',
      code: 'BAD_LENGTH',
      content: () => packSysex(injectorBody(offType, 7, Uint8Array.of(0))),
    },
    {
      what: 'with an odd number of packed bytes',
      code: 'BAD_LENGTH',
      content: () => [...packSysex(injectorBody(offType, 7, new Uint8Array())), 1],
    },
    { what: 'too short for a CRC', code: 'BAD_LENGTH', content: () => packSysex(Uint8Array.of(offType, 7, 1)) },
    { what: 'without any byte', code: 'BAD_LENGTH', content: () => [] },
    { what: 'longer than 64 bytes', code: 'BAD_LENGTH', content: () => packSysex(new Uint8Array(65)) },
    { what: 'not packed in 7 bits', code: 'BAD_LENGTH', content: () => [offType, 0, 7, 2, 0, 0, 0, 0] },
  ])('$what is refused as $code and power stays on', ({ code, content }) => {
    const bench = powered();
    sendContent(bench, content());
    bench.runMs(60);
    expect(refusalNames(bench)).toEqual([code]);
    expect(bench.powered).toBe(true);
  });

  it('names what was read in the refusal', () => {
    const bench = new FirmwareBench().identify();
    sendBody(bench, injectorBody(0x33, 0xab, Uint8Array.of(1, 2, 3)));
    bench.runMs(20);
    expect(bench.last('REFUSED')).toEqual({ ofType: 0x33, ofSeq: 0xab, code: 1 });
  });

  it('of the greatest length with a right CRC is read whole', () => {
    const bench = new FirmwareBench().identify();
    sendBody(bench, injectorBody(0x33, 1, new Uint8Array(60).fill(0xff)));
    bench.runMs(60);
    expect(refusalNames(bench)).toEqual(['UNKNOWN_TYPE']);
  });

  it('cut short by another command is forgotten', () => {
    const bench = new FirmwareBench().identify();
    const whole = [0xf0, injectorSysexId, ...packSysex(injectorBody(offType, 9, new Uint8Array()))];
    bench.sendBytes([...whole, 0xf9, 0xf7]);
    bench.runMs(20);
    expect(bench.all('ACK')).toEqual([]);
    expect(refusalNames(bench)).toEqual([]);
  });
});

describe('IDENTIFY', () => {
  it('is answered with who the board is, and opens its mouth', () => {
    const bench = new FirmwareBench();
    bench.runMs(200);
    expect(bench.messages).toEqual([]);
    bench.send('IDENTIFY', { protocol: injectorProtocol });
    bench.runMs(100);
    expect(bench.last('IDENTITY')).toEqual({
      protocol: 3,
      firmwareMajor: 2,
      firmwareMinor: 0,
      revision: 1,
      resetCause: 1,
      serial: 'LP000042',
      calibrated: 1,
      calibrationDays: 9823,
      profileId: 0,
    });
    expect(bench.all('TICK').length).toBeGreaterThan(0);
  });

  it.each([2, 4])('of protocol version %i is refused and changes nothing', (protocol) => {
    const bench = powered();
    bench.send('IDENTIFY', { protocol });
    bench.runMs(50);
    expect(refusalNames(bench)).toEqual(['PROTOCOL_VERSION']);
    expect(bench.powered).toBe(true);
  });
});

describe('TICK', () => {
  it('comes every 50 ms with a counter that grows by one', () => {
    const bench = new FirmwareBench().identify();
    bench.runMs(1000);
    const ticks = bench.all('TICK').map(({ fields }) => fields);
    const unitsPer50Ms = 12_500;
    for (const [index, tick] of ticks.slice(1).entries()) {
      const before = ticks[index] ?? tick;
      expect(tick.counter).toBe(before.counter + 1);
      expect(Math.abs(tick.time - before.time - unitsPer50Ms)).toBeLessThan(100);
    }
    expect(ticks.at(-1)).toMatchObject({ state: 0, flags: 3 });
  });
});

describe('DISCOVER', () => {
  const refusalOf = (prepare: (bench: FirmwareBench) => void, fields: Partial<typeof usualRequest> = {}) => {
    const bench = new FirmwareBench().identify();
    prepare(bench);
    bench.send('DISCOVER', { ...usualRequest, ...fields });
    bench.runMs(60);
    expect(bench.all('ACK')).toEqual([]);
    expect(bench.edges.some(({ drive }) => drive === 'high')).toBe(false);
    return refusalNames(bench);
  };
  const nothing = (): void => {};

  it('before IDENTIFY is refused', () => {
    const bench = new FirmwareBench();
    bench.runMs(20);
    bench.send('DISCOVER', usualRequest);
    bench.runMs(60);
    expect(refusalNames(bench)).toEqual(['NOT_IDENTIFIED']);
  });

  it('without a heartbeat is refused', () => {
    const silent = (bench: FirmwareBench): void => {
      bench.heartbeats = false;
      bench.runMs(600);
    };
    expect(refusalOf(silent)).toEqual(['NO_HEARTBEAT']);
  });

  it('with the e-stop open is refused', () => {
    expect(refusalOf((bench) => bench.machine.setPin('ESTOP_OK', false))).toEqual(['ESTOP']);
  });

  it('while discovering or on is refused as BUSY', () => {
    const bench = new FirmwareBench().identify();
    bench.send('DISCOVER', usualRequest);
    bench.runMs(20);
    bench.send('DISCOVER', usualRequest);
    bench.runMs(500);
    expect(refusalNames(bench)).toEqual(['BUSY']);
    expect(bench.powered).toBe(true);
    bench.send('DISCOVER', usualRequest);
    bench.runMs(60);
    expect(refusalNames(bench)).toEqual(['BUSY', 'BUSY']);
    expect(bench.powered).toBe(true);
  });

  it.each([
    { field: 'flags', values: [4, 0x80] },
    { field: 'method', values: [3, 255] },
    { field: 'pairs', values: [5, 255] },
    { field: 'echoes', values: [0, 2, 9] },
    { field: 'maxBursts', values: [2, 251] },
    { field: 'pulseWidth', values: [4, 255] },
    { field: 'inrushTimerMs', values: [0, 201] },
    { field: 'overloadMilliamps', values: [19, 451] },
    { field: 'overloadMs', values: [0, 201] },
    { field: 'underloadMilliamps', values: [0, 101] },
    { field: 'underloadMs', values: [9, 2001] },
    { field: 'heartbeatTimeoutMs', values: [199, 801] },
    { field: 'linkDeadlineMs', values: [999, 60_001] },
    { field: 'offDwellMs', values: [499, 60_001] },
  ])('with $field out of bounds is refused', ({ field, values }) => {
    for (const value of values) expect(refusalOf(nothing, { [field]: value })).toEqual(['BAD_PARAMETER']);
  });
});

describe('the codec and the firmware', () => {
  it('agree on the CRC over bytes neither chose', () => {
    const bench = new FirmwareBench().identify();
    for (let n = 0; n < 20; n++) {
      const payload = Uint8Array.from({ length: n }, (_, index) => (index * 37 + n * 101) & 0xff);
      sendBody(bench, injectorBody(0x30, n, payload));
    }
    bench.runMs(300);
    expect(refusalNames(bench)).toEqual(Array(20).fill('UNKNOWN_TYPE'));
    const wrong = injectorBody(offType, 0, new Uint8Array());
    wrong.set(u16(crc16(wrong.subarray(0, 2)) ^ 0x8000), 2);
    sendBody(bench, wrong);
    bench.runMs(20);
    expect(refusalNames(bench).at(-1)).toBe('BAD_CRC');
  });
});
