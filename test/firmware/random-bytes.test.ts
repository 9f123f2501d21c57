import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { attachShiftRegister } from '../../src/sim/shift-register.js';
import { encodeEeprom, nominalBlock } from '../../src/wire/board-block.js';
import {
  injectorBody,
  injectorPayload,
  injectorProtocol,
  injectorSysexId,
  packSysex,
} from '../../src/wire/injector.js';
import { cyclesPerMs, FirmwareBench, type ProbedDevice, usualProfile, usualRequest } from './firmware-bench.js';

const seed = Number(process.env.LINKPULSE_SEED ?? randomInt(2 ** 31));
const long = process.env.LINKPULSE_LONG === '1';
/** A simulated hour of a full line takes a quarter of an hour or more. */
const longLimitMs = 3_600_000;
const loadedLimitMs = 120_000;
/** What was heard and seen is looked at and forgotten every so many pieces: a long run must not keep millions of edges. */
const piecesPerLook = 500;
/** Every so many messages a discovery with power is left alone until its end: else an OFF or IDENTIFY soon cuts every one. */
const piecesPerDiscovery = 100;
const discoveryMs = 500;
/** How many of a hundred pulses come back in such a discovery: none, or so many that no burst is ever whole three times. */
const echoPercents = [0, 60];
/** What the low-voltage probe finds: everything but a signature with a class that may be fed. */
const probedDevices: readonly ProbedDevice[] = [
  {},
  { ohms: 14_000 },
  { ohms: 35_000 },
  { risingVoltsPerMs: 0.02 },
  { ohms: 25_000, classMilliamps: 49 },
];

/** mulberry32: small, and the same everywhere. */
const createRandom = (start: number): ((below: number) => number) => {
  let state = start >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
};

type Random = (below: number) => number;
const bytes = (random: Random, count: number): number[] => Array.from({ length: count }, () => random(256));
const sysex = (type: number, seq: number, payload: Uint8Array): number[] => [
  0xf0,
  injectorSysexId,
  ...packSysex(injectorBody(type, seq, payload)),
  0xf7,
];
const le = (value: number, size: number): number[] =>
  Array.from({ length: size }, (_, index) => Math.floor(value / 256 ** index) & 0xff);

/** How much is sent: 10 million random bytes and 100,000 messages in the long run. */
const amounts: Readonly<Record<string, { readonly bytes: number } | { readonly pieces: number }>> = {
  'random bytes': { bytes: long ? 5_000_000 : 10_000 },
  'random bytes without SYSTEM_RESET': { bytes: long ? 5_000_000 : 10_000 },
  'well-formed messages of random type and content': { pieces: long ? 100_000 : 1000 },
  'Firmata commands with random arguments': { bytes: long ? 500_000 : 5_000 },
  'edges on the discrete lines': { pieces: long ? 5000 : 60 },
};

const powerRequest = (random: Random, maxBursts: number): number[] => {
  const manner = { method: random(3), pairs: random(3), echoes: 3 + random(6), maxBursts, pulseWidth: random(4) };
  const request = { ...usualRequest, ...manner, flags: 1 + 2 * random(2), heartbeatTimeoutMs: 800 };
  return sysex(2, random(256), injectorPayload('DISCOVER', { ...request, entropy: random(2 ** 31) }));
};

/** What is sent, a piece at a time. */
const pieces: Readonly<Record<string, (random: Random, newestTick: number) => number[]>> = {
  'random bytes': (random) => bytes(random, 1 + random(40)),
  'random bytes without SYSTEM_RESET': (random) =>
    bytes(random, 1 + random(40)).map((byte) => (byte === 0xff ? 0xfe : byte)),
  'well-formed messages of random type and content': (random, newestTick) => {
    const type = random(4) === 0 ? random(256) : 1 + random(10);
    if (type === 2 && random(2) === 0) return powerRequest(random, 8 + random(60));
    if (type === 4) return sysex(4, random(256), Uint8Array.from(le(newestTick, 2)));
    if (type === 1) return sysex(1, random(256), Uint8Array.of(injectorProtocol));
    if (type === 9 && random(4) === 0) return sysex(9, random(256), injectorPayload('STORE_PROFILE', usualProfile));
    const lengths: Readonly<Record<number, number>> = { 2: 26, 3: 0, 5: 1, 6: 0, 7: 0, 8: 1, 9: 23, 10: 0 };
    const length = random(8) === 0 ? random(61) : (lengths[type] ?? random(61));
    return sysex(type, random(256), Uint8Array.from(bytes(random, length)));
  },
  'Firmata commands with random arguments': (random) => {
    const command =
      [0xf4, 0xf5, 0x90 + random(16), 0xc0 + random(16), 0xd0 + random(16), 0xe0 + random(16)][random(6)] ?? 0;
    return [command, random(128), random(128)];
  },
  'edges on the discrete lines': () => [],
};

