import type { Plan } from '../../src/plan/plan.js';
import { planWith } from '../stages/sample-plan.js';

const base = planWith({
  name: 'services',
  title: 'What the services are tested with',
  phone: { deviceId: null },
  network: { poolLast: '10.110.0.120', cdpDeviceId: 'linkpulse' },
  tftp: { blockTimeoutMs: 500, retries: 3 },
  callManagers: [
    { priority: 0, name: 'cm-a', address: '10.110.0.2', port: 2000, behaviour: 'serve' },
    { priority: 1, name: 'cm-b', address: '10.110.0.3', port: 2000, behaviour: 'serve' },
    { priority: 2, name: 'cm-c', address: '10.110.0.4', port: 2000, behaviour: 'refuse' },
  ],
  sccp: { keepaliveSeconds: 30, secondaryKeepaliveSeconds: 60 },
});

/** A whole plan; what is given replaces single members of its groups. */
export const benchPlan = (
  changes: {
    readonly phone?: Partial<Plan['phone']>;
    readonly network?: Partial<Plan['network']>;
    readonly tftp?: Partial<Plan['tftp']>;
    readonly dhcp?: Partial<Plan['dhcp']>;
    readonly lldp?: Plan['lldp'];
    readonly sccp?: Partial<Plan['sccp']>;
    readonly callManagers?: Plan['callManagers'];
  } = {},
): Plan => ({
  ...base,
  phone: { ...base.phone, ...changes.phone },
  network: { ...base.network, ...changes.network },
  tftp: { ...base.tftp, ...changes.tftp },
  dhcp: { ...base.dhcp, ...changes.dhcp },
  lldp: changes.lldp === undefined ? base.lldp : changes.lldp,
  sccp: { ...base.sccp, ...changes.sccp },
  callManagers: changes.callManagers ?? base.callManagers,
});
