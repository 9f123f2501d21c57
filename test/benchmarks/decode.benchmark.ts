import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { compare } from './measure.js';
import { writeStartUpCapture } from './start-up-capture.js';

const frames = Number(process.env.BENCH_FRAMES ?? 1_000_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);

test('decode --json beside tshark -T ek, the same protocols', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-bench-'));
  try {
    const capture = join(folder, 'start-ups.pcap');
    writeStartUpCapture(capture, frames);
    const protocols = ['cdp', 'lldp', 'dhcp', 'tftp', 'skinny', 'sip'];
    await compare(
      `decode of ${frames} frames`,
      { name: 'linkpulse decode --json', command: `node dist/main.js decode --json ${capture} > /dev/null` },
      {
        name: 'tshark -T ek',
        command: `tshark -n -r ${capture} -T ek -Y '${protocols.join(' || ')}' -J '${protocols.join(' ')}' > /dev/null 2>&1`,
      },
      rounds,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
