/** The call control parts of a plan as they are written. All but `callManagers` may be left out. */
import { z } from 'zod';
import { type CallControlPlan, type ChangePlan, callManagerBehaviours, type SipPlan } from './call-control.js';
import { ipv4, line, loadName, oneOf, orWord, quantity, text, wholeNumber, yesOrNo } from './fields.js';
import type { CallManagerPlan } from './plan.js';

const hostName = () => text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'a host name');
const longestMs = 600_000;
/** Phones tell their load at start and with every steady CDP, each 60 s (protocol facts 3.5). */
const usualAnnounceMs = 75_000;

/** Which behaviour each further key belongs to. */
const keyOwners = { delay: 'slow', text: 'reject', after: 'die', backAfter: 'die' } as const;

const callManager = z
  .strictObject({
    priority: wholeNumber(0, 9),
    name: hostName(),
    address: ipv4(),
    port: wholeNumber(1, 65_535),
    behaviour: oneOf(callManagerBehaviours),
    delay: quantity('ms', 1, longestMs).optional(),
    text: line(32).optional(),
    after: quantity('ms', 1, longestMs).optional(),
    backAfter: orWord('never', quantity('ms', 1, longestMs)).optional(),
  })
  .transform((section, context): CallManagerPlan => {
    for (const key of Object.keys(keyOwners) as (keyof typeof keyOwners)[]) {
      if (section[key] === undefined || section.behaviour === keyOwners[key]) continue;
      const message = `belongs to behaviour ${keyOwners[key]}`;
      context.issues.push({ code: 'custom', message, input: section[key], path: [key] });
    }
    const { priority, name, address, port } = section;
    return { priority, name, address, port, ...conductOf(section) };
  });

const defaults = { delayMs: 1000, text: 'Linkpulse: not allowed', afterMs: 5000 } as const;

const conductOf = (section: {
  readonly behaviour: (typeof callManagerBehaviours)[number];
  readonly delay?: number | undefined;
  readonly text?: string | undefined;
  readonly after?: number | undefined;
  readonly backAfter?: number | null | undefined;
}) => {
  const { behaviour } = section;
  switch (behaviour) {
    case 'slow':
      return { behaviour, delayMs: section.delay ?? defaults.delayMs };
    case 'reject':
      return { behaviour, text: section.text ?? defaults.text };
    case 'die':
      return { behaviour, afterMs: section.after ?? defaults.afterMs, backAfterMs: section.backAfter ?? null };
    default:
      return { behaviour };
  }
};

export const callManagers = z
  .array(callManager)
  .min(1, 'needs at least one CallManager')
  .max(3, 'a phone knows three CallManagers at most');

export const callControl = z
  .strictObject({
    newestSccpVersion: wholeNumber(3, 22).default(22),
    token: oneOf(['grant', 'refuse']).default('grant'),
    tokenWait: quantity('s', 1, 3600).default(60),
  })
  .prefault({})
  .transform(
    (section): CallControlPlan => ({
      newestSccpVersion: section.newestSccpVersion,
      token: section.token,
      tokenWaitSeconds: section.tokenWait,
    }),
  );

export const sip = z
  .strictObject({
    transport: oneOf(['udp', 'tcp']).default('tcp'),
    expires: quantity('s', 10, 86_400).default(120),
    digest: orWord('none', z.strictObject({ user: line(64), password: line(128) })).default(null),
  })
  .prefault({})
  .transform(
    (section): SipPlan => ({
      transport: section.transport,
      expiresSeconds: section.expires,
      digest: section.digest,
    }),
  );

export const change = orWord(
  'none',
  z
    .strictObject({
      after: quantity('ms', 0, longestMs),
      order: oneOf(['reset', 'restart']),
      load: loadName().nullable().default(null),
      callManagers: z.array(hostName()).nullable().default(null),
      announce: quantity('ms', 100, longestMs).default(usualAnnounceMs),
      fromAutoRegistration: yesOrNo().default(false),
    })
    .transform(
      (section): ChangePlan => ({
        afterMs: section.after,
        order: section.order,
        load: section.load,
        callManagers: section.callManagers,
        announceMs: section.announce,
        fromAutoRegistration: section.fromAutoRegistration,
      }),
    ),
).prefault('none');
