/**
 * The contract on real hardware: `LINKPULSE_BOARD=BENCHFILE:PORT`. It powers the jack; a prestandard phone hangs on it. Its current is the
 * witness for `jackIsLive`; what wants a hand (e-stop, cable, an 802.3af phone) asks for it on the terminal and waits.
 */
import { createInterface } from 'node:readline/promises';
import { describe, it } from 'vitest';
import { openBoard } from '../../src/board/open-board.js';
import { loadBenchFile } from '../../src/plan/load-bench-file.js';
import { systemClock } from '../../src/timeline/clock.js';
import { testInjector } from './injector.contract.js';

const named = process.env.LINKPULSE_BOARD;

const ask = async (what: string): Promise<void> => {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  await terminal.question(`\n>>> ${what}, then press Enter `);
  terminal.close();
};

if (named === undefined) {
  describe('the drivers on real hardware', () => {
    it.skip('LINKPULSE_BOARD: it names no board (BENCHFILE:PORT)', () => {});
  });
} else {
  const [path = '', name] = named.split(/:(?=[^:]*$)/);
  const port = loadBenchFile(path).ports.find((candidate) => candidate.name === name);
  if (port?.kind !== 'hardware') throw new Error(`${path} has no hardware port ${name}`);
  let hanging = 'prestandard';
  testInjector(`${named}, driven by ${port.driver},`, async (phone, terms) => {
    if (phone !== hanging) await ask(`plug in a ${phone} phone`);
    hanging = phone;
    if (port.driver === 'lines')
      await ask(`store the profile over serial (${terms.method}, feed ${terms.feed?.pins ?? 'by method'})`);
    const { injector } = await openBoard(port, systemClock);
    let milliamps = 0;
    let on = false;
    injector.onReport(({ fact }) => {
      if (fact.kind === 'power-on') on = true;
      if (fact.kind === 'power-off' || fact.kind === 'board-lost') on = false;
      milliamps = fact.kind === 'current' ? (fact.milliamps.at(-1) ?? 0) : milliamps;
    });
    return {
      by: port.driver,
      injector,
      jackIsLive: async () => on || milliamps > 5,
      setEstop: (closed) => ask(closed ? 'release the e-stop' : 'press the e-stop'),
      pullCable: () => ask('pull the cable of the board'),
      close: () => injector.close(),
    };
  });
}
