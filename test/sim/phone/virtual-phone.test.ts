import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PhoneTimers, VirtualPhone } from '../../../src/sim/contracts.js';
import { createVirtualPhone } from '../../../src/sim/phone/virtual-phone.js';
import { CountingClock, until } from './counting-clock.js';
import {
  startCallManager,
  startTftpServer,
  type TestCallManager,
  type TestTftpServer,
  testNetwork,
} from './loopback-servers.js';
import { MemoryWire } from './memory-wire.js';
import { quickTimers, testLoad, testMac } from './phone-under-test.js';
import { answerFrames, configFile, dhcpOf, isCdp } from './scripted-bench.js';

const server = `${testNetwork}.51`;
const address = `${testNetwork}.60`;
const callManagers = [`${testNetwork}.52`, `${testNetwork}.53`] as const;
const ownConfig = 'SEP0012DADBD34E.cnf.xml';
const image = Uint8Array.from({ length: 5_000 }, (_, index) => index);

interface LogLine {
  readonly part: string;
  readonly event: string;
}

let clock: CountingClock;
let wire: MemoryWire;
let tftp: TestTftpServer;
let primary: TestCallManager;
let secondary: TestCallManager;
let loads: number[];
let lines: LogLine[];
let onLine: (line: LogLine) => void;
let phone: VirtualPhone | undefined;

const events = (): string[] => lines.map(({ part, event }) => `${part} ${event}`);
const happened = (event: string, times = 1): Promise<void> =>
  until(() => events().filter((each) => each === event).length >= times, event);

const makePhone = (faults: readonly string[] = [], timers: Partial<PhoneTimers> = {}): VirtualPhone => {
  phone = createVirtualPhone({
    wire,
    power: { setLoad: (milliwatts) => loads.push(milliwatts), onSupply: () => {}, unplug: () => {} },
    phone: { mac: testMac, load: testLoad, model: 'CP-7960G' },
    timers: { ...quickTimers, ...timers },
    faults,
    clock,
    log: (text) => {
      const line: LogLine = JSON.parse(text);
      lines.push(line);
      onLine(line);
    },
  });
  return phone;
};

beforeEach(async () => {
  clock = new CountingClock();
  wire = new MemoryWire(clock);
  loads = [];
  lines = [];
  onLine = () => {};
  answerFrames(wire, { voiceVlan: 110, server, address });
  tftp = await startTftpServer(server, new Map([[ownConfig, configFile(testLoad, callManagers)]]));
  primary = await startCallManager(callManagers[0]);
  secondary = await startCallManager(callManagers[1]);
});
afterEach(async () => {
  await phone?.close();
  tftp.close();
  await primary.close();
  await secondary.close();
});

describe('a healthy phone', () => {
  it('goes from power to registration, tagged from the voice VLAN on, and asks for its files in order', async () => {
    makePhone().powerUp();
    await until(() => primary.heard.includes('TimeDateReq'), 'registered');
    expect(tftp.asked).toEqual(['CTLSEP0012DADBD34E.tlv', ownConfig]);
    expect(wire.attachments).toEqual([{ vlan: 110, address, prefixLength: 24, router: null }]);
    const vlans = wire.sent.flatMap((frame) => dhcpOf(frame)?.vlan ?? []);
    expect(new Set(vlans)).toEqual(new Set([110]));
    expect(wire.sent.filter(isCdp).length).toBe(2);
    expect(loads).toEqual([4200, 5000]);
    await happened('sccp standby');
    expect(secondary.heard).toEqual(['connected']);
  });

  it('stays untagged where the switch has no voice VLAN', async () => {
    answerFrames(wire, { voiceVlan: null, server, address });
    makePhone().powerUp();
    await happened('sccp registered');
    expect(wire.attachments.map(({ vlan }) => vlan)).toEqual([null]);
  });

  it('takes the default configuration where its own is missing', async () => {
    tftp.files.delete(ownConfig);
    tftp.files.set('XMLDefault.cnf.xml', configFile(testLoad, callManagers));
    makePhone().powerUp();
    await happened('sccp registered');
    expect(tftp.asked).toEqual(['CTLSEP0012DADBD34E.tlv', ownConfig, 'XMLDefault.cnf.xml']);
  });

  it('asks for the whole list again and again where there is no configuration at all', async () => {
    tftp.files.clear();
    makePhone([], { tftpRetryMs: 30 }).powerUp();
    await until(() => tftp.asked.length >= 6, 'a second round');
    const round = ['CTLSEP0012DADBD34E.tlv', ownConfig, 'XMLDefault.cnf.xml'];
    expect(tftp.asked.slice(0, 6)).toEqual([...round, ...round]);
  });

  it('asks with the lease of before after a power cycle', async () => {
    const it = makePhone();
    it.powerUp();
    await happened('sccp registered');
    it.powerDown();
    wire.sent.length = 0;
    it.powerUp();
    await happened('sccp registered', 2);
    const [discover] = wire.sent.filter((frame) => dhcpOf(frame) !== undefined);
    const ipSource = discover?.subarray(18 + 12, 18 + 16) ?? [];
    expect([...ipSource].join('.')).toBe(address);
  });
});

