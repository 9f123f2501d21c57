import type { Lifetime } from './lifetime.js';
import { LifetimeEnded } from './lifetime.js';
import type { PhoneLog } from './phone-log.js';
import type { CallManagerMember } from './sccp-connection.js';
import type { SipChannel, SipDoor } from './sip-channel.js';
import { createSipTalk, type SipTalkOptions } from './sip-talk.js';

export interface SipStandbyOptions {
  readonly door: SipDoor;
  readonly talk: SipTalkOptions;
  readonly life: Lifetime;
  /** Of higher priority than the one where the phone is registered, best first. */
  readonly better: readonly CallManagerMember[];
  readonly keepaliveMs: number;
  /** A CallManager that answers again must do so for so long. */
  readonly stabilityMs: number;
  readonly log: PhoneLog;
}

/**
 * IN_FALLBACK of a phone (protocol facts 8): the better CallManagers are asked with a keepalive each period; one that answers is
 * watched for a while, then asked for a token. Resolves with the way to the one that granted it.
 */
export const watchBetter = (options: SipStandbyOptions): { readonly better: Promise<SipChannel>; stop(): void } => {
  const { door, talk, life, better, keepaliveMs, stabilityMs, log } = options;
  const own = life.child();

  /** The token, or nothing: then the way is closed. */
  const ask = async (member: CallManagerMember): Promise<SipChannel | undefined> => {
    const channel = await own.guard(door.open(member, keepaliveMs));
    const forget = own.onEnd(() => channel.close());
    const { keepAlive, askForToken } = createSipTalk({ ...talk, life: own }, channel);
    if (await keepAlive()) {
      log('sip', 'standby', { server: member.address });
      await own.sleep(stabilityMs);
      const token = await askForToken();
      log('sip', 'token', { server: member.address, answer: token });
      if (token === 'granted') {
        forget();
        return channel;
      }
      if (token !== 'silent') await own.sleep(token * 1000);
    }
    forget();
    channel.close();
    return undefined;
  };

  const watch = async (): Promise<SipChannel> => {
    for (;;) {
      for (const member of better) {
        const channel = await ask(member).catch((error: unknown) => {
          if (error instanceof LifetimeEnded) throw error;
          return undefined;
        });
        if (channel !== undefined) return channel;
      }
      await own.sleep(keepaliveMs);
    }
  };
  return {
    better: new Promise((resolve) => {
      if (better.length > 0)
        own.run(
          async () => resolve(await watch()),
          (error) => log('sip', 'standby-failed', { error: String(error) }),
        );
    }),
    stop: () => own.end(),
  };
};
