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
  readonly log: PhoneLog;
}

export interface Standby {
  /** The open connection, handed over: it is no longer kept by the standby. */
  take(): SccpConnection | undefined;
  stop(): void;
}

/**
 * The second TCP connection of a registered phone: to the next member after the current one, wrapping round, with a
 * KeepAlive at the secondary interval (protocol facts 7.6).
 */
export const startStandby = (options: StandbyOptions): Standby => {
  const { stack, life, members, current, keepaliveMs, retryMs, timeoutMs, log } = options;
  const own = life.child();
  const start = members.indexOf(current);
  const others = [...members.slice(start + 1), ...members.slice(0, start)];
  let open: SccpConnection | undefined;
  let openLife: Lifetime | undefined;

  /** Resolves when the connection is lost, or could not be made. */
  const hold = async (member: CallManagerMember): Promise<void> => {
    // In the phone's lifetime, not in this task's: the connection may be handed over.
    const connectionLife = life.child();
    openLife = connectionLife;
    let lost = (): void => {};
    const closed = new Promise<void>((resolve) => {
      lost = resolve;
    });
    try {
      const opened = await connectSccp({ stack, life: connectionLife, member, timeoutMs, onClosed: lost });
      open = opened;
      log('sccp', 'standby', { server: member.address });
      own.every(keepaliveMs, () => opened.send('KeepAlive'));
      await own.guard(closed);
      log('sccp', 'standby-lost', { server: member.address });
    } catch (error) {
      if (error instanceof LifetimeEnded) throw error;
      log('sccp', 'standby-unreachable', { server: member.address, reason: connectionFailure(error) });
    }
    open = undefined;
    connectionLife.end();
  };

  const task = async (): Promise<void> => {
    for (;;) {
      for (const member of others) await hold(member);
      await own.sleep(retryMs);
    }
  };
  if (others.length > 0) own.run(task, (error) => log('sccp', 'standby-failed', { error: String(error) }));

  return {
    take: () => {
      const taken = open?.closed === false ? open : undefined;
      if (taken === undefined) return undefined;
      own.end();
      taken.discard();
      open = undefined;
      openLife = undefined;
      return taken;
    },
    stop: () => {
      own.end();
      open?.close();
      openLife?.end();
    },
  };
};
