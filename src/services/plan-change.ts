import type { Alarm } from '../timeline/clock.js';
import type { RegisteredPhone } from './call-manager.js';
import { createFactTeller } from './fact-teller.js';
import type { PlanInForce } from './plan-in-force.js';
import type { ServiceContext } from './service.js';

/** Once a phone has registered and so long after it: its files change, and its CallManager tells it to begin again. */
export const createPlanChange = (
  { plan: { change }, clock, tell }: ServiceContext,
  inForce: PlanInForce,
): { registered(phone: RegisteredPhone): void; close(): void } => {
  const teller = createFactTeller('callmanager', tell);
  let alarm: Alarm | undefined;
  return {
    registered: (phone) => {
      if (change === null || alarm !== undefined) return;
      alarm = clock.alarm(change.afterMs, () => {
        inForce.change();
        const { load } = inForce.plan.phone;
        const callManagers = inForce.plan.callManagers.map(({ name }) => name).join(' ');
        teller.tell('changes-the-configuration', { device: phone.deviceName, load, callManagers, order: change.order });
        phone.order(change.order);
      });
    },
    close: () => alarm?.cancel(),
  };
};
