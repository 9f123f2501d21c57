/** Two phones on a managed switch that hands both on over one trunk: equal addresses, no word of one at the other. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ethernetFrames } from '../../src/decode/ethernet-frames.js';
import { createVethTo } from '../../src/network/real-network.js';
import { changeInterfaces, removeInterfaces } from '../../src/os/interface-thread.js';
import { openPacketSocket, type PacketSocket } from '../../src/os/packet-socket.js';
import { loadPlan } from '../../src/plan/load-plan.js';
import { type SimulatorHandle, startSimulator } from '../../src/sim/launch.js';
import { findStation } from '../../src/station/station-client.js';
import { systemClock as clock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { decodeEthernet } from '../../src/wire/ethernet.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { type Invocation, invoke, quickPlan, runJson, stageOf } from '../helpers/linkpulse.js';

const folder = mkdtempSync(join(tmpdir(), 'linkpulse-trunk-'));
const socketPath = join(folder, 'station.sock');
const benchPath = join(folder, 'bench.yaml');
/** One has the service tag, and is tunnelled as Cisco's switches do it. */
const jacks = [
  { port: 'jack1', vlan: 101, tag: '802.1Q', protocol: 0x8100, tunnel: 'plain', mac: '00:0f:24:5a:79:61' },
  { port: 'jack2', vlan: 102, tag: '802.1ad', protocol: 0x88a8, tunnel: 'cisco', mac: '00:0f:24:5a:79:62' },
] as const;
type Jack = (typeof jacks)[number];
const simulators: SimulatorHandle[] = [];
const cables: { close(): Promise<void> }[] = [];
const sockets: PacketSocket[] = [];
let station: Invocation;

const phoneOn = async ({ port, mac }: Jack): Promise<SimulatorHandle> => {
  const simulator = await startSimulator(
    {
      board: 'modelled',
      faults: [],
      phone: { mac, load: 'P00308010200', model: 'CP-7960G', previousAddress: '10.10.15.62' },
      timers: loadPlan(quickPlan).plan.simulation,
      network: { kind: 'real', interface: `ph-${port}` },
      controlPath: join(folder, `${port}.control`),
      witnessPath: join(folder, `${port}.witness`),
      orphanSeconds: 60,
    },
    { netNamespace: true },
    clock,
  );
  simulators.push(simulator);
  cables.push(
    await createVethTo(simulator.pid, {
      names: { bench: `sw-${port}`, phone: `ph-${port}` },
      clock,
      timeoutMs: 10_000,
    }),
  );
  return simulator;
};

const tunnelled = '01000ccdcdd0';
const groupsOf: Readonly<Record<string, string>> = { '2000': '01000ccccccc', '88cc': '0180c200000e' };
const withTag = (frame: Uint8Array, { protocol, vlan }: Jack) => {
  const tag = Buffer.of(protocol >> 8, protocol & 0xff, vlan >> 8, vlan & 0xff);
  return Buffer.concat([frame.subarray(0, 12), tag, frame.subarray(12)]);
};

/** What a switch does whose access ports take every frame as it is, tag and all: dot1q-tunnel, with or without l2protocol-tunnel. */
const openSwitch = async () => {
  const open = (interfaceName: string, onFrame: (frame: Buffer) => void) => {
    const onPacket = ({ bytes }: { readonly bytes: Uint8Array }) => onFrame(Buffer.from(bytes));
    const socket = openPacketSocket({ interfaceName, clock, seeOutgoing: false, onPacket });
    sockets.push(socket);
    return socket;
  };
  const send = (socket: PacketSocket | undefined, frame: Uint8Array) => {
    try {
      socket?.send(frame);
    } catch {
      // No link there just now.
    }
  };
  const access = new Map<number, { readonly jack: Jack; readonly socket: PacketSocket }>();
  const trunk = open('swtrunk', (frame) => {
    const to = access.get(frame.readUInt16BE(14) & 0xfff);
    if (to?.jack.protocol !== frame.readUInt16BE(12)) return;
    const bare = Buffer.concat([frame.subarray(0, 12), frame.subarray(16)]);
    if (bare.subarray(0, 6).toString('hex') === tunnelled) {
      const kind = bare.subarray(12, 14).toString('hex') === '88cc' ? '88cc' : bare.subarray(20, 22).toString('hex');
      bare.set(Buffer.from(groupsOf[kind] ?? '', 'hex'));
    }
    send(to.socket, bare);
  });
  for (const jack of jacks) {
    await changeInterfaces([
      { kind: 'quiet', name: `sw-${jack.port}` },
      { kind: 'set', name: `sw-${jack.port}`, up: true, arp: false },
    ]);
    const socket = open(`sw-${jack.port}`, (frame) => {
      const copy = Buffer.from(frame);
      const isForSwitch = Object.values(groupsOf).includes(copy.subarray(0, 6).toString('hex'));
      if (isForSwitch && jack.tunnel === 'cisco') copy.set(Buffer.from(tunnelled, 'hex'));
      send(trunk, withTag(copy, jack));
    });
    access.set(jack.vlan, { jack, socket });
  }
};

