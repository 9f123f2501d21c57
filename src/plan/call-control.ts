/** How CallManagers serve, and what they change later: the parts of a plan that call control reads. */
export const callManagerBehaviours = [
  'serve',
  'refuse',
  'silent',
  'slow',
  'reject',
  'ignore-keepalives',
  'die',
] as const;

/** What one CallManager does; all but `serve` are on purpose. */
export type CallManagerConduct =
  /** Answers everything. */
  | { readonly behaviour: 'serve' }
  /** Down: nobody listens. */
  | { readonly behaviour: 'refuse' }
  /** Takes connections and never says a word. */
  | { readonly behaviour: 'silent' }
  /** Every answer comes so late. */
  | { readonly behaviour: 'slow'; readonly delayMs: number }
  /** Rejects registrations with this text. */
  | { readonly behaviour: 'reject'; readonly text: string }
  /** Registers phones and then leaves their keepalives unanswered. */
  | { readonly behaviour: 'ignore-keepalives' }
  /** Dies so long after the first phone has registered; comes back so long after that, or never. */
  | { readonly behaviour: 'die'; readonly afterMs: number; readonly backAfterMs: number | null };

export interface CallControlPlan {
  /** Newest SCCP protocol version that the bench speaks. */
  readonly newestSccpVersion: number;
  /** `refuse`: a phone that asks whether it may come over is told to wait. */
  readonly token: 'grant' | 'refuse';
  readonly tokenWaitSeconds: number;
}

export interface SipPlan {
  /** What the phone's file says; both are served. */
  readonly transport: 'udp' | 'tcp';
  /** Granted at most. */
  readonly expiresSeconds: number;
  /** null: nobody is challenged. */
  readonly digest: { readonly user: string; readonly password: string } | null;
}

/** What changes once the phone is registered, and how it is told. */
export interface ChangePlan {
  readonly afterMs: number;
  /** `reset`: the whole device starts again; `restart`: it registers again. */
  readonly order: 'reset' | 'restart';
  /** null: as before. */
  readonly load: string | null;
  /** Names of CallManagers, first in priority first; null: as before. */
  readonly callManagers: readonly string[] | null;
  /** A phone that registered again has so long to tell its load (CDP, LLDP or Register). */
  readonly announceMs: number;
  /** The device has no file of its own before: it registers by the default file. */
  readonly fromAutoRegistration: boolean;
}
