import type { PhoneStack } from '../contracts.js';
import type { Lifetime } from './lifetime.js';
import { LifetimeEnded } from './lifetime.js';
import type { PhoneLog } from './phone-log.js';
import { type CallManagerMember, connectionFailure, connectSccp, type SccpConnection } from './sccp-connection.js';

export interface StandbyOptions {
  readonly stack: PhoneStack;
  readonly life: Lifetime;
  readonly members: readonly CallManagerMember[];
  /** Where the phone is registered. */
  readonly current: CallManagerMember;
  readonly keepaliveMs: number;
  /** Between two rounds over members that all refused. */
  readonly retryMs: number;
  readonly timeoutMs: number;
  /** What the phone asks a better CallManager for a token with. */
  readonly token: Readonly<Record<string, string | number>>;
  readonly log: PhoneLog;
}

export interface Standby {
  /** A CallManager of higher priority has granted a token: the phone is to move there. */
  readonly better: Promise<SccpConnection>;
  /** An open connection, handed over (the spare one unless told): the standby keeps nothing any more. */
  take(which?: SccpConnection): SccpConnection | undefined;
  stop(): void;
}

/**
 * The second TCP connection of a registered phone, with a KeepAlive at the secondary interval (protocol facts 7.6): to a
 * better member where there is one, which is asked for a token to move there, else to the next after the current one.
 */
export const startStandby = (options: StandbyOptions): Standby => {
  const { stack, life, members, current, keepaliveMs, retryMs, timeoutMs, token, log } = options;
  const own = life.child();
  const start = members.indexOf(current);
  const ahead = members.slice(0, start);
  const behind = members.slice(start + 1);
  /** Being made or open, each with a lifetime of its own: one of them may be handed over. */
  const held = new Map<Lifetime, SccpConnection | undefined>();
  let spare: SccpConnection | undefined;
  let grant: (connection: SccpConnection) => void = () => {};
  const better = new Promise<SccpConnection>((resolve) => {
    grant = resolve;
  });

  /** Resolves when the connection is lost, or could not be made. `use` goes on while it stands. */
  const hold = async (member: CallManagerMember, use: (connection: SccpConnection) => void): Promise<void> => {
    // In the phone's lifetime, not in this task's.
    const connectionLife = life.child();
    held.set(connectionLife, undefined);
    let lost = (): void => {};
    const closed = new Promise<void>((resolve) => {
      lost = resolve;
    });
    try {
      const opened = await connectSccp({ stack, life: connectionLife, member, timeoutMs, onClosed: lost });
      held.set(connectionLife, opened);
      log('sccp', 'standby', { server: member.address });
      own.every(keepaliveMs, () => opened.send('KeepAlive'));
      use(opened);
      await own.guard(closed);
      log('sccp', 'standby-lost', { server: member.address });
    } catch (error) {
      if (error instanceof LifetimeEnded) throw error;
      log('sccp', 'standby-unreachable', { server: member.address, reason: connectionFailure(error) });
    }
    held.delete(connectionLife);
    connectionLife.end();
  };

  const askForToken = async (connection: SccpConnection): Promise<void> => {
    for (;;) {
      connection.send('RegisterTokenReq', token);
      let waitMs = timeoutMs;
      for (;;) {
        const message = await own.guard(connection.next(timeoutMs));
        if (message === 'closed') return;
        if (message === undefined) break;
        if (message.messageName === 'RegisterTokenAck') return grant(connection);
        if (message.messageName !== 'RegisterTokenReject') continue;
        waitMs = Number(message.fields.waitSeconds ?? 0) * 1000;
        break;
      }
      await own.sleep(waitMs);
    }
  };

  const onError = (error: unknown) => log('sccp', 'standby-failed', { error: String(error) });
  /** Holds one of them, in their order, for as long as this standby lives. */
  const keep = (others: readonly CallManagerMember[], use: (connection: SccpConnection) => void, againMs: number) => {
    if (others.length === 0) return;
    own.run(async () => {
      for (;;) {
        for (const member of others) await hold(member, use);
        await own.sleep(againMs);
      }
    }, onError);
  };
  keep(
    behind,
    (connection) => {
      spare = connection;
    },
    retryMs,
  );
  keep(ahead, (connection) => own.run(() => askForToken(connection), onError), keepaliveMs);

  const stop = (): void => {
    own.end();
    for (const [connectionLife, connection] of held) {
      connection?.close();
      connectionLife.end();
    }
    held.clear();
  };
  return {
    better,
    take: (which = spare) => {
      if (which === undefined || which.closed) return undefined;
      for (const [connectionLife, connection] of held) if (connection === which) held.delete(connectionLife);
      stop();
      which.discard();
      return which;
    },
    stop,
  };
};
