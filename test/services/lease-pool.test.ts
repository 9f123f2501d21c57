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
        const pool = new LeasePool({ first: '10.0.0.1', last: '10.0.0.5', excluded: new Set(['10.0.0.3']) });
        const held = new Map<string, { address: string; untilUs: number }>();
        const declined = new Set<string>();
        let nowUs = 0;
        for (const { mac, deed, wanted, laterUs } of steps) {
          nowUs += laterUs;
          const mine = held.get(mac)?.address;
          if (deed === 'take') {
            const address = pool.offer(mac, wanted === undefined ? undefined : `10.0.0.${wanted}`, nowUs);
            if (address === undefined) continue;
            expect(declined.has(address)).toBe(false);
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
            if (pool.decline(mac, mine)) declined.add(mine);
            held.delete(mac);
          } else if (deed === 'withdraw') {
            pool.withdraw(mac);
          }
        }
      }),
      { seed: 2131, numRuns: 300 },
    );
  });

  it('holds at most 1024 addresses, however wide the range', () => {
    expect(new LeasePool({ first: '10.0.0.1', last: '10.255.255.254', excluded: new Set() }).size).toBe(1024);
  });

  it('has nothing to give when the range is the wrong way round', () => {
    const pool = new LeasePool({ first: '10.0.0.9', last: '10.0.0.1', excluded: new Set() });
    expect(pool.offer('00:12:da:00:00:01', undefined, 0)).toBeUndefined();
  });

  it('takes an offer back after a minute', () => {
    const pool = new LeasePool({ first: '10.0.0.1', last: '10.0.0.1', excluded: new Set() });
    expect(pool.offer('00:12:da:00:00:01', undefined, 0)).toBe('10.0.0.1');
    expect(pool.offer('00:12:da:00:00:02', undefined, 59_999_999)).toBeUndefined();
    expect(pool.offer('00:12:da:00:00:02', undefined, 60_000_000)).toBe('10.0.0.1');
  });
});
