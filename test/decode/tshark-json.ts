import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeFile } from '../../src/decode/decode-file.js';
import type { DecodedMessage } from '../../src/decode/decoder.js';
import { all, type Json, parseJson } from '../wire/oracle.js';
import { tshark } from '../wire/outside.js';
import { differences } from './agreement.js';

const layers = 'frame eth udp cdp lldp dhcp tftp skinny sip _ws.malformed _ws.short';

/** A capture file read by both; what differs. */
export async function compared(
  file: Buffer,
  options: readonly string[] = [],
): Promise<{ lines: string[]; compared: number; messages: DecodedMessage[]; theirs: Json[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-decode-'));
  const path = join(folder, 'file.pcap');
  try {
    writeFileSync(path, file);
    const theirs = all(parseJson(tshark('-r', path, '-T', 'json', '-J', layers, ...options)), 'layers');
    const messages: DecodedMessage[] = [];
    await decodeFile(path, (message) => messages.push(message));
    return { ...differences(messages, theirs), messages, theirs };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
