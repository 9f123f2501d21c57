import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeasePool } from '../../src/services/lease-pool.js';

const hourUs = 3600 * 1_000_000;
const macs = Array.from({ length: 6 }, (_, index) => `00:12:da:00:00:0${index}`);

const step = fc.record({
  mac: fc.constantFrom(...macs),
  deed: fc.oneof(
    { weight: 30, arbitrary: fc.constant('take' as const) },
    { weight: 5, arbitrary: fc.constant('release' as const) },
    { weight: 3, arbitrary: fc.constant('withdraw' as const) },
    { weight: 1, arbitrary: fc.constant('decline' as const) },
  ),
  wanted: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
  laterUs: fc.integer({ min: 0, max: hourUs / 2 }),
});

describe('lease pool', () => {
  it('never has one address leased to two at once, nor a declined or excluded one to anybody', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
        const pool = new LeasePool({
          ranges: [{ first: '10.0.0.1', last: '10.0.0.5' }],
          excluded: new Set(['10.0.0.3']),
        });
        const held = new Map<string, { address: string; untilUs: number }>();
        const declinedUntilUs = new Map<string, number>();
        let nowUs = 0;
        for (const { mac, deed, wanted, laterUs } of steps) {
          nowUs += laterUs;
          const mine = held.get(mac)?.address;
          if (deed === 'take') {
            const address = pool.offer(mac, wanted === undefined ? undefined : `10.0.0.${wanted}`, nowUs);
            if (address === undefined) continue;
            expect(declinedUntilUs.get(address) ?? 0).toBeLessThanOrEqual(nowUs);
            expect(['10.0.0.1', '10.0.0.2', '10.0.0.4', '10.0.0.5']).toContain(address);
            for (const [other, lease] of held) {
              if (other !== mac && lease.untilUs > nowUs) expect(lease.address).not.toBe(address);
            }
            pool.lease(mac, 3600, nowUs);
            held.set(mac, { address, untilUs: nowUs + hourUs });
          } else if (mine !== undefined && deed === 'release') {
            pool.release(mac, mine, nowUs);
            held.delete(mac);
          } else if (mine !== undefined && deed === 'decline') {
            if (pool.decline(mac, mine, nowUs)) declinedUntilUs.set(mine, nowUs + hourUs);
            held.delete(mac);
          } else if (deed === 'withdraw') {
            pool.withdraw(mac);
          }
        }
      }),
      { seed: 2131, numRuns: 300 },
    );
  });

  const poolOf = (first: string, last: string, reserved: readonly [string, string][] = []) =>
    new LeasePool({ ranges: [{ first, last }], excluded: new Set(), reserved: new Map(reserved) });

  it('holds at most 65,536 addresses, however wide the range', () => {
    expect(poolOf('10.0.0.1', '10.255.255.254').size).toBe(65_536);
  });

  it('has nothing to give when the range is the wrong way round', () => {
    expect(poolOf('10.0.0.9', '10.0.0.1').offer('00:12:da:00:00:01', undefined, 0)).toBeUndefined();
  });

  it('takes an offer back for another when nothing else is left and a second has passed', () => {
    const pool = poolOf('10.0.0.1', '10.0.0.1');
    expect(pool.offer('00:12:da:00:00:01', undefined, 0)).toBe('10.0.0.1');
    expect(pool.offer('00:12:da:00:00:02', undefined, 999_999)).toBeUndefined();
    expect(pool.offer('00:12:da:00:00:02', undefined, 1_000_000)).toBe('10.0.0.1');
  });

  it('never takes a lease back before its end', () => {
    const pool = poolOf('10.0.0.1', '10.0.0.1');
    pool.offer('00:12:da:00:00:01', undefined, 0);
    pool.lease('00:12:da:00:00:01', 60, 0);
    expect(pool.offer('00:12:da:00:00:02', undefined, 59_999_999)).toBeUndefined();
    expect(pool.offer('00:12:da:00:00:02', undefined, 60_000_000)).toBe('10.0.0.1');
  });

  it('keeps a reserved address for its MAC and gives the others to everybody', () => {
    const mine = '00:12:da:00:00:01';
    const pool = poolOf('10.0.0.1', '10.0.0.2', [[mine, '10.0.0.2']]);
    expect(pool.offer('00:12:da:00:00:02', '10.0.0.2', 0)).toBe('10.0.0.1');
    expect(pool.offer('00:12:da:00:00:03', undefined, 0)).toBeUndefined();
    expect(pool.offer(mine, '10.0.0.1', 0)).toBe('10.0.0.2');
  });

  it('gives each address to one MAC when a thousand ask for all of them', () => {
    const pool = poolOf('10.0.0.1', '10.0.3.232');
    const given = Array.from({ length: pool.size }, (_, index) => pool.offer(`mac ${index}`, undefined, 0));
    expect(new Set(given).size).toBe(1000);
    expect(given).not.toContain(undefined);
    expect(pool.offer('one more', undefined, 0)).toBeUndefined();
    expect(pool.bindings).toBe(1000);
  });
});
