import type { CallManagerConduct } from '../plan/call-control.js';
import type { CallManagerPlan } from '../plan/plan.js';
import type { Alarm } from '../timeline/clock.js';
import { conductFact, conductOf } from './call-manager-conduct.js';
import { createFactTeller } from './fact-teller.js';
import { serveSccp } from './sccp-server.js';
import type { Service, ServiceContext } from './service.js';
import { serveSip } from './sip-server.js';

/** A phone whose registration is complete, and how to tell it to begin again. */
export interface RegisteredPhone {
  readonly deviceName: string;
  order(kind: 'reset' | 'restart'): void;
}

export interface CallManagerOptions extends ServiceContext {
  /** Local time as the phone is to show it. */
  readonly now: () => Date;
  /** Heard each time a phone has finished registering. */
  readonly onRegistered?: (phone: RegisteredPhone) => void;
}

/** One member that serves, in its protocol, with its own way to misbehave (or none). */
export interface MemberOptions extends CallManagerOptions {
  readonly member: CallManagerPlan;
  readonly conduct: CallManagerConduct;
}

const serve = (options: MemberOptions): Promise<Service> =>
  options.plan.phone.protocol === 'SIP' ? serveSip(options) : serveSccp(options);

const refuse = async ({ member, ip }: MemberOptions): Promise<Service> =>
  ip.refuseTcp({ address: member.address, port: member.port });

/** Serves, dies so long after the first registration, and comes back where it is told to. */
const serveMortal = async (
  options: MemberOptions,
  { afterMs, backAfterMs }: Extract<CallManagerConduct, { behaviour: 'die' }>,
): Promise<Service> => {
  const { clock, member, tell } = options;
  const teller = createFactTeller('callmanager', tell);
  const detail = { server: member.address, name: member.name };
  let alarm: Alarm | undefined;
  let closed = false;
  /** What stands on the address now; changes go one after the other. */
  let current: Promise<Service>;

  const become = (next: () => Promise<Service>, action: string): void => {
    current = current.then(async (before) => {
      await before.close();
      if (closed) return before;
      teller.tell(action, detail);
      return next();
    });
    // An address that cannot be taken again leaves nobody there, which is what a dead CallManager is.
    current = current.catch(() => ({ close: async () => {} }));
  };
  const onRegistered: MemberOptions['onRegistered'] = (phone) => {
    options.onRegistered?.(phone);
    if (alarm !== undefined) return;
    alarm = clock.alarm(afterMs, () => {
      become(() => refuse(options), 'died-on-purpose');
      if (backAfterMs === null) return;
      alarm = clock.alarm(backAfterMs, () => become(() => serve(options), 'serves-again'));
    });
  };
  current = serve({ ...options, onRegistered });
  await current;
  return {
    close: async () => {
      closed = true;
      alarm?.cancel();
      await (await current).close();
    },
  };
};

const startMember = (options: MemberOptions): Promise<Service> => {
  const { conduct } = options;
  if (conduct.behaviour === 'refuse') return refuse(options);
  return conduct.behaviour === 'die' ? serveMortal(options, conduct) : serve(options);
};

/** The plan's CallManagers, each on its own address: those that serve, and those that misbehave on purpose. */
export const startCallManagers = async (options: CallManagerOptions): Promise<Service> => {
  const { plan, faults, tell } = options;
  const teller = createFactTeller('callmanager', tell);
  const started: Service[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.splice(0).map((each) => each.close()));
  };
  try {
    for (const member of plan.callManagers) {
      const purpose = conductOf(member, plan, faults);
      started.push(await startMember({ ...options, member, conduct: purpose.conduct }));
      const fact = conductFact(purpose);
      if (fact === undefined) continue;
      const { name, address, port, priority } = member;
      teller.tell(fact.action, { server: address, port, name, priority, reason: purpose.reason, ...fact.detail });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
};
