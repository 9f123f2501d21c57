import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BoardReport, Injector, PowerTerms } from '../../src/board/injector.js';
import { profileIdOf } from '../../src/board/profile-id.js';
import { isBenchError } from '../../src/errors.js';
import { systemClock } from '../../src/timeline/clock.js';
import type { FactKind, FactOf } from '../../src/timeline/events.js';
import { feeds } from '../../src/timeline/feed.js';
import { sleep } from '../../src/timeline/wait.js';
import { injectorProtocol } from '../../src/wire/injector.js';

/** A board to try a driver on, and what the suite may do to it from outside. */
export interface BoardUnderTest {
  /** `lines`: the driver has nothing but the discrete lines and knows no more than they tell. */
  readonly by: 'serial' | 'lines' | 'both';
  readonly injector: Injector;
  /** Whether -48 V is on the jack, by somebody who does not ask the driver. */
  jackIsLive(): Promise<boolean>;
  pullCable(): Promise<void>;
  setEstop(closed: boolean): Promise<void>;
  close(): Promise<void>;
}

/** A phone of that kind hangs on the jack, unpowered; a board that is driven by its lines has these terms as its profile. */
export type OpenBoard = (phone: 'prestandard' | '802.3af', terms: PowerTerms) => Promise<BoardUnderTest>;

