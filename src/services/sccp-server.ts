import type { Duplex } from 'node:stream';
import type { Alarm } from '../timeline/clock.js';
import type { MemberOptions } from './call-manager.js';
import { createFactTeller } from './fact-teller.js';
import { createSccpSession } from './sccp-session.js';
import type { Service } from './service.js';

/**
 * Each connection holds at most one unfinished message (8 KiB) and what its peer has not read; so a member holds
 * 24 MiB at worst. 500 phones with a standby connection each fit.
 */
export const sccpServerBounds = { connections: 1024, unsentBytes: 16 * 1024 } as const;
/** Keepalive intervals without a whole message, after which a connection is dropped. */
const silentIntervals = 3;
const millisecondsPerSecond = 1000;

interface Connection {
  readonly socket: Duplex;
  readonly deviceName: string | null;
  end(): void;
}

/** One member that serves: SCCP on its address and port. */
export const serveSccp = async (options: MemberOptions): Promise<Service> => {
  const { plan, clock, ip, now, tell, member, conduct, onRegistered } = options;
  const teller = createFactTeller('callmanager', tell);
  /** In the order they came. */
  const connections = new Set<Connection>();
  const silenceMs =
    Math.max(plan.sccp.keepaliveSeconds, plan.sccp.secondaryKeepaliveSeconds) * silentIntervals * millisecondsPerSecond;

  /** Room for a newcomer: of the connections that never registered the oldest goes. False: all belong to phones. */
  const makeRoom = (): boolean => {
    if (connections.size < sccpServerBounds.connections) return true;
    teller.once('too-many-connections', member.name, {
      server: member.address,
      limit: sccpServerBounds.connections,
    });
    for (const connection of connections) {
      if (connection.deviceName !== null) continue;
      connection.end();
      return true;
    }
    return false;
  };

  const onConnection = (socket: Duplex): void => {
    socket.on('error', () => socket.destroy());
    if (!makeRoom()) {
      socket.destroy();
      return;
    }
    const session = createSccpSession({ plan, server: member, now, teller, conduct });
    const delayed = new Set<Alarm>();
    let isOpen = true;
    let waitingBytes = 0;
    let heardUs = clock.nowUs();
    const connection: Connection = {
      socket,
      get deviceName() {
        return session.deviceName;
      },
      end: () => {
        isOpen = false;
        silence.cancel();
        for (const alarm of delayed) alarm.cancel();
        connections.delete(connection);
        socket.destroy();
      },
    };
    const drop = (action: string, reason: string): void => {
      teller.once(action, reason, { server: member.address, reason });
      connection.end();
    };
    /** One alarm per connection, set anew only when it rings: messages come far more often. */
    const watch = (waitMs: number): Alarm =>
      clock.alarm(waitMs, () => {
        const silentMs = (clock.nowUs() - heardUs) / 1000;
        if (silentMs >= silenceMs) drop('connection-silent', `nothing heard for ${silenceMs} ms`);
        else silence = watch(silenceMs - silentMs);
      });
    let silence = watch(silenceMs);
    const write = (bytes: Uint8Array): void => {
      if (bytes.length === 0 || !isOpen) return;
      socket.write(bytes);
      if (socket.writableLength > sccpServerBounds.unsentBytes) drop('replies-unread', 'a peer asks and does not read');
    };
    const later = (bytes: Uint8Array, delayMs: number): void => {
      waitingBytes += bytes.length;
      const alarm = clock.alarm(delayMs, () => {
        delayed.delete(alarm);
        waitingBytes -= bytes.length;
        write(bytes);
      });
      delayed.add(alarm);
      if (waitingBytes > sccpServerBounds.unsentBytes) drop('replies-unread', 'a peer asks and does not wait');
    };
    const send = (bytes: Uint8Array): void => {
      if (conduct.behaviour === 'slow') later(bytes, conduct.delayMs);
      else write(bytes);
    };

    connections.add(connection);
    socket.on('data', (chunk: Uint8Array) => {
      if (!isOpen) return;
      const { reply, messages, garbage, registered } = session.push(chunk);
      // Bytes alone do not count: a peer that sends one now and then holds nothing open.
      if (messages > 0) heardUs = clock.nowUs();
      send(reply);
      if (garbage !== null) return drop('stream-garbage', garbage);
      if (registered !== null) {
        onRegistered?.({ deviceName: registered, order: (kind) => write(session.order(kind)) });
      }
    });
    socket.on('end', () => socket.end());
    socket.on('close', connection.end);
  };

  const listener = await ip.listenTcp({ address: member.address, port: member.port }, onConnection);
  return {
    close: async () => {
      for (const { end } of [...connections]) end();
      await listener.close();
    },
  };
};