const sourcesIn = (path: string): ReadonlySet<string> =>
  new Set([...ethernetFrames(path)].flatMap((frame) => decodeEthernet(frame.bytes)?.source ?? []));
const tagsIn = (path: string): ReadonlySet<number> =>
  new Set([...ethernetFrames(path)].flatMap((frame) => decodeEthernet(frame.bytes)?.vlans.map(({ id }) => id) ?? []));

describeInNamespace(import.meta.url, 'ports of a managed switch behind one trunk', () => {
  beforeAll(async () => {
    await changeInterfaces([
      { kind: 'add-veth', end: { name: 'trunk0' }, peer: { name: 'swtrunk' } },
      { kind: 'quiet', name: 'swtrunk' },
      { kind: 'set', name: 'swtrunk', up: true, arp: false, mtu: 1504 },
    ]);
    const ports: string[] = [];
    for (const jack of jacks) {
      const { ptyPath } = await phoneOn(jack);
      ports.push(
        `  ${jack.port}: { kind: hardware, board: ${ptyPath}, interface: trunk0, trunk: { vlan: ${jack.vlan}, tag: ${jack.tag}, tunnel: ${jack.tunnel} } }`,
      );
    }
    await openSwitch();
    writeFileSync(benchPath, ['station: trunk', 'runs: runs', 'ports:', ...ports, ''].join('\n'));
    station = invoke(['station', '--bench', benchPath, '--socket', socketPath]);
    for (let tries = 0; tries < 200 && (await findStation(socketPath)) === undefined; tries += 1)
      await sleep(clock, 50);
  }, 60_000);

  afterAll(async () => {
    station.child.kill('SIGTERM');
    await station.exitCode;
    for (const socket of sockets) socket.close();
    for (const cable of cables) await cable.close();
    for (const simulator of simulators) await simulator.stop();
    await removeInterfaces(['trunk0']);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('both pass at once by the same plan, each with its own capture, as the jacks carry it', async () => {
    const words = ['run', '--bench', benchPath, '--socket', socketPath, '--plan', quickPlan];
    const runs = await Promise.all(jacks.map(({ port }) => runJson([...words, '--port', port])));
    for (const [index, { record, folder: run }] of runs.entries()) {
      const [jack, other] = index === 0 ? [jacks[0], jacks[1]] : [jacks[1], jacks[0]];
      expect(record.verdict, record.cause).toBe('pass');
      expect(record.phone?.mac).toBe(jack.mac);
      expect(record.limited.join()).toContain('a switch stands between');
      expect(stageOf(record, 'vlan').cause).toContain('told by CDP');
      const capture = join(run, 'capture.pcapng');
      const sources = sourcesIn(capture);
      expect(sources).toContain(jack.mac);
      expect(sources).not.toContain(other.mac);
      expect([...tagsIn(capture)]).toEqual([110]);
    }
    const [one, two] = runs.map(({ record }) => new Date(record.startedAt).getTime());
    expect(Math.abs((one ?? 0) - (two ?? 0)), 'they ran at once').toBeLessThan(runs[0]?.record.durationMs ?? 0);
  }, 120_000);

  it('the next phone is linked by its own first frame, not by what the jack carried before', async () => {
    const words = ['run', '--bench', benchPath, '--socket', socketPath, '--plan', quickPlan, '--port', 'jack1'];
    const { record, events } = await runJson(words);
    expect(record.verdict, record.cause).toBe('pass');
    const kinds = events.map(({ fact }) => fact.kind);
    expect(kinds.indexOf('link-up')).toBeGreaterThan(kinds.indexOf('power-on'));
    expect(kinds.lastIndexOf('link-down')).toBeGreaterThan(kinds.indexOf('power-off'));
  }, 120_000);
});
