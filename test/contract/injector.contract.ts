import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BoardProfile, BoardReport, Injector, PowerRequest } from '../../src/board/injector.js';
import { isBenchError } from '../../src/errors.js';
import { systemClock } from '../../src/timeline/clock.js';
import type { FactKind, FactOf } from '../../src/timeline/events.js';
import { feeds } from '../../src/timeline/feed.js';
import { sleep } from '../../src/timeline/wait.js';
import { injectorProtocol } from '../../src/wire/injector.js';

/** A board to try a driver on, and what the suite may do to it from outside. */
export interface BoardUnderTest {
  readonly injector: Injector;
  /** Whether -48 V is on the jack, by somebody who does not ask the driver. */
  jackIsLive(): Promise<boolean>;
  pullCable(): Promise<void>;
  setEstop(closed: boolean): Promise<void>;
  close(): Promise<void>;
}

/** A phone of that kind hangs on the jack, unpowered. */
export type OpenBoard = (phone: 'prestandard' | '802.3af') => Promise<BoardUnderTest>;

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

    const start = async (phone: 'prestandard' | '802.3af') => {
      board = await open(phone);
      reports = [];
      board.injector.onReport((report) => reports.push(report));
      await board.injector.identify();
      beat = systemClock.every(100, () => board.injector.heartbeat());
      await sleep(systemClock, 300);
    };

    beforeEach(() => start('prestandard'), 30_000);

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
    /** The refusal of a power request, '' for none; waits out those that pass by themselves on a busy machine. */
    const refusalOf = async (changes: Partial<PowerRequest> = {}): Promise<string> => {
      for (let tries = 0; ; tries += 1) {
        const refusal = await board.injector.discoverAndPower({ ...request, ...changes }).then(() => '', String);
        if (!/NO_HEARTBEAT|OFF_DWELL/.test(refusal) || tries >= 20) return refusal;
        await sleep(systemClock, 200);
      }
    };
    const powered = async (changes: Partial<PowerRequest> = {}) => {
      expect(await refusalOf(changes)).toBe('');
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
      const { loopback, watchdog, ...others } = checks;
      expect(new Set(Object.values(others))).toEqual(new Set(['passed']));
      expect(['passed', 'not possible']).toContain(loopback);
      expect(watchdog).toBe('not possible');
      expect(jackMillivolts).toBeLessThan(2_800);
      expect(milliamps).toBeLessThan(5);
      expect(await board.jackIsLive()).toBe(false);
      expect(reports).toEqual([]);
    });

    it('proves its watchdog by a restart when asked to, and is identified again by then', async () => {
      const { checks } = await board.injector.selftest({ provesWatchdog: true });
      expect(checks.watchdog).toBe('passed');
      expect(await board.jackIsLive()).toBe(false);
      expect((await board.injector.identify()).resetCause).toBe('watchdog');
      await sleep(systemClock, 300);
      await board.injector.discover({ method: 'prestandard', echoes: 3, maxBursts: 40, pulseNanoseconds: 125 });
      expect((await heard('discovery')).outcome).toBe('loopback');
    });

    it('says what it cannot test while the e-stop is open', async () => {
      await board.setEstop(false);
      await sleep(systemClock, 100);
      const { checks } = await board.injector.selftest();
      expect(checks).toMatchObject({ estop: 'failed', switch2Closes: 'not possible', gateCloses: 'not possible' });
      expect(await board.jackIsLive()).toBe(false);
    });

    it('loses power when the e-stop opens, and refuses to power until it is closed', async () => {
      await powered();
      await board.setEstop(false);
      expect(await board.jackIsLive()).toBe(false);
      expect((await heard('power-off')).cause).toBe('ESTOP');
      await heard('jack-safe');
      expect(await refusalOf()).toContain('ESTOP');
    });

    it('feeds the pairs asked for and says so, and refuses those it cannot feed', async () => {
      const refused = board.injector.discoverAndPower({ ...request, feed: feeds[2] });
      await expect(refused).rejects.toMatchObject({
        code: 'BOARD_REFUSED',
        message: expect.stringContaining('PAIRS'),
      });
      expect(reports).toEqual([]);
      await powered({ feed: feeds[1] });
      expect(await heard('power-on')).toMatchObject({ method: 'prestandard', pairs: 'spare', polarity: '802.3af' });
    });

    it('sees a prestandard phone as a load when asked for 802.3af, and powers nothing', async () => {
      expect(await refusalOf({ method: '802.3af' })).toBe('');
      expect(await heard('discovery')).toMatchObject({ method: '802.3af', outcome: 'no-signature' });
      expect((await heard('probe')).finding).toBe('load');
      await sleep(systemClock, 300);
      expect(await board.jackIsLive()).toBe(false);
    });

    it.each(['802.3af', 'auto'] as const)(
      'finds an 802.3af phone by its signature and powers it, asked for %s',
      async (method) => {
        beat.cancel();
        await board.close();
        await start('802.3af');
        await powered({ method });
        const probe = await heard('probe');
        expect(probe).toMatchObject({ finding: 'signature', powerClass: 2 });
        expect(probe.ohms).toBeGreaterThan(23_500);
        expect(probe.ohms).toBeLessThan(26_500);
        expect(await heard('discovery')).toMatchObject({ method: '802.3af', outcome: 'signature' });
        expect(await heard('power-on')).toMatchObject({ method: '802.3af', pairs: 'spare', polarity: '802.3af' });
      },
    );

    it('takes no message for a heartbeat when the heartbeat is to come by the line, which nobody drives', async () => {
      const refused = board.injector.discoverAndPower({ ...request, heartbeatByLine: true });
      await expect(refused).rejects.toMatchObject({
        code: 'BOARD_REFUSED',
        message: expect.stringContaining('NO_HEARTBEAT'),
      });
      expect(await board.jackIsLive()).toBe(false);
    });

    it('keeps a profile, and keeps the old one when a new one is refused', async () => {
      const { heartbeatByLine, ...terms } = request;
      const profile: BoardProfile = { ...terms, id: 960, method: 'auto', feed: feeds[1], pulseNanoseconds: 250 };
      await board.injector.storeProfile(profile);
      expect(await board.injector.readProfile()).toEqual(profile);
      expect((await board.injector.identify()).profileId).toBe(960);
      for (const [wrong, code] of [
        [{ ...profile, id: 961, feed: feeds[3] }, 'PAIRS'],
        [{ ...profile, id: 962, overloadMilliamps: 2_000 }, 'BAD_PARAMETER'],
      ] as const)
        await expect(board.injector.storeProfile(wrong)).rejects.toMatchObject({
          code: 'BOARD_REFUSED',
          message: expect.stringContaining(code),
        });
      expect(await board.injector.readProfile()).toEqual(profile);
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
