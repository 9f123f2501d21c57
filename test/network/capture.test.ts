import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openCapture } from '../../src/network/capture.js';

const directory = mkdtempSync(join(tmpdir(), 'linkpulse-capture-'));
afterAll(() => rmSync(directory, { recursive: true }));

it('a wire that is flooded ends its own capture before it fills the disk', () => {
  const path = join(directory, 'capture.pcapng');
  const limitBytes = 1024 ** 2;
  const capture = openCapture(path, 'eth1', limitBytes);
  const frame = { bytes: new Uint8Array(1500), atUs: 0, direction: 'in', synthesised: false } as const;
  const flood = () => {
    for (let count = 0; count < 1000; count += 1) capture.write(frame, count);
  };
  expect(flood).toThrow(expect.objectContaining({ code: 'WIRE_FLOODED' }));
  expect(capture.frames).toBeGreaterThan(600);
  expect(statSync(path).size).toBeLessThanOrEqual(limitBytes);
  capture.close();
});