export const requestOfTheContract: PowerTerms = {
  method: 'prestandard',
  feed: null,
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

const request = requestOfTheContract;

/** The points that -48 V hangs on: where a driver's whole contract is for the long count, these are not. */
export const aboutPower = /^(powers|loses power|leaves power|turns|tells that the board is lost)/;

/** What every driver of the Injector guarantees (src/board/injector.ts), in one suite for all of them; or the points named. */
export const testInjector = (title: string, open: OpenBoard, points = /./): void => {
  const point = (words: string, body: () => Promise<void>, timeoutMs?: number) => {
    if (points.test(words)) it(words, body, timeoutMs);
  };
  describe(`${title} keeps the contract of an Injector`, () => {
    let board: BoardUnderTest;
    let reports: BoardReport[];
    let beat: { cancel(): void };

    const start = async (phone: 'prestandard' | '802.3af', changes: Partial<PowerTerms> = {}) => {
      board = await open(phone, { ...request, ...changes });
      reports = [];
      board.injector.onReport((report) => {
        if (report.fact.kind !== 'line-edge') reports.push(report);
      });
      await board.injector.identify();
      beat = systemClock.every(100, () => board.injector.heartbeat());
      await sleep(systemClock, 300);
    };

    /** Another board: what is asked of the lines must be the profile of the board behind them. */
    const restart = async (phone: 'prestandard' | '802.3af', changes: Partial<PowerTerms>) => {
      beat.cancel();
      await board.close();
      await start(phone, changes);
    };
    const byLines = () => board.by === 'lines';

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
      throw new Error(
        `no ${kind}; heard ${reports.map(({ fact }) => ('code' in fact ? `${fact.kind} ${fact.code}` : fact.kind)).join(', ')}`,
      );
    };
    /** The refusal of a power request, '' for none; waits out those that pass by themselves on a busy machine. */
    const refusalOf = async (changes: Partial<PowerTerms> = {}): Promise<string> => {
      for (let tries = 0; ; tries += 1) {
        const refusal = await board.injector.discoverAndPower({ ...request, ...changes }).then(() => '', String);
        if (!/NO_HEARTBEAT|OFF_DWELL/.test(refusal) || tries >= 20) return refusal;
        await sleep(systemClock, 200);
      }
    };
    const powered = async (changes: Partial<PowerTerms> = {}) => {
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

    point('says who it is, and power is off by then', async () => {
      const identity = await board.injector.identify();
      expect(identity.serial).not.toBe('');
      if (byLines()) {
        expect(identity).toMatchObject({ protocol: null, firmware: null, revision: null, calibratedOn: null });
        expect(identity.profileId).toBe(profileIdOf(request));
      } else {
        expect(identity.protocol).toBe(injectorProtocol);
        expect(identity.calibratedOn).toMatch(/^20\d\d-\d\d-\d\d$/);
      }
      expect(await board.jackIsLive()).toBe(false);
    });

    point('finds the phone by its echo without powering it, when asked for discovery alone', async () => {
      await board.injector.discover({ method: 'prestandard', echoes: 3, maxBursts: 40, pulseNanoseconds: 500 });
      expect((await heard('discovery')).outcome).toBe(byLines() ? 'found' : 'loopback');
      if (!byLines()) {
        const burst = await heard('flp-burst');
        expect(burst.heard).toBe(burst.sent);
        expect(burst.pulseNanoseconds).toBe(500);
      }
      expect(await board.jackIsLive()).toBe(false);
    });

    point('says what it cannot do without serial, and nothing has changed', async () => {
      if (!byLines()) return expect(await codeOf(board.injector.readProfile())).toBe('fulfilled');
      for (const call of [
        board.injector.selftest(),
        board.injector.readProfile(),
        board.injector.storeProfile(request),
        board.injector.takeStoredTrip(),
      ])
        expect(await codeOf(call)).toBe('NEEDS_SERIAL');
      expect(reports).toEqual([]);
      expect(await board.jackIsLive()).toBe(false);
    });

    point('tests itself without a volt on the jack, and says what it has no line for', async () => {
      if (byLines()) return expect(await codeOf(board.injector.selftest())).toBe('NEEDS_SERIAL');
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

    point('proves its watchdog by a restart when asked to, and is identified again by then', async () => {
      if (byLines()) return expect(await codeOf(board.injector.selftest())).toBe('NEEDS_SERIAL');
      const { checks } = await board.injector.selftest({ provesWatchdog: true });
      expect(checks.watchdog).toBe('passed');
      expect(await board.jackIsLive()).toBe(false);
      expect((await board.injector.identify()).resetCause).toBe('watchdog');
      await sleep(systemClock, 300);
      await board.injector.discover({ method: 'prestandard', echoes: 3, maxBursts: 40, pulseNanoseconds: 125 });
      expect((await heard('discovery')).outcome).toBe('loopback');
    });

    point('says what it cannot test while the e-stop is open', async () => {
      if (byLines()) return expect(await codeOf(board.injector.selftest())).toBe('NEEDS_SERIAL');
      await board.setEstop(false);
      await sleep(systemClock, 100);
      const { checks } = await board.injector.selftest();
      expect(checks).toMatchObject({ estop: 'failed', switch2Closes: 'not possible', gateCloses: 'not possible' });
      expect(await board.jackIsLive()).toBe(false);
    });

    point('loses power when the e-stop opens, and refuses to power until it is closed', async () => {
      await powered();
      await board.setEstop(false);
      expect(await board.jackIsLive()).toBe(false);
      expect((await heard('power-off')).cause).toBe('ESTOP');
      await heard('jack-safe');
      expect(await refusalOf()).toContain('ESTOP');
    });

    point('feeds the pairs asked for and says so, and refuses those it cannot feed', async () => {
      const refused = board.injector.discoverAndPower({ ...request, feed: feeds[2] });
      await expect(refused).rejects.toMatchObject({
        code: 'BOARD_REFUSED',
        message: expect.stringContaining(byLines() ? 'PROFILE' : 'PAIRS'),
      });
      expect(reports).toEqual([]);
      if (byLines()) await restart('prestandard', { feed: feeds[1] });
      await powered({ feed: feeds[1] });
      expect(await heard('power-on')).toMatchObject({ method: 'prestandard', pairs: 'spare', polarity: '802.3af' });
    });

    point('sees a prestandard phone as a load when asked for 802.3af, and powers nothing', async () => {
      if (byLines()) await restart('prestandard', { method: '802.3af' });
      expect(await refusalOf({ method: '802.3af' })).toBe('');
      const discovery = await heard('discovery');
      if (byLines()) expect(discovery.outcome).toBe('not-found');
      else {
        expect(discovery).toMatchObject({ method: '802.3af', outcome: 'no-signature' });
        expect((await heard('probe')).finding).toBe('load');
      }
      await sleep(systemClock, 300);
      expect(await board.jackIsLive()).toBe(false);
    });

    it.each(['802.3af', 'auto'] as const)(
      'finds an 802.3af phone by its signature and powers it, asked for %s',
      async (method) => {
        await restart('802.3af', { method });
        if (byLines() && method === 'auto') return expect(await refusalOf({ method })).toContain('METHOD');
        await powered({ method });
        if (!byLines()) {
          const probe = await heard('probe');
          expect(probe).toMatchObject({ finding: 'signature', powerClass: 2 });
          expect(probe.ohms).toBeGreaterThan(23_500);
          expect(probe.ohms).toBeLessThan(26_500);
          expect(await heard('discovery')).toMatchObject({ method: '802.3af', outcome: 'signature' });
        }
        expect(await heard('power-on')).toMatchObject({ method: '802.3af', pairs: 'spare', polarity: '802.3af' });
      },
    );

    point('powers nothing without a heartbeat', async () => {
      beat.cancel();
      await sleep(systemClock, 700);
      const refused = board.injector.discoverAndPower(request);
      await expect(refused).rejects.toMatchObject({
        code: 'BOARD_REFUSED',
        message: expect.stringContaining('NO_HEARTBEAT'),
      });
      expect(await board.jackIsLive()).toBe(false);
    });

    point('keeps a profile, and keeps the old one when a new one is refused', async () => {
      if (byLines()) return expect(await codeOf(board.injector.readProfile())).toBe('NEEDS_SERIAL');
      const terms: PowerTerms = { ...request, method: 'auto', feed: feeds[1], pulseNanoseconds: 250 };
      const profile = await board.injector.storeProfile(terms);
      expect(profile).toEqual({ ...terms, id: profileIdOf(terms) });
      expect(await board.injector.readProfile()).toEqual(profile);
      expect((await board.injector.identify()).profileId).toBe(profile.id);
      for (const [wrong, code] of [
        [{ ...terms, feed: feeds[3] }, 'PAIRS'],
        [{ ...terms, overloadMilliamps: 2_000 }, 'BAD_PARAMETER'],
      ] as const)
        await expect(board.injector.storeProfile(wrong)).rejects.toMatchObject({
          code: 'BOARD_REFUSED',
          message: expect.stringContaining(code),
        });
      expect(await board.injector.readProfile()).toEqual(profile);
    });

    point('refuses to test itself while the jack is live, which stays live', async () => {
      if (byLines()) return expect(await codeOf(board.injector.selftest())).toBe('NEEDS_SERIAL');
      await powered();
      await expect(board.injector.selftest()).rejects.toMatchObject({
        code: 'BOARD_REFUSED',
        message: expect.stringContaining('BUSY'),
      });
      expect(await board.jackIsLive()).toBe(true);
    });

    point('powers in one command, reports in order, and turns off when told', async () => {
      await powered();
      if (!byLines()) await heard('inrush');
      await board.injector.off();
      expect((await heard('power-off')).cause).toBe('COMMANDED');
      await heard('jack-safe');
      expect(await board.jackIsLive()).toBe(false);
      const kinds = reports.map(({ fact }) => fact.kind).filter((kind) => kind !== 'current' && kind !== 'flp-burst');
      if (byLines()) {
        expect(kinds).toEqual(['power-on', 'power-off', 'jack-safe']);
        expect((await heard('power-off')).switchOffMs).toBeLessThan(550);
      } else {
        expect(kinds).toEqual(['discovery', 'power-on', 'inrush', 'power-off', 'jack-safe']);
        expect(await board.injector.takeStoredTrip()).toBeUndefined();
      }
    });

    point('refuses what the board refuses, with the board’s code, and nothing has changed', async () => {
      const refused = board.injector.discoverAndPower({ ...request, heartbeatTimeoutMs: 5_000 });
      await expect(refused).rejects.toMatchObject({
        code: 'BOARD_REFUSED',
        message: expect.stringContaining(byLines() ? 'PROFILE' : 'BAD_PARAMETER'),
      });
      expect(await board.jackIsLive()).toBe(false);
      expect(reports).toEqual([]);
    });

    point('loses power when heartbeats stay away, and the board keeps why until it is asked once', async () => {
      await powered();
      beat.cancel();
      expect((await heard('power-off')).cause).toBe('HEARTBEAT');
      await heard('jack-safe');
      if (byLines()) return;
      expect(await board.injector.takeStoredTrip()).toMatchObject({ cause: 'HEARTBEAT' });
      expect(await board.injector.takeStoredTrip()).toBeUndefined();
    });

    point('leaves power off and every call in flight rejected when it is closed', async () => {
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

    point('tells that the board is lost when the cable is pulled, and power is off by itself', async () => {
      await powered();
      await board.pullCable();
      await heard('board-lost');
      expect(await codeOf(board.injector.off())).toBe('BOARD_LOST');
      expect(await goesDark()).toBe(true);
    });
  });
};
