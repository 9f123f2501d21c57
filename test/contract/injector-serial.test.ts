import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSerialInjector } from '../../src/board/serial-injector.js';
import { startSimulator } from '../../src/sim/launch.js';
import { systemClock } from '../../src/timeline/clock.js';
import { type BoardUnderTest, testInjector } from './injector.contract.js';

/** The real firmware behind a real serial port; the phone's network half stays without a wire. */
const openSimulatedBoard = async (power: 'prestandard' | '802.3af'): Promise<BoardUnderTest> => {
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-contract-'));
  const simulator = await startSimulator(
    {
      faults: [],
      phone: { mac: '00:0f:24:5a:79:60', load: 'P00308010200', model: 'CP-7960G', power },
      timers: {
        bootMs: 200,
        linkUpMs: 300,
        cdpSyncMs: 300,
        dhcpRetryMs: 500,
        tftpRetryMs: 500,
        fileGapMs: 20,
        callManagerRetryMs: 500,
      },
      network: { kind: 'limited', socketPath: join(folder, 'frames.sock'), portOffset: 20_000 },
      controlPath: join(folder, 'control.sock'),
      witnessPath: join(folder, 'witness.ndjson'),
      orphanSeconds: 20,
    },
    { netNamespace: false },
    systemClock,
  );
  const injector = await openSerialInjector(simulator.ptyPath, systemClock);
  return {
    injector,
    jackIsLive: async () => (await simulator.command('status')).conducting === true,
    pullCable: async () => {
      await simulator.command('serial-unplug');
    },
    setEstop: async (closed) => {
      await simulator.command(closed ? 'estop-close' : 'estop-open');
    },
    close: async () => {
      await injector.close();
      await simulator.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

testInjector('the serial driver, on the real firmware in the simulator,', openSimulatedBoard);
