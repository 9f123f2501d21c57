import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { decodeFile } from '../../src/decode/decode-file.js';
import type { DecodedMessage } from '../../src/decode/decoder.js';
import { all, oracleText, parseJson } from '../wire/oracle.js';
import { capturesFolder, describeWithCaptures } from '../wire/outside.js';
import { differences } from './agreement.js';

const protocols = ['cdp', 'lldp', 'dhcp', 'tftp', 'sccp', 'sip'];

describeWithCaptures('decode beside tshark', () => {
  for (const protocol of protocols)
    it(`agrees on every capture of ${protocol}`, async () => {
      const lines: string[] = [];
      let compared = 0;
      for (const name of readdirSync(join(capturesFolder, protocol))) {
        const messages: DecodedMessage[] = [];
        await decodeFile(join(capturesFolder, protocol, name), (message) => messages.push(message));
        const read = parseJson(oracleText(protocol, name.replace(/\.[^.]*$/, '.json')));
        const told = differences(messages, all(read, 'layers'));
        lines.push(...told.lines.map((line) => `${name} ${line}`));
        compared += told.compared;
      }
      expect(lines).toEqual([]);
      expect(compared).toBeGreaterThan(200);
    });
});
