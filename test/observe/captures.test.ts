import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createObserver } from '../../src/observe/observer.js';
import type { ObserveFact } from '../../src/timeline/events.js';
import { readCapture } from '../../src/wire/pcapng.js';
import { only } from './wire.js';

const folder = join(resolve(process.env.LINKPULSE_SHARED ?? '../shared'), 'captures');
const files = existsSync(folder)
  ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.pcap(ng)?$/.test(name))
  : [];

const observe = (name: string): { facts: ObserveFact[]; frames: number } => {
  const observer = createObserver();
  const { frames } = readCapture(readFileSync(join(folder, name)));
  const facts = frames.flatMap(({ bytes, direction, timestampUs }, index) => [
    ...observer.frame({ bytes, direction, atUs: timestampUs, number: index + 1 }),
  ]);
  return { facts: [...facts, ...observer.end()], frames: frames.length };
};

/** Real frames made by others; they are read in place and never copied here. */
describe.skipIf(files.length === 0)('captures of real frames (LINKPULSE_SHARED)', () => {
  it.each(files)('%s is observed without a throw, the same each time, each fact below 4 KiB', (name) => {
    const { facts } = observe(name);
    expect(observe(name).facts).toEqual(facts);
    for (const fact of facts) expect(JSON.stringify(fact).length).toBeLessThan(4096);
  });

  it('shows real phones that discover for ever: no request ever', () => {
    const name = files.find((file) => file.includes('mercury_cisco_phones_A'));
    if (name === undefined) return;
    const messages = only(observe(name).facts, 'dhcp');
    const fromPhones = messages.filter(({ from }) => from === 'phone');
    expect(fromPhones.length).toBeGreaterThan(0);
    expect(new Set(fromPhones.map(({ messageType }) => messageType))).toEqual(new Set(['DISCOVER']));
    expect(fromPhones.every(({ vendorClass }) => vendorClass?.startsWith('Cisco Systems, Inc. IP Phone'))).toBe(true);
  });
});