const lines = ['FLP_START', 'PWR_REQ', 'HEARTBEAT'] as const;
/** Some time with a HEARTBEAT that is mostly good, and an edge somewhere; before each the jack may be another. */
const shake = (bench: FirmwareBench, random: Random): void => {
  const line = lines[random(3)] ?? 'PWR_REQ';
  bench.probed = probedDevices[random(probedDevices.length)] ?? {};
  bench.machine.setPin(line, random(2) === 1);
  const quiet = random(4) === 0 ? 1 + random(60) : 1 + random(8);
  for (let n = 0; n < quiet; n++) {
    if (random(20) > 0) bench.machine.setPin('HEARTBEAT', n % 2 === 0);
    bench.machine.runUntil(bench.machine.cycles + (random(15) === 0 ? random(20) : 21 + random(30)) * cyclesPerMs);
  }
};

process.stdout.write(`Random bytes and messages: LINKPULSE_SEED=${seed}\n`);
describe(`whatever comes over serial and the discrete lines (seed ${seed})`, () => {
  it.each(Object.keys(amounts))(
    '%s never close the power path without a valid discovery',
    { timeout: long ? longLimitMs : loadedLimitMs },
    (name) => {
      const piece = pieces[name];
      const amount = amounts[name];
      if (piece === undefined || amount === undefined) throw new Error(name);
      const random = createRandom(seed);
      const onLines = name === 'edges on the discrete lines';
      const bench = new FirmwareBench(encodeEeprom(nominalBlock('LP000042'), usualProfile));
      if (!onLines) bench.identify();
      bench.echoDelay = undefined;
      bench.heartbeats = false;
      let newestTick = 0;
      let discoveries = 0;
      let echoPercent = 0;
      bench.machine.onPin('FLP_TX', (drive, cycle) => {
        if (drive === 'high' && random(100) < echoPercent) bench.pulse(cycle + 3);
      });
      /** With the newest heartbeat and nothing said meanwhile. */
      const discover = (): void => {
        // Ends what a message before may have begun: no device changes in the middle of a detection.
        bench.sendBytes(sysex(1, random(256), Uint8Array.of(injectorProtocol)));
        bench.heartbeats = true;
        bench.runMs(100);
        echoPercent = echoPercents[random(echoPercents.length)] ?? 0;
        bench.probed = probedDevices[random(probedDevices.length)] ?? {};
        bench.sendBytes(powerRequest(random, 8 + random(12)));
        bench.runMs(discoveryMs);
        bench.heartbeats = false;
        echoPercent = 0;
      };
      // The self-test closes each switch alone; both together, or a relay at the jack that moves under one, is power.
      let broken = '';
      const watch = (what: string): void => {
        const isClosed = bench.high('GATE') || bench.high('SWITCH2');
        if (bench.powered || (what !== '' && isClosed))
          broken ||= `${what} with ${bench.powered ? 'power' : 'a switch closed'}`;
      };
      bench.machine.onPin('GATE', () => watch(''));
      bench.machine.onPin('SWITCH2', () => watch(''));
      attachShiftRegister(bench.machine, (bit, high) => {
        if (bit === 'AF_CONNECT' || bit === 'POL_REVERSE') watch(bit);
        if (bit === 'AF_CONNECT' && high) probes++;
      });
      bench.machine.onPin('DISC_RELAY', (drive) => {
        if (drive === 'high') lineDiscoveries++;
      });
      let probes = 0;
      let lineDiscoveries = 0;
      const look = (): void => {
        expect(broken, `LINKPULSE_SEED=${seed}`).toBe('');
        discoveries += bench.all('DISCOVERY').length;
        bench.edges.length = 0;
        bench.messages.length = 0;
        bench.firmata.length = 0;
      };
      const more = (bytes: number, count: number): boolean =>
        'bytes' in amount ? bytes < amount.bytes : count < amount.pieces;
      let sent = 0;
      for (let count = 0; more(sent, count); count++) {
        if (onLines) shake(bench, random);
        const next = piece(random, newestTick);
        bench.sendBytes(next);
        sent += next.length;
        bench.runWhile(10_000, () => bench.machine.serialInBacklog < 20);
        const tick = bench.messages.findLast((message) => message.name === 'TICK');
        if (tick?.name === 'TICK') newestTick = tick.fields.counter;
        if ('pieces' in amount && !onLines && count % piecesPerDiscovery === 0) discover();
        if (count % piecesPerLook === 0) look();
      }
      bench.runMs(100);
      look();
      // Nearly all arrive. The simulated receiver holds one byte, the real one three (data sheet 20.7): a single late pass
      // costs a byte here and none there.
      expect(bench.machine.lostBytes, `LINKPULSE_SEED=${seed}`).toBeLessThanOrEqual(10 + sent / 50_000);

      // Messages get as far as a whole discovery that finds no phone; nothing else is near to that.
      if (!onLines) expect(discoveries > 0, `LINKPULSE_SEED=${seed}`).toBe('pieces' in amount);
      if (onLines) expect(Math.min(lineDiscoveries, probes), `LINKPULSE_SEED=${seed}`).toBeGreaterThan(0);

      // The board is still there: it answers as if nothing had been.
      for (const line of lines) bench.machine.setPin(line, false);
      bench.sendBytes([0xff]);
      bench.probed = {};
      bench.heartbeats = true;
      bench.echoDelay = 3;
      bench.runMs(600);
      bench.send('UNLOCK', {});
      bench.powerOn();
    },
  );
});
