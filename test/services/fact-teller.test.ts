import { describe, expect, it } from 'vitest';
import { createFactTeller } from '../../src/services/fact-teller.js';
import type { ServiceFact } from '../../src/timeline/events.js';

describe('fact teller', () => {
  it('tells a fact once per action and key', () => {
    const facts: ServiceFact[] = [];
    const teller = createFactTeller('tftp', (fact) => facts.push(fact));
    teller.once('file-missing', 'a', { file: 'a' });
    teller.once('file-missing', 'a', { file: 'a' });
    teller.once('file-missing', 'b');
    teller.once('write-refused', 'a');
    expect(facts.map(({ action, detail }) => [action, detail])).toEqual([
      ['file-missing', { file: 'a' }],
      ['file-missing', {}],
      ['write-refused', {}],
    ]);
  });

  it('says once that it folds what comes beyond its memory', () => {
    const facts: ServiceFact[] = [];
    const teller = createFactTeller('tftp', (fact) => facts.push(fact), 2);
    for (const key of ['a', 'b', 'c', 'd', 'a']) teller.once('file-missing', key);
    expect(facts.map(({ action }) => action)).toEqual(['file-missing', 'file-missing', 'further-facts-folded']);
  });
});
