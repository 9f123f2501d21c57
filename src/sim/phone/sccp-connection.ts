import type { Socket } from 'node:net';
import { encodeSccp, SccpFramer, type SccpMessage } from '../../wire/sccp.js';
import type { PhoneStack } from '../contracts.js';
import type { Lifetime } from './lifetime.js';
import { Mailbox } from './mailbox.js';

export interface CallManagerMember {
  readonly address: string;
  readonly port: number;
}

/** One TCP connection to a CallManager, messages in and out. Goes with its lifetime, at once and without a FIN. */
export interface SccpConnection {
  readonly member: CallManagerMember;
  readonly closed: boolean;
  send(name: string, fields?: Readonly<Record<string, string | number>>): void;
  /** The next message, `closed` after the last one, or undefined after `timeoutMs`. One reader at a time. */
  next(timeoutMs: number): Promise<SccpMessage | 'closed' | undefined>;
  /** Drops what was not read. */
  discard(): void;
  /** Ends the conversation politely (FIN). */
  close(): void;
}

export interface ConnectOptions {
  readonly stack: PhoneStack;
  readonly life: Lifetime;
  readonly member: CallManagerMember;
  readonly timeoutMs: number;
  /** Heard once, when the connection is gone for any reason but our own `close`. */
  readonly onClosed?: () => void;
}

/** Why there is no connection, in one word of the system (ECONNREFUSED) or `timeout`. */
export const connectionFailure = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'failed';

/** Rejects when refused or silent (see PhoneStack.connect), or with LifetimeEnded. */
export const connectSccp = async (options: ConnectOptions): Promise<SccpConnection> =>
  openConnection(await connectTcp(options), options);

/** As `connectSccp`, without a protocol on it. */
export const connectTcp = async ({ stack, life, member, timeoutMs }: ConnectOptions): Promise<Socket> => {
  const connecting = stack.connect(member.address, member.port, timeoutMs);
  try {
    return await life.guard(connecting);
  } catch (error) {
    // Given up here, the connection may still come about.
    connecting.then(
      (socket) => socket.resetAndDestroy(),
      () => {},
    );
    throw error;
  }
};

const openConnection = (socket: Socket, { life, member, onClosed }: ConnectOptions): SccpConnection => {
  const inbox = new Mailbox<SccpMessage | 'closed'>(life);
  const framer = new SccpFramer();
  let closed = false;

  const gone = (byUs: boolean): void => {
    if (closed) return;
    closed = true;
    forget();
    inbox.push('closed');
    if (!byUs) onClosed?.();
  };
  const forget = life.onEnd(() => {
    closed = true;
    socket.resetAndDestroy();
  });
  socket.setNoDelay(true);
  socket.on('data', (chunk: Uint8Array) => {
    for (const message of framer.push(chunk)) inbox.push(message);
  });
  socket.on('error', () => gone(false));
  socket.on('close', () => gone(false));

  return {
    member,
    get closed() {
      return closed;
    },
    send: (name, fields = {}) => {
      if (!closed) socket.write(encodeSccp(name, fields));
    },
    next: async (timeoutMs) => (await inbox.next(closed ? 0 : timeoutMs)) ?? (closed ? 'closed' : undefined),
    discard: () => inbox.clear(),
    close: () => {
      gone(true);
      socket.end();
      socket.destroySoon();
    },
  };
};
