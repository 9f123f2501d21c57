import type { PhoneTimers } from '../../../src/sim/contracts.js';
import { phoneIdentity } from '../../../src/sim/phone/phone-identity.js';

export const testMac = '00:12:da:db:d3:4e';
export const testLoad = 'P00308010200';
export const testIdentity = phoneIdentity(testMac, 'CP-7960G');

/** Quick where waiting is part of the story, slow where it would be a fault of the machine. */
export const quickTimers: PhoneTimers = {
  bootMs: 20,
  linkUpMs: 10,
  cdpSyncMs: 50,
  dhcpRetryMs: 300,
  tftpRetryMs: 1_000,
  fileGapMs: 2,
  callManagerRetryMs: 20,
  cdpPeriodMs: 60_000,
};
