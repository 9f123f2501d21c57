import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keepLeases } from '../../src/station/lease-store.js';
import { createLeases, type LeaseChange, type LeaseRequest } from '../../src/station/leases.js';
import { ManualClock } from '../services/manual-clock.js';

const port = { kind: 'port', name: 'sim1' } as const;
const printer = { kind: 'shared', name: 'label-printer' } as const;
const minuteMs = 60_000;
const asked = (id: string, more: Partial<LeaseRequest> = {}): LeaseRequest => ({
  ...{ id, thing: port, owner: 'ci', purpose: 'job 7', forMs: minuteMs },
  ...more,
});
const never = new AbortController().signal;
const codeOf = async (act: () => unknown): Promise<unknown> => {
  try {
    await act();
  } catch (error) {
    return (error as { readonly code: unknown }).code;
  }
  return 'done';
};
/** Promises that have all they wait for. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A clock whose wall time somebody sets. */
class SetClock extends ManualClock {
  wall = Date.UTC(2026, 0, 1, 12);
  override wallClock = () => new Date(this.wall);
}

describe('leases', () => {
  it('gives a thing to one at a time, and says who has it until when', async () => {
    const clock = new SetClock();
    const leases = createLeases(clock);
    leases.take(asked('one'));
    expect(() => leases.take(asked('two', { owner: 'ana' }))).toThrow('sim1, by ci (job 7) until 2026-01-01T12:01:00Z');
    expect(await codeOf(() => leases.take(asked('two')))).toBe('PORT_RESERVED');
    expect(await codeOf(() => leases.take(asked('one', { owner: 'ana' })))).toBe('PORT_RESERVED');
    leases.take(asked('run', { thing: { kind: 'port', name: 'sim2' }, forMs: null }));
    expect(await codeOf(() => leases.take(asked('three', { thing: { kind: 'port', name: 'sim2' } })))).toBe(
      'PORT_BUSY',
    );
    leases.take(asked('label', { thing: printer }));
    expect(await codeOf(() => leases.take(asked('x', { thing: printer })))).toBe('SHARED_TAKEN');
  });

  it('is one lease where a request is repeated, and none where it comes after the end', async () => {
    const leases = createLeases(new ManualClock());
    leases.take(asked('one'));
    leases.take(asked('one'));
    expect(await leases.end('one', 'it was given back')).toBe(true);
    expect(leases.of(port)).toBeUndefined();
    expect(await codeOf(() => leases.take(asked('one')))).toBe('LEASE_ENDED');
    expect(await codeOf(() => leases.takeInTurn(asked('one'), never))).toBe('LEASE_ENDED');
    expect(await codeOf(() => leases.renew('one', 'ci', minuteMs))).toBe('LEASE_ENDED');
    expect(await leases.end('one', 'again')).toBe(false);
  });

  it('ends by the monotonic clock, whatever the wall clock is set to', async () => {
    const clock = new SetClock();
    const leases = createLeases(clock);
    leases.take(asked('one'));
    clock.advance(30_000);
    clock.wall += 10 * 24 * 3_600_000;
    await settle();
    expect(leases.held('one')).toBeDefined();
    expect(leases.note(leases.take(asked('one'))).remainingMs).toBe(minuteMs);
    clock.wall -= 20 * 24 * 3_600_000;
    clock.advance(59_999);
    await settle();
    expect(leases.held('one')).toBeDefined();
    clock.advance(1);
    await settle();
    expect(leases.of(port)).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it('is free only when what its holder does there has been stopped, and its holder may begin nothing meanwhile', async () => {
    const clock = new ManualClock();
    const leases = createLeases(clock);
    const order: string[] = [];
    let stopped = () => {};
    leases.onEnding(async (_lease, why) => {
      order.push(why);
      await new Promise<void>((resolve) => {
        stopped = resolve;
      });
      order.push('power off, record');
      throw new Error('the disk is full');
    });
    leases.take(asked('one'));
    const next = leases.takeInTurn(asked('two', { owner: 'ana' }), never).then(() => order.push('granted'));
    clock.advance(minuteMs);
    await settle();
    expect(leases.held('one')).toBeUndefined();
    expect(await codeOf(() => leases.take(asked('one')))).toBe('LEASE_ENDED');
    expect(order).toEqual(['its time is over']);
    stopped();
    await next;
    expect(order).toEqual(['its time is over', 'power off, record', 'granted']);
  });

  it('is not taken from the next holder where it was given back while it was being stopped', async () => {
    const leases = createLeases(new ManualClock());
    let stopped = () => {};
    leases.onEnding(
      () =>
        new Promise<void>((resolve) => {
          stopped = resolve;
        }),
    );
    leases.take(asked('one'));
    const ending = leases.end('one', 'it was given back');
    leases.giveBack('one');
    leases.take(asked('two'));
    stopped();
    await ending;
    expect(leases.held('two')).toBeDefined();
  });

  it('serves those who wait in their turn, and forgets who went away', async () => {
    const clock = new ManualClock();
    const leases = createLeases(clock);
    leases.take(asked('one', { thing: printer }));
    const granted: string[] = [];
    const gone = new AbortController();
    const wait = (id: string, signal = never) =>
      leases.takeInTurn(asked(id, { thing: printer }), signal).then(
        () => granted.push(id),
        () => granted.push(`not ${id}`),
      );
    void wait('two');
    void wait('three', gone.signal);
    void wait('four');
    // A connection that was cut comes back with the same id: it keeps its place.
    void wait('two');
    expect(leases.waiting(printer)).toHaveLength(3);
    gone.abort();
    leases.giveBack('one');
    await settle();
    expect(granted).toEqual(['not two', 'not three', 'two']);
    leases.giveBack('two');
    await settle();
    expect(granted.at(-1)).toBe('four');
    expect(leases.waiting(printer)).toEqual([]);
  });

  it('lets no crowd wait', async () => {
    const leases = createLeases(new ManualClock());
    leases.take(asked('one'));
    for (let index = 0; index < 32; index += 1)
      leases.takeInTurn(asked(`w${index}`), new AbortController().signal).catch(() => {});
    expect(await codeOf(() => leases.takeInTurn(asked('late'), never))).toBe('PORT_RESERVED');
  });

  it('is ended by others only where it has an end of its own', async () => {
    const leases = createLeases(new ManualClock());
    expect(await leases.endOf(port, 'ana')).toBe(false);
    leases.take(asked('one'));
    const told: LeaseChange[] = [];
    leases.onChange((change) => told.push(change));
    expect(await leases.endOf(port, 'ana')).toBe(true);
    expect(told).toMatchObject([{ what: 'ended', why: 'ana ended it', lease: { owner: 'ci' } }]);
    leases.take(asked('run', { thing: printer, forMs: null, purpose: 'run on sim1' }));
    expect(await codeOf(() => leases.endOf(printer, 'ana'))).toBe('SHARED_TAKEN');
  });
});

describe('the file of leases', () => {
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-leases-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const start = (path: string, wall: number) => {
    const clock = new SetClock();
    clock.wall = wall;
    const leases = createLeases(clock);
    const said: string[] = [];
    keepLeases(path, leases, {
      clock,
      log: (text) => said.push(text),
      has: ({ name }) => name === 'sim1',
      lapsed: ({ id }) => said.push(`lapsed ${id}`),
    });
    return { clock, leases, said };
  };
  const noon = Date.UTC(2026, 0, 1, 12);

  it('lets a later daemon go on with what is left', () => {
    const path = join(folder, 'a.json');
    const { leases } = start(path, noon);
    leases.take(asked('one'));
    leases.take(asked('command', { thing: printer, forMs: null }));
    expect(readFileSync(path, 'utf8')).not.toContain('command');
    const later = start(path, noon + 20_000);
    expect(later.leases.note(later.leases.renew('one', 'ci', 30_000)).remainingMs).toBe(30_000);
    expect(start(path, noon + 70_000).said).toEqual(['lapsed one']);
    expect(start(path, noon).leases.held('one')).toBeUndefined();
  });

  it('gives no more than was granted where the clock starts too early, and nothing of a port that is gone', () => {
    const path = join(folder, 'b.json');
    const { leases } = start(path, noon);
    leases.take(asked('one'));
    leases.take(asked('gone', { thing: { kind: 'port', name: 'sim9' } }));
    const later = start(path, Date.UTC(1970, 0, 1));
    const [left] = later.leases.lasting();
    expect(left === undefined ? null : later.leases.note(left).remainingMs).toBe(minuteMs);
    expect(later.leases.held('gone')).toBeUndefined();
    expect(later.clock.pending).toBe(1);
  });
});
