import type { Duplex } from 'node:stream';
import type { IpAttachment, TcpListener } from '../network/ip-attachment.js';
import type { CallManagerPlan, Plan } from '../plan/plan.js';
import { createFactTeller } from './fact-teller.js';
import { createSccpSession } from './sccp-session.js';
import type { Service, ServiceContext } from './service.js';

/** A phone holds two connections at most; the rest is room for its neighbours and for what it forgot to close. */
const maxConnections = 16;
/** Keepalive intervals without a byte, after which a connection is dropped. */
const silentIntervals = 3;
/** Bytes a peer may leave unread before its connection is dropped. */
const maxUnsentBytes = 64 * 1024;
const millisecondsPerSecond = 1000;

export interface CallManagerOptions extends ServiceContext {
  /** Local time as the phone is to show it. */
  readonly now: () => Date;
}

/** Why this member refuses, or null: it serves. */
const refusalOf = (member: CallManagerPlan, plan: Plan, faults: ReadonlySet<string>): string | null => {
  if (faults.has('all-refuse')) return 'all-refuse';
  const first = Math.min(...plan.callManagers.map((each) => each.priority));
  if (faults.has('primary-refuses') && member.priority === first) return 'primary-refuses';
  return member.behaviour === 'refuse' ? 'plan' : null;
};

/** One member that serves: SCCP on its address and port. */
const serveMember = async (member: CallManagerPlan, options: CallManagerOptions): Promise<Service> => {
  const { plan, clock, ip, now, tell } = options;
  const teller = createFactTeller('callmanager', tell);
  /** Each with what ends it at once. */
  const connections = new Map<Duplex, () => void>();
  const silenceMs =
    Math.max(plan.sccp.keepaliveSeconds, plan.sccp.secondaryKeepaliveSeconds) * silentIntervals * millisecondsPerSecond;

  const onConnection = (socket: Duplex): void => {
    socket.on('error', () => socket.destroy());
    if (connections.size >= maxConnections) {
      teller.once('too-many-connections', member.name, { server: member.address, limit: maxConnections });
      socket.destroy();
      return;
    }
    const end = (): void => {
      silence.cancel();
      connections.delete(socket);
      socket.destroy();
    };
    const drop = (action: string, reason: string): void => {
      teller.once(action, reason, { server: member.address, reason });
      end();
    };
    const session = createSccpSession({ plan, server: member, now, teller });
    const watch = () => clock.alarm(silenceMs, () => drop('connection-silent', `nothing heard for ${silenceMs} ms`));
    let silence = watch();
    connections.set(socket, end);
    socket.on('data', (chunk: Uint8Array) => {
      if (!connections.has(socket)) return;
      silence.cancel();
      silence = watch();
      const { reply, garbage } = session.push(chunk);
      if (reply.length > 0) socket.write(reply);
      if (garbage !== null) drop('stream-garbage', garbage);
      else if (socket.writableLength > maxUnsentBytes) drop('replies-unread', `${maxUnsentBytes} bytes`);
    });
    socket.on('end', () => socket.end());
    socket.on('close', end);
  };

  const listener = await ip.listenTcp({ address: member.address, port: member.port }, onConnection);
  return {
    close: async () => {
      for (const end of [...connections.values()]) end();
      await listener.close();
    },
  };
};

const refuseMember = async (member: CallManagerPlan, ip: IpAttachment): Promise<TcpListener> =>
  ip.refuseTcp({ address: member.address, port: member.port });

/** The plan's CallManagers, each on its own address: those that serve, and those that are down on purpose. */
export const startCallManagers = async (options: CallManagerOptions): Promise<Service> => {
  const { plan, ip, faults, tell } = options;
  const teller = createFactTeller('callmanager', tell);
  const started: Service[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.splice(0).map((each) => each.close()));
  };
  try {
    for (const member of plan.callManagers) {
      const reason = refusalOf(member, plan, faults);
      started.push(await (reason === null ? serveMember(member, options) : refuseMember(member, ip)));
      if (reason !== null) {
        const { name, address, port, priority } = member;
        teller.tell('refuses-on-purpose', { server: address, port, name, priority, reason });
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
};
