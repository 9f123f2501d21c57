import { describe, expect, it } from 'vitest';
import { describeFact } from '../../src/reports/describe-fact.js';
import type { Fact } from '../../src/timeline/events.js';
import { healthyRun } from './fixture-run.js';

const service = (action: string): Fact => ({ kind: 'service', service: 'tftp', action, detail: { file: 'x' } });

describe('facts in words', () => {
  it('every fact of a healthy run has words of its own', () => {
    const kinds = new Map(healthyRun().events.map(({ fact }) => [fact.kind, describeFact(fact)]));
    for (const [kind, text] of kinds) {
      expect(text).not.toBe(kind);
      expect(text).not.toMatch(/undefined|null|NaN|\[object/);
    }
    expect(new Set(kinds.values()).size).toBe(kinds.size);
  });

  it('no control character reaches a terminal', () => {
    expect(describeFact(service('\u001b[2Jgone\u009b1m'))).toBe('tftp: �[2Jgone�1m, file x');
  });

  it('a long text is cut', () => {
    expect(describeFact(service('x'.repeat(5000)))).toHaveLength(241);
  });

  it('a kind that a newer version wrote is named', () => {
    expect(describeFact({ kind: 'from-the-future' } as unknown as Fact)).toBe('from-the-future');
  });
});
