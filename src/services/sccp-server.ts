import type { MemberOptions } from './call-manager.js';
import { createFactTeller } from './fact-teller.js';
import { createSccpSession } from './sccp-session.js';
import type { Service } from './service.js';
import { serveTalks } from './tcp-talks.js';

/** Keepalive intervals without a whole message, after which a connection is dropped. */
const silentIntervals = 3;
const millisecondsPerSecond = 1000;

/** One member that serves: SCCP on its address and port. */
export const serveSccp = (options: MemberOptions): Promise<Service> => {
  const { plan, clock, ip, now, tell, member, conduct, onRegistered } = options;
  const teller = createFactTeller('callmanager', tell);
  const { keepaliveSeconds, secondaryKeepaliveSeconds } = plan.sccp;
  return serveTalks({
    ip,
    clock,
    teller,
    name: member.name,
    address: member.address,
    port: member.port,
    silenceMs: Math.max(keepaliveSeconds, secondaryKeepaliveSeconds) * silentIntervals * millisecondsPerSecond,
    delayMs: conduct.behaviour === 'slow' ? conduct.delayMs : 0,
    createTalk: (write) => {
      const session = createSccpSession({
        plan,
        server: member,
        now,
        teller,
        conduct,
        onRegistered: (deviceName) => onRegistered?.({ deviceName, order: (kind) => write(session.order(kind)) }),
      });
      return session;
    },
  });
};
