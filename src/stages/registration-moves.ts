import type { Fact, FactOf } from '../timeline/events.js';

/** What a message means for a registration, whichever protocol it is of. `server`: the CallManager's address. */
export type Move =
  | {
      readonly kind: 'asked';
      readonly server: string;
      readonly port: number;
      readonly deviceName: string | null;
      /** Newer loads tell it in Register (protocol facts 7.3); null: not told. */
      readonly loadName: string | null;
    }
  | {
      readonly kind: 'acknowledged';
      readonly server: string;
      /** null: not told. */
      readonly keepaliveSeconds: number | null;
      /** CallManager 2.x never answers a keepalive. */
      readonly answersKeepalives: boolean;
    }
  | { readonly kind: 'completed'; readonly server: string }
  | { readonly kind: 'rejected'; readonly server: string; readonly text: string }
  /** For now, or in favour of another one. */
  | { readonly kind: 'turned-away'; readonly server: string; readonly port: number }
  | { readonly kind: 'keepalive'; readonly server: string; readonly count: number }
  | { readonly kind: 'keepalive-answered'; readonly server: string; readonly count: number }
  | { readonly kind: 'gave-up'; readonly server: string }
  | { readonly kind: 'ordered'; readonly server: string; readonly order: 'reset' | 'restart' };

const sccpPort = 0;
const resetTypes: Readonly<Record<number, 'reset' | 'restart'>> = { 1: 'reset', 2: 'restart' };

const textOf = (value: string | number | undefined): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

const sccpMoves = ({ from, message, server, fields, count }: FactOf<'sccp'>): readonly Move[] => {
  switch (`${from} ${message}`) {
    case 'phone Register':
      return [
        {
          kind: 'asked',
          server,
          port: sccpPort,
          deviceName: textOf(fields.deviceName),
          loadName: textOf(fields.loadName),
        },
      ];
    case 'bench RegisterAck': {
      const seconds = fields.keepaliveSeconds;
      const keepaliveSeconds = typeof seconds === 'number' ? seconds : null;
      // CallManager 2.x sends the short form, without a protocol version.
      const answersKeepalives = fields.protocolVersion !== undefined;
      return [{ kind: 'acknowledged', server, keepaliveSeconds, answersKeepalives }];
    }
    case 'bench RegisterReject':
      return [{ kind: 'rejected', server, text: String(fields.text ?? '').trim() }];
    case 'phone TimeDateReq':
      return [{ kind: 'completed', server }];
    case 'phone KeepAlive':
      return [{ kind: 'keepalive', server, count }];
    case 'bench KeepAliveAck':
      return [{ kind: 'keepalive-answered', server, count }];
    case 'phone Unregister':
      return [{ kind: 'gave-up', server }];
    case 'bench Reset': {
      const order = resetTypes[Number(fields.type)];
      return order === undefined ? [] : [{ kind: 'ordered', server, order }];
    }
    default:
      return [];
  }
};

const unproven: ReadonlySet<number> = new Set([401, 407]);
const notNow: ReadonlySet<number> = new Set([423, 486, 500, 503]);
const firstRefusal = 300;

/** Phones tell it in the Reason of their first REGISTER: `ActiveLoad=...`, older ones `Load=...` (protocol facts 8). */
const loadInAlarm = (alarm: string | number | undefined): string | null =>
  /\b(?:Active)?Load=([\w.-]+)/.exec(String(alarm ?? ''))?.[1] ?? null;

const sipMoves = ({
  from,
  server,
  port,
  statusCode,
  reason,
  purpose,
  fields,
  count,
}: FactOf<'sip'>): readonly Move[] => {
  if (from === 'bench' && statusCode === null && (purpose === 'reset' || purpose === 'restart'))
    return [{ kind: 'ordered', server, order: purpose }];
  if (from === 'phone') {
    if (statusCode !== null) return [];
    if (purpose === 'unregister') return [{ kind: 'gave-up', server }];
    // A refresh is a keepalive where the phone is registered already: who reads the move knows.
    return purpose === 'register'
      ? [
          { kind: 'asked', server, port, deviceName: textOf(fields.deviceName), loadName: loadInAlarm(fields.alarm) },
          { kind: 'keepalive', server, count },
        ]
      : [];
  }
  if (purpose !== 'register' || statusCode === null || unproven.has(statusCode)) return [];
  if (notNow.has(statusCode)) return [{ kind: 'turned-away', server, port }];
  if (statusCode >= firstRefusal) return [{ kind: 'rejected', server, text: `${statusCode} ${reason ?? ''}`.trim() }];
  if (statusCode < 200) return [];
  const keepaliveSeconds = typeof fields.expires === 'number' ? fields.expires : null;
  return [
    { kind: 'keepalive-answered', server, count },
    { kind: 'acknowledged', server, keepaliveSeconds, answersKeepalives: true },
    { kind: 'completed', server },
  ];
};

export const movesOf = (fact: Fact): readonly Move[] => {
  if (fact.kind === 'sccp') return sccpMoves(fact);
  return fact.kind === 'sip' ? sipMoves(fact) : [];
};

/** The CallManager tells the phone to start again; null: something else. */
export const orderIn = (fact: Fact): 'reset' | 'restart' | null => {
  const order = movesOf(fact).find((move) => move.kind === 'ordered');
  return order?.kind === 'ordered' ? order.order : null;
};
