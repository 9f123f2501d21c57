import { decodeSip, SipFramer, type SipMessage } from '../../wire/sip.js';
import type { PhoneStack } from '../contracts.js';
import type { Lifetime } from './lifetime.js';
import { Mailbox } from './mailbox.js';
import { type CallManagerMember, connectTcp } from './sccp-connection.js';

export type SipTransport = 'udp' | 'tcp';

/** Messages to and from one CallManager. Goes with the lifetime that it was opened in. */
export interface SipChannel {
  readonly member: CallManagerMember;
  readonly transport: SipTransport;
  send(bytes: Uint8Array): void;
  /** The next message, `closed` when no more will come, or undefined after `timeoutMs`. One reader at a time. */
  next(timeoutMs: number): Promise<SipMessage | 'closed' | undefined>;
  close(): void;
}

/** How a phone reaches its CallManagers. */
export interface SipDoor {
  /** Rejects where nobody takes the connection; over UDP nobody can tell. */
  open(member: CallManagerMember, timeoutMs: number): Promise<SipChannel>;
  close(): void;
}

export const sipPort = 5060;

/** One socket on the phone's own port for all members: who sent a datagram decides whose it is. */
export const openUdpDoor = async (stack: PhoneStack, life: Lifetime): Promise<SipDoor> => {
  const udp = await life.guard(stack.udp(sipPort));
  const forget = life.onEnd(() => udp.close());
  const inboxes = new Map<string, Mailbox<SipMessage | 'closed'>>();
  udp.onMessage((data, { address, port }) => {
    const message = decodeSip(data);
    if (message !== undefined) inboxes.get(`${address}:${port}`)?.push(message);
  });
  return {
    open: async (member) => {
      const key = `${member.address}:${member.port}`;
      const inbox = new Mailbox<SipMessage | 'closed'>(life);
      inboxes.set(key, inbox);
      return {
        member,
        transport: 'udp',
        send: (bytes) => udp.send(bytes, member.address, member.port),
        next: (timeoutMs) => inbox.next(timeoutMs),
        close: () => {
          if (inboxes.get(key) === inbox) inboxes.delete(key);
          inbox.push('closed');
        },
      };
    },
    close: () => {
      forget();
      udp.close();
    },
  };
};

/** A connection for each member. */
export const openTcpDoor = (stack: PhoneStack, life: Lifetime): SipDoor => ({
  open: async (member, timeoutMs) => {
    const socket = await connectTcp({ stack, life, member, timeoutMs });
    const inbox = new Mailbox<SipMessage | 'closed'>(life);
    const framer = new SipFramer();
    let closed = false;
    const gone = (): void => {
      if (closed) return;
      closed = true;
      forget();
      inbox.push('closed');
    };
    const forget = life.onEnd(() => {
      closed = true;
      socket.resetAndDestroy();
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Uint8Array) => {
      for (const message of framer.push(chunk)) inbox.push(message);
    });
    socket.on('error', gone);
    socket.on('close', gone);
    return {
      member,
      transport: 'tcp',
      send: (bytes) => {
        if (!closed) socket.write(bytes);
      },
      next: async (timeoutMs) => (await inbox.next(closed ? 0 : timeoutMs)) ?? (closed ? 'closed' : undefined),
      close: () => {
        gone();
        socket.end();
        socket.destroySoon();
      },
    };
  },
  close: () => {},
});
