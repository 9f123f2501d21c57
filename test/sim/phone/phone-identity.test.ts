import { describe, expect, it } from 'vitest';
import { phoneModels } from '../../../src/plan/phone-models.js';
import { deviceTypeOf } from '../../../src/services/device-types.js';
import { phoneIdentity } from '../../../src/sim/phone/phone-identity.js';
import { testMac } from './phone-under-test.js';

describe('who the simulated phone is', () => {
  it.each(Object.entries(phoneModels))('%s is what the plan for it wants', (model, { platform }) => {
    const identity = phoneIdentity(testMac, model);
    expect(identity.platform).toBe(platform.text);
    expect(identity.deviceType).toBe(deviceTypeOf(model));
  });

  // The vendor classes that real phones of these models were seen with.
  it.each([
    ['CP-7940G', 'Cisco Systems, Inc. IP Phone CP-7940G\0'],
    ['CP-7941G', 'Cisco Systems, Inc. IP Phone CP-7941G\0'],
    ['CP-7960G', 'Cisco Systems, Inc. IP Phone CP-7960G\0'],
    ['CP-7912G', 'Cisco Systems, Inc. IP Phone 7912'],
  ])('%s tells DHCP %j', (model, vendorClass) => {
    expect(phoneIdentity(testMac, model).vendorClass).toBe(vendorClass);
  });
});
