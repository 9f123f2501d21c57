import { expect, it } from 'vitest';
import { describeWithTshark } from '../wire/outside.js';
import { expectedOf } from './agreement.js';
import { cdpCases } from './generated/cdp-cases.js';
import { dhcpCases } from './generated/dhcp-cases.js';
import { linkCases } from './generated/link-cases.js';
import { lldpCases } from './generated/lldp-cases.js';
import type { MadeFrame } from './generated/made.js';
import { ngFile } from './generated/ng-file.js';
import { sccpCases } from './generated/sccp-cases.js';
import { sipCases } from './generated/sip-cases.js';
import { tftpCases } from './generated/tftp-cases.js';
import { compared } from './tshark-json.js';

const isLong = Boolean(process.env.LINKPULSE_LONG);
const seeds = isLong ? [2, 3, 4] : [1];
const count = isLong ? 4000 : 600;

/** By default tshark reads TCP segments as they come and loses what comes late or twice in part. */
const inOrder = ['-o', 'tcp.reassemble_out_of_order:TRUE'];

interface Maker {
  readonly name: string;
  make(seed: number, count: number): MadeFrame[];
  readonly options?: readonly string[];
}
const makers: readonly Maker[] = [
  { name: 'CDP', make: cdpCases },
  { name: 'LLDP', make: lldpCases },
  { name: 'DHCP', make: dhcpCases },
  { name: 'TFTP', make: tftpCases },
  { name: 'every wrapping', make: linkCases },
  { name: 'SIP', make: sipCases },
  { name: 'SCCP, segments repeated', make: (seed, count) => sccpCases(seed, count) },
  { name: 'SCCP, segments that overlap', make: (seed, count) => sccpCases(seed, count, 'overlap'), options: inOrder },
];

describeWithTshark('decode beside tshark on captures made for it', () => {
  it.each(makers)('$name: every field of every message', async ({ make, options = [] }) => {
    for (const seed of seeds) {
      const frames = make(seed, count);
      const { lines, compared: fields } = await compared(ngFile(frames), options);
      const [first = ''] = lines;
      // The bytes of the first difference, to look at.
      const frame = frames[Number(first.split(' ')[0]) - 1];
      expect(lines.slice(0, 20), `seed ${seed}: ${frame?.bytes.toString('hex') ?? ''}`).toEqual([]);
      expect(fields).toBeGreaterThan(5 * count);
    }
  });

  it('SCCP, segments out of order: the same messages, in the frame that brings them or the one that completes the order', async () => {
    const { messages, theirs } = await compared(ngFile(sccpCases(1, count, 'swap')), inOrder);
    const ours = messages.map(({ messageId, length }) => `${messageId} ${length}`);
    const shown = theirs
      .flatMap((layers) => expectedOf(layers))
      .map(({ fields }) => `${fields.messageId} ${fields.length}`);
    expect(ours.sort()).toEqual(shown.sort());
  });
});
