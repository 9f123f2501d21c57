import type { ChangePlan } from '../plan/call-control.js';
import type { Alarm } from '../timeline/clock.js';
import type { RegisteredPhone } from './call-manager.js';
import { createFactTeller } from './fact-teller.js';
import type { PlanInForce } from './plan-in-force.js';
import type { ServiceContext } from './service.js';

/** Phones remembered; those that come later are not told to begin again. */
const maxPhones = 8192;

/**
 * So long after a phone has registered: its files change, and its CallManager tells it to begin again. Each phone is told
 * once, over the connection that it registered by last.
 */
export const createPlanChange = (
  { plan: { change }, clock, tell }: ServiceContext,
  inForce: PlanInForce,
): { registered(phone: RegisteredPhone): void; close(): void } => {
  const teller = createFactTeller('callmanager', tell);
  const alarms = new Set<Alarm>();
  const newest = new Map<string, RegisteredPhone>();

  const begin = ({ afterMs, order }: ChangePlan, deviceName: string): void => {
    const alarm = clock.alarm(afterMs, () => {
      alarms.delete(alarm);
      inForce.change();
      const { load } = inForce.plan.phone;
      const callManagers = inForce.plan.callManagers.map(({ name }) => name).join(' ');
      teller.tell('changes-the-configuration', { device: deviceName, load, callManagers, order });
      newest.get(deviceName)?.order(order);
    });
    alarms.add(alarm);
  };
  return {
    registered: (phone) => {
      if (change === null) return;
      const isKnown = newest.has(phone.deviceName);
      if (!isKnown && newest.size >= maxPhones) return;
      newest.set(phone.deviceName, phone);
      if (!isKnown) begin(change, phone.deviceName);
    },
    close: () => {
      for (const alarm of alarms) alarm.cancel();
      alarms.clear();
      newest.clear();
    },
  };
};
