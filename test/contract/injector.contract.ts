import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BoardReport, Injector, PowerRequest } from '../../src/board/injector.js';
import { isBenchError } from '../../src/errors.js';
import { systemClock } from '../../src/timeline/clock.js';
import type { FactKind, FactOf } from '../../src/timeline/events.js';
import { sleep } from '../../src/timeline/wait.js';
import { injectorProtocol } from '../../src/wire/injector.js';

/** A board to try a driver on, and what the suite may do to it from outside. */
export interface BoardUnderTest {
  readonly injector: Injector;
  /** Whether -48 V is on the jack, by somebody who does not ask the driver. */
  jackIsLive(): Promise<boolean>;
  pullCable(): Promise<void>;
  close(): Promise<void>;
}

/** A phone hangs on the jack, unpowered. */
export type OpenBoard = () => Promise<BoardUnderTest>;

const request: PowerRequest = {
  method: 'prestandard',
  feed: null,
  heartbeatByLine: false,
  echoes: 3,
  maxBursts: 40,
  pulseNanoseconds: 125,
  inrushTimerMs: 60,
  overloadMilliamps: 375,
  overloadMs: 60,
  underloadMilliamps: 8,
  underloadMs: 350,
  heartbeatTimeoutMs: 500,
  linkDeadlineMs: 10_000,
  offDwellMs: 500,
};

/** What every driver of the Injector guarantees (src/board/injector.ts), in one suite for all of them. */
export const testInjector = (title: string, open: OpenBoard): void => {
  describe(`${title} keeps the contract of an Injector`, () => {
    let board: BoardUnderTest;
    let reports: BoardReport[];
    let beat: { cancel(): void };

    beforeEach(async () => {
      board = await open();
      reports = [];
      board.injector.onReport((report) => reports.push(report));
      await board.injector.identify();
      beat = systemClock.every(100, () => board.injector.heartbeat());
      await sleep(systemClock, 300);
    }, 30_000);

    afterEach(async () => {
      beat.cancel();
      await board.close();
    }, 30_000);

    const heard = async <K extends FactKind>(kind: K): Promise<FactOf<K>> => {
      for (let tries = 0; tries < 500; tries += 1) {
        const report = reports.find(({ fact }) => fact.kind === kind);
        if (report !== undefined) return report.fact as unknown as FactOf<K>;
        await sleep(systemClock, 20);
      }
      throw new Error(`no ${kind}; heard ${reports.map(({ fact }) => fact.kind).join(', ')}`);
    };
    const powered = async () => {
      // A board behind a busy machine may not have heard enough heartbeats yet.
      for (let tries = 0; tries < 20; tries += 1) {
        const refused = await board.injector.discoverAndPower(request).then(() => '', String);
        if (refused === '') break;
        expect(refused).toContain('NO_HEARTBEAT');
        await sleep(systemClock, 200);
      }
      await heard('power-on');
      expect(await board.jackIsLive()).toBe(true);
    };
    const goesDark = async () => {
      for (let tries = 0; tries < 200 && (await board.jackIsLive()); tries += 1) await sleep(systemClock, 20);
      return !(await board.jackIsLive());
    };
    const codeOf = async (call: Promise<unknown>) =>
      call.then(
        () => 'fulfilled',
        (error: unknown) => (isBenchError(error) ? error.code : String(error)),
      );

    it('says who it is, and power is off by then', async () => {
      const identity = await board.injector.identify();
      expect(identity.protocol).toBe(injectorProtocol);
      expect(identity.serial).not.toBe('');
      expect(identity.calibratedOn).toMatch(/^20\d\d-\d\d-\d\d$/);
      expect(await board.jackIsLive()).toBe(false);
    });

    it('finds the phone by its echo without powering it, when asked for discovery alone', async () => {
      await board.injector.discover({ method: 'prestandard', echoes: 3, maxBursts: 40, pulseNanoseconds: 500 });
      expect((await heard('discovery')).outcome).toBe('loopback');
      const burst = await heard('flp-burst');
      expect(burst.heard).toBe(burst.sent);
      expect(burst.pulseNanoseconds).toBe(500);
      expect(await board.jackIsLive()).toBe(false);
    });

    it('tests itself without a volt on the jack, and says what it has no line for', async () => {
      const { checks, jackMillivolts, milliamps } = await board.injector.selftest();
      const { loopback, ...others } = checks;
      expect(new Set(Object.values(others))).toEqual(new Set(['passed']));
      expect(['passed', 'not possible']).toContain(loopback);
      expect(jackMillivolts).toBeLessThan(2_800);
      expect(milliamps).toBeLessThan(5);
      expect(await board.jackIsLive()).toBe(false);
      expect(reports).toEqual([]);
    });

    it('refuses to test itself while the jack is live, which stays live', async () => {
      await powered();
      await expect(board.injector.selftest()).rejects.toMatchObject({
        code: 'BOARD_REFUSED',
        message: expect.stringContaining('BUSY'),
      });
      expect(await board.jackIsLive()).toBe(true);
    });

    it('powers in one command, reports in order, and turns off when told', async () => {
      await powered();
      await board.injector.off();
      expect((await heard('power-off')).cause).toBe('COMMANDED');
      await heard('jack-safe');
      expect(await board.jackIsLive()).toBe(false);
      const kinds = reports.map(({ fact }) => fact.kind).filter((kind) => kind !== 'current' && kind !== 'flp-burst');
      expect(kinds).toEqual(['discovery', 'power-on', 'inrush', 'power-off', 'jack-safe']);
      expect(await board.injector.takeStoredTrip()).toBeUndefined();
    });

    it('refuses what the board refuses, with the board’s code, and nothing has changed', async () => {
      const refused = board.injector.discoverAndPower({ ...request, heartbeatTimeoutMs: 5_000 });
      await expect(refused).rejects.toMatchObject({
        code: 'BOARD_REFUSED',
        message: expect.stringContaining('BAD_PARAMETER'),
      });
      expect(await board.jackIsLive()).toBe(false);
      expect(reports).toEqual([]);
    });

    it('loses power when heartbeats stay away, and the board keeps why until it is asked once', async () => {
      await powered();
      beat.cancel();
      expect((await heard('power-off')).cause).toBe('HEARTBEAT');
      await heard('jack-safe');
      expect(await board.injector.takeStoredTrip()).toMatchObject({ cause: 'HEARTBEAT' });
      expect(await board.injector.takeStoredTrip()).toBeUndefined();
    });

    it('leaves power off and every call in flight rejected when it is closed', async () => {
      await powered();
      const flying = codeOf(board.injector.reportLink(true));
      await board.injector.close();
      expect(['fulfilled', 'BOARD_LOST']).toContain(await flying);
      expect(await goesDark()).toBe(true);
      const before = reports.length;
      await sleep(systemClock, 300);
      expect(reports.length).toBe(before);
      expect(await codeOf(board.injector.off())).toBe('BOARD_LOST');
    });

    it('tells that the board is lost when the cable is pulled, and power is off by itself', async () => {
      await powered();
      await board.pullCable();
      await heard('board-lost');
      expect(await codeOf(board.injector.off())).toBe('BOARD_LOST');
      expect(await goesDark()).toBe(true);
    });
  });
};
