import type { AttachOptions } from '../network/ip-attachment.js';
import type { Plan } from '../plan/plan.js';
import { benchAddresses } from '../services/service.js';

/** Where a plan puts the bench on the phone's wire. */
export const attachOptions = (plan: Plan): AttachOptions => ({
  vlan: plan.network.voiceVlan,
  addresses: benchAddresses(plan),
  prefixLength: plan.network.prefixLength,
});
