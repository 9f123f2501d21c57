import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLimitedLink } from '../../src/network/limited-link.js';
import { systemClock } from '../../src/timeline/clock.js';
import { LimitedPhone } from '../helpers/limited-phone.js';
import { frameLinkContract } from './frame-link.contract.js';

frameLinkContract('the limited link', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-link-'));
  const socketPath = join(folder, 'wire');
  const link = await openLimitedLink({ socketPath, macAddress: '02:00:00:00:00:01', clock: systemClock });
  const phone = await LimitedPhone.connect(socketPath);
  return {
    link,
    phone,
    close: async () => {
      await link.close();
      phone.close();
      rmSync(folder, { recursive: true });
    },
  };
});
