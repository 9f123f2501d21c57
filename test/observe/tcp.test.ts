import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createObserver } from '../../src/observe/observer.js';
import { createTcpStream } from '../../src/observe/tcp-stream.js';
import { buildDeviceConfig } from '../../src/wire/cnf-xml.js';
import { encodeSccp } from '../../src/wire/sccp.js';
import { ack, addresses, connection, data, keepAlive, only, register, rrq, watch } from './wire.js';

const states = (facts: ReturnType<typeof watch>) => only(facts, 'tcp').map(({ state, from }) => `${state} ${from}`);
const messages = (facts: ReturnType<typeof watch>) => only(facts, 'sccp').map(({ message }) => message);

describe('a connection to a CallManager', () => {
  it('is told from SYN to FIN', () => {
    const line = connection();
    const facts = watch([...line.open(), line.fin('phone'), line.fin('bench')]);
    expect(states(facts)).toEqual(['connecting phone', 'connected phone', 'closed phone']);
    expect(only(facts, 'tcp')[0]).toMatchObject({ server: addresses.manager, port: 2000, vlan: 110 });
  });

  it('is refused by a RST to its SYN', () => {
    const line = connection();
    expect(states(watch([line.syn(), line.rst('bench')]))).toEqual(['connecting phone', 'refused bench']);
  });

  it('is closed by a later RST', () => {
    const line = connection();
    expect(states(watch([...line.open(), line.rst('bench')])).at(-1)).toBe('closed bench');
  });

  it('says nothing by its end once the phone has opened another to the same server', () => {
    const first = connection();
    const second = connection({ clientPort: 50_001, isn: 77 });
    const facts = watch([...first.open(), ...second.open(), first.fin('phone'), second.fin('phone')]);
    expect(states(facts)).toEqual([
      'connecting phone',
      'connected phone',
      'connecting phone',
      'connected phone',
      'closed phone',
    ]);
  });

  it('ends for the phone where the other it opened was refused', () => {
    const first = connection();
    const second = connection({ clientPort: 50_001, isn: 77 });
    const facts = watch([...first.open(), second.syn(), second.rst('bench'), first.fin('phone')]);
    expect(states(facts).slice(-2)).toEqual(['refused bench', 'closed phone']);
  });

  it('tells a repeated SYN once and a new one again', () => {
    const first = connection();
    const syn = first.syn();
    const second = connection({ isn: 77 });
    expect(states(watch([syn, syn, first.rst('bench'), second.syn()]))).toEqual([
      'connecting phone',
      'refused bench',
      'connecting phone',
    ]);
  });

  it('of another port is none, unless its first bytes are SCCP', () => {
    const web = connection({ port: 80 });
    expect(
      watch([...web.open(), web.says('phone', new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'))]).map(
        ({ kind }) => kind,
      ),
    ).toEqual(['vlan-used', 'address-used']);
    const odd = connection({ port: 2443 });
    const facts = watch([...odd.open(), odd.says('phone', register)]);
    expect(states(facts)).toEqual(['connected phone']);
    expect(messages(facts)).toEqual(['Register']);
  });

  it('is known by a port that the phone’s configuration named', () => {
    const text = buildDeviceConfig({
      loadInformation: 'P1',
      callManagers: [{ priority: 0, name: 'a', address: addresses.manager, port: 2100 }],
      versionStamp: '1',
      dateTemplate: 'D/M/YA',
    });
    const bytes = new TextEncoder().encode(text);
    const blocks = Array.from({ length: Math.floor(bytes.length / 512) + 1 }, (_, index) => [
      data(index + 1, bytes.subarray(index * 512, index * 512 + 512)),
      ack(index + 1),
    ]);
    const line = connection({ port: 2100 });
    const facts = watch([rrq('SEP000F245A7960.cnf.xml'), ...blocks.flat(), line.syn(), line.rst('bench')]);
    expect(states(facts)).toEqual(['connecting phone', 'refused bench']);
  });
});

describe('SCCP on a connection', () => {
  it('is told message by message, with fields and sides', () => {
    const line = connection();
    const facts = watch([
      ...line.open(),
      line.says('phone', register, encodeSccp('IpPort', { port: 0 })),
      line.says('bench', encodeSccp('RegisterAck', { keepaliveSeconds: 5, secondaryKeepaliveSeconds: 10 })),
    ]);
    expect(only(facts, 'sccp')).toMatchObject([
      {
        from: 'phone',
        server: addresses.manager,
        message: 'Register',
        fields: { deviceName: 'SEP000F245A7960' },
        count: 1,
      },
      { from: 'phone', message: 'IpPort' },
      { from: 'bench', server: addresses.manager, message: 'RegisterAck', fields: { keepaliveSeconds: 5 } },
    ]);
  });

  it('is put in order from pieces that are late, repeated and overlapping', () => {
    const line = connection();
    const open = line.open();
    const start = line.next.phone;
    const all = Uint8Array.from(Buffer.concat([register, keepAlive, keepAlive]));
    const piece = (from: number, to: number) => line.at('phone', start + from, { ack: true }, all.slice(from, to));
    const facts = watch([
      ...open,
      piece(0, 10),
      piece(40, all.length),
      piece(5, 30),
      piece(0, 10),
      piece(20, 60),
      piece(0, all.length),
    ]);
    expect(messages(facts)).toEqual(['Register', 'KeepAlive', 'KeepAlive']);
  });

  it('follows sequence numbers over their end', () => {
    const line = connection({ isn: 0xffff_fff8 });
    const facts = watch([
      ...line.open(),
      line.says('phone', keepAlive),
      line.says('phone', keepAlive),
      line.says('bench', keepAlive),
    ]);
    expect(messages(facts)).toEqual(['KeepAlive', 'KeepAlive', 'KeepAlive']);
  });

  it('is told of a connection met half-way', () => {
    const line = connection();
    line.open();
    const facts = watch([line.says('bench', encodeSccp('KeepAliveAck')), line.says('phone', keepAlive)]);
    expect(only(facts, 'sccp').map(({ from, message, server }) => [from, message, server])).toEqual([
      ['bench', 'KeepAliveAck', addresses.manager],
      ['phone', 'KeepAlive', addresses.manager],
    ]);
  });

  it('is folded when a message repeats for long, and loses no count', () => {
    const line = connection();
    const observer = createObserver();
    const facts = watch([...line.open(), ...Array.from({ length: 95 }, () => line.says('phone', keepAlive))], {
      observer,
    });
    const told = only([...facts, ...observer.end()], 'sccp');
    expect(told.slice(28, 33).map(({ count }) => count)).toEqual([1, 1, 10, 10, 10]);
    expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(95);
  });

  it('with a length that cannot be true is told once as malformed, and the rest is left alone', () => {
    const line = connection();
    const nonsense = Uint8Array.from([0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0]);
    const facts = watch([
      ...line.open(),
      line.says('phone', nonsense),
      line.says('phone', keepAlive),
      line.says('phone', keepAlive),
    ]);
    expect(messages(facts)).toEqual([]);
    expect(only(facts, 'malformed')).toMatchObject([{ protocol: 'sccp' }]);
  });

  it('keeps a bounded number of connections', () => {
    const observer = createObserver();
    for (let clientPort = 1024; clientPort < 3024; clientPort += 1) {
      const line = connection({ clientPort });
      watch([...line.open(), line.says('phone', register.slice(0, 20))], { observer });
    }
    const first = connection({ clientPort: 1024 });
    first.open();
    // The first connection was forgotten for a newer one: its FIN means nothing any more.
    expect(watch([first.fin('phone')], { observer })).toEqual([]);
  });
});

describe('a TCP stream', () => {
  it('comes out whole, whatever the order of its segments', () => {
    const segments = fc.array(fc.tuple(fc.integer({ min: 0, max: 250 }), fc.integer({ min: 1, max: 60 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(segments, fc.integer({ min: 0, max: 0xffff_ffff }), (list, isn) => {
        const all = Uint8Array.from({ length: 256 }, (_, index) => index);
        const stream = createTcpStream();
        stream.synchronise(isn);
        const out: number[] = [];
        const push = (from: number, length: number) => {
          const { chunks, skipped } = stream.push((isn + 1 + from) >>> 0, all.slice(from, from + length));
          expect(skipped).toBe(false);
          for (const chunk of chunks) out.push(...chunk);
        };
        for (const [from, length] of list) push(from, length);
        push(0, all.length);
        expect(out).toEqual([...all]);
      }),
    );
  });

  it('goes on behind a gap that never closes, and says so', () => {
    const stream = createTcpStream();
    stream.push(0, new Uint8Array(10));
    const results = Array.from({ length: 33 }, (_, index) => stream.push(1000 + index * 2000, new Uint8Array(2000)));
    expect(results.filter(({ skipped }) => skipped)).toHaveLength(1);
    expect(results.flatMap(({ chunks }) => chunks).length).toBeGreaterThan(0);
  });
});
