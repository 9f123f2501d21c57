import type { Plan } from '../plan/plan.js';
import type { CallManager } from './call-managers.js';
import { usFromMs } from './define-judge.js';

export interface Moment {
  readonly atUs: number;
  readonly seq: number;
}

/** A CallManager that dies on purpose, as the bench has told. */
export interface Death {
  readonly server: string;
  readonly afterMs: number;
  /** null: it stays dead. */
  readonly backAfterMs: number | null;
  readonly died: Moment | null;
  readonly back: Moment | null;
}

export interface RegistrationNotes {
  readonly managers: readonly CallManager[];
  /** CallManager the phone sent Register to, last. */
  readonly asked: string | null;
  /** CallManager that acknowledged, last. */
  readonly acknowledgedBy: string | null;
  readonly keepaliveSeconds: number;
  readonly answersKeepalives: boolean;
  /** First complete registration. */
  readonly registered: Moment | null;
  /** Newest complete registration, and where. */
  readonly newest: (Moment & { readonly server: string }) | null;
  readonly attempts: number;
  /** Since the newest registration. */
  readonly keepalives: number;
  readonly answered: number;
  readonly lastKeepalive: Moment | null;
  readonly unansweredSince: Moment | null;
  /** The phone closed or unregistered since. */
  readonly isLost: boolean;
  /** The CallManager closed, or left keepalives unanswered until the phone went away. */
  readonly lost: (Moment & { readonly server: string; readonly why: 'closed' | 'unanswered' }) | null;
  readonly failover:
    | (Moment & { readonly from: string; readonly ms: number; readonly why: 'closed' | 'unanswered' })
    | null;
  readonly deaths: readonly Death[];
  readonly fallback: (Moment & { readonly to: string; readonly ms: number }) | null;
  readonly order: (Moment & { readonly kind: 'reset' | 'restart' }) | null;
  readonly refetched: Moment | null;
  readonly returned: Moment | null;
  /** The load the phone told last (CDP, LLDP, Register) since it was ordered to begin again. */
  readonly toldLoad: string | null;
  /** Of its own configuration, fetched last. */
  readonly versionStamp: string | null;
}

/** What the stage is waiting for, since when, and how long it may take. */
export interface Wait {
  readonly what:
    | 'registration'
    | 'death'
    | 'failover'
    | 'comeback'
    | 'revival'
    | 'fallback'
    | 'order'
    | 'refetch'
    | 'return'
    | 'announcement'
    | 'keepalives';
  readonly untilUs: number;
}

/** Keepalives without an answer before a phone goes away (delayed mode, protocol facts 7.6). */
const patience = 3;

/** A whole start of the phone, up to its address. */
const startMs = ({ boot, deadlines }: Plan): number => boot.linkAllowanceMs + deadlines.vlanMs + deadlines.addressMs;

/** null: nothing more is to come. */
export const waitOf = (notes: RegistrationNotes, plan: Plan, beganAtUs: number): Wait | null => {
  const { deadlines, change, phone, sccp, sip } = plan;
  const wait = (what: Wait['what'], sinceUs: number, allowedMs: number): Wait => ({
    what,
    untilUs: Math.max(beganAtUs, sinceUs) + usFromMs(allowedMs + deadlines.registrationMs),
  });
  const { registered, newest, lost, isLost, deaths, fallback, order, refetched, returned } = notes;
  if (registered === null || newest === null) return wait('registration', beganAtUs, 0);
  const keepaliveMs = notes.keepaliveSeconds * 1000;
  /** How often a phone looks after a better CallManager. */
  const lookAfterSeconds = phone.protocol === 'SIP' ? sip.expiresSeconds : sccp.secondaryKeepaliveSeconds;
  const death = deaths.find(({ server, died }) => died === null && server === newest.server);
  if (death !== undefined && fallback === null) return wait('death', registered.atUs, death.afterMs);
  if (lost !== null) return wait('failover', lost.atUs, lost.why === 'closed' ? 0 : patience * keepaliveMs);
  const revival = deaths.find(({ died, backAfterMs }) => died !== null && backAfterMs !== null);
  if (revival?.died && revival.back === null) return wait('revival', revival.died.atUs, revival.backAfterMs ?? 0);
  // One that was away too short for the phone to notice has nothing to come back to it.
  if (revival?.back && fallback === null && newest.server !== revival.server)
    return wait('fallback', revival.back.atUs, lookAfterSeconds * 1000);
  if (change !== null) {
    const newLoadMs = change.load === null ? 0 : startMs(plan) + deadlines.configMs;
    const restartMs = order?.kind === 'reset' ? startMs(plan) : 0;
    if (order === null) return wait('order', registered.atUs, change.afterMs);
    if (refetched === null) return wait('refetch', order.atUs, restartMs + deadlines.configMs);
    if (returned === null) return wait('return', refetched.atUs, newLoadMs);
    if (change.load !== null && notes.toldLoad === null)
      return { what: 'announcement', untilUs: returned.atUs + usFromMs(change.announceMs) };
  }
  if (isLost) return wait('comeback', newest.atUs, deadlines.keepalives * keepaliveMs);
  const heard = notes.answersKeepalives ? Math.min(notes.keepalives, notes.answered) : notes.keepalives;
  if (heard >= deadlines.keepalives) return null;
  const grace = notes.answersKeepalives && notes.unansweredSince !== null ? patience : 0;
  return wait('keepalives', newest.atUs, (deadlines.keepalives + grace) * keepaliveMs);
};
