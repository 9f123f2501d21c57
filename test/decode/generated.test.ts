import { expect, it } from 'vitest';
import { describeWithTshark } from '../wire/outside.js';
import { cdpCases } from './generated/cdp-cases.js';
import { dhcpCases } from './generated/dhcp-cases.js';
import { lldpCases } from './generated/lldp-cases.js';
import type { MadeFrame } from './generated/made.js';
import { ngFile } from './generated/ng-file.js';
import { compared } from './tshark-json.js';

const isLong = Boolean(process.env.LINKPULSE_LONG);
const seeds = isLong ? [1, 2, 3, 4, 5, 6, 7, 8] : [1];
const count = isLong ? 5000 : 600;

const makers: readonly [string, (seed: number, count: number) => MadeFrame[]][] = [
  ['CDP', cdpCases],
  ['LLDP', lldpCases],
  ['DHCP', dhcpCases],
];

describeWithTshark('decode beside tshark on captures made for it', () => {
  for (const [protocol, make] of makers)
    it(`${protocol}: every field of every message`, async () => {
      for (const seed of seeds) {
        const frames = make(seed, count);
        const { lines, compared: fields } = await compared(ngFile(frames));
        const [first = ''] = lines;
        // The bytes of the first difference, to look at.
        const frame = frames[Number(first.split(' ')[0]) - 1];
        expect(lines.slice(0, 20), `seed ${seed}: ${frame?.bytes.toString('hex') ?? ''}`).toEqual([]);
        expect(fields).toBeGreaterThan(20 * count);
      }
    });
});