describe('a phone whose configuration names another load', () => {
  it('fetches the image whole, restarts with link down and up, and runs the new load', async () => {
    tftp.files.set('P00308010200.bin', image);
    makePhone(['old-load']).powerUp();
    await happened('sccp registered');
    expect(tftp.asked).toEqual([
      'CTLSEP0012DADBD34E.tlv',
      ownConfig,
      'P00308010200.bin',
      'CTLSEP0012DADBD34E.tlv',
      ownConfig,
    ]);
    // Up, down, up.
    expect(wire.linkEdges).toBe(3);
    const versions = wire.sent.filter(isCdp).map((frame) => /P003\d+/.exec(Buffer.from(frame).toString('latin1'))?.[0]);
    expect(versions).toEqual(['P00308000500', 'P00308000500', testLoad, testLoad]);
    expect(loads).toEqual([4200, 5000, 4200, 5000]);
  });

  it('keeps its load and registers where the server lacks the image', async () => {
    makePhone(['wrong-load']).powerUp();
    await happened('sccp registered');
    expect(tftp.asked.at(-1)).toBe('P00308010200.bin');
    expect(wire.linkEdges).toBe(1);
  });
});

describe('faults of the phone', () => {
  it('no-link draws power and never comes up', async () => {
    makePhone(['no-link']).powerUp();
    await new Promise<void>((resolve) => {
      clock.alarm(150, resolve);
    });
    expect(loads).toEqual([4200]);
    expect(wire.linkUp).toBe(false);
    expect(wire.sent).toEqual([]);
  });

  it('no-cdp says nothing by CDP, hears none and lives untagged', async () => {
    makePhone(['no-cdp']).powerUp();
    await happened('sccp registered');
    expect(wire.sent.filter(isCdp)).toEqual([]);
    expect(wire.attachments.map(({ vlan }) => vlan)).toEqual([null]);
  });

  it('no-option-150 asks for neither 150 nor 66', async () => {
    makePhone(['no-option-150']).powerUp();
    await happened('dhcp DISCOVER');
    const [discover] = wire.sent.flatMap((frame) => dhcpOf(frame) ?? []);
    expect(discover?.message.parameterRequestList).toEqual([1, 6, 3, 15, 35]);
  });

  it('overload-after-boot draws 18 W a while after link', async () => {
    makePhone(['overload-after-boot']).powerUp();
    await until(() => loads.includes(18_000), 'overload');
    expect(loads).toEqual([4200, 5000, 18_000]);
  });
});

describe('power loss', () => {
  it('at any step of the story leaves no timer, no socket and no listener, and the phone starts afresh after it', async () => {
    tftp.files.set('P00308010200.bin', image);
    const completeStory = async (): Promise<number> => {
      makePhone(['old-load']).powerUp();
      await happened('sccp standby');
      const steps = lines.length;
      await phone?.close();
      return steps;
    };
    const steps = await completeStory();
    expect(steps).toBeGreaterThan(25);

    for (let step = 1; step <= steps; step += 1) {
      lines = [];
      const cut = makePhone(['old-load']);
      onLine = ({ event }) => {
        if (lines.length < step && event !== 'standby') return;
        onLine = () => {};
        queueMicrotask(() => cut.powerDown());
      };
      cut.powerUp();
      const downAt = () => lines.findIndex(({ part, event }) => part === 'power' && event === 'down');
      await until(() => downAt() >= 0, `step ${step}`);
      const cutAfter = JSON.stringify(lines.at(step - 1));
      await wire.detachIp();
      expect({ cutAfter, timers: clock.waiting, sockets: wire.openSockets, listeners: wire.listeners.size }).toEqual({
        cutAfter,
        timers: 0,
        sockets: 0,
        listeners: 0,
      });
      expect(wire.linkUp).toBe(false);
    }

    const again = makePhone();
    again.powerUp();
    lines = [];
    await happened('sccp registered');
  });
});
