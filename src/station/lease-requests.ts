/** Leases over the local socket: for whoever stands at the bench. Ports are taken over HTTP, by those who do not. */
import { BenchError } from '../errors.js';
import type { AuditEntry } from '../http/audit.js';
import { type Lease, type LeaseRequest, type Leases, leasesView, type Thing } from './leases.js';
import type { SharedRequest, StationReply, StationRequest } from './protocol.js';

export interface LeaseDesk {
  readonly leases: Leases;
  readonly ports: readonly string[];
  readonly shared: readonly string[];
  act(action: string, detail: AuditEntry['detail']): void;
}

type LeaseQuestion = Extract<StationRequest, { type: 'things' | 'take' | 'end-lease' }>;

const longestWordLetters = 64;
const longestLeaseMs = 8 * 3_600_000;

const named = ({ ports, shared }: LeaseDesk, given: Partial<Thing> | undefined): Thing => {
  const { kind, name = '' } = given ?? {};
  if (kind === 'port' && ports.includes(name)) return { kind, name };
  if (kind === 'shared' && shared.includes(name)) return { kind, name };
  if (kind === 'port') throw new BenchError('PORT_UNKNOWN', `"${name}"; there are: ${ports.join(', ')}`);
  throw new BenchError('SHARED_UNKNOWN', `"${name}"; there are: ${shared.join(', ') || 'none'}`);
};

/** It came over a socket: nothing is believed. */
const checked = ({ id, owner, purpose, forMs }: SharedRequest) => {
  const isWord = (text: unknown) => typeof text === 'string' && text.length <= longestWordLetters;
  const isTime = forMs === null || (Number.isFinite(forMs) && forMs > 0 && forMs <= longestLeaseMs);
  if (!isWord(id) || !isWord(owner) || !isWord(purpose) || !isTime)
    throw new BenchError(
      'USAGE',
      'take wants id, owner and purpose of at most 64 letters, and forMs: at most 8 h, or null',
    );
  return { id, owner, purpose, forMs };
};

const inTurn = async (
  { leases }: LeaseDesk,
  request: LeaseRequest,
  shared: string,
  say: (reply: StationReply) => void,
  gone: AbortSignal,
): Promise<Lease> => {
  try {
    return await leases.takeInTurn(request, gone, (has) => say({ type: 'waiting', shared, ...leases.note(has) }));
  } catch (error) {
    if (gone.aborted) throw new BenchError('INTERRUPTED', `nobody waits for ${shared} any longer`);
    throw error;
  }
};

/** `gone`: whoever asked has gone, and with them what was taken without an end. */
export const serveLeases = async (
  desk: LeaseDesk,
  question: LeaseQuestion,
  say: (reply: StationReply) => void,
  gone: AbortSignal,
): Promise<void> => {
  const { leases } = desk;
  if (question.type === 'things')
    return say({
      type: 'things',
      ports: leasesView(leases, 'port', desk.ports),
      shared: leasesView(leases, 'shared', desk.shared),
    });
  if (question.type === 'end-lease') {
    const thing = named(desk, question.thing);
    desk.act('lease-ended', { [thing.kind]: thing.name });
    return say({ type: 'lease-ended', wasHeld: await leases.endOf(thing, 'somebody at the bench') });
  }
  const request = { ...checked(question), thing: named(desk, { kind: 'shared', name: question.shared }) };
  const { owner, purpose } = request;
  const lease =
    question.waits === true ? await inTurn(desk, request, question.shared, say, gone) : leases.take(request);
  try {
    desk.act('leased', { shared: question.shared, owner, purpose, until: leases.note(lease).until });
    say({ type: 'taken', lease: leases.note(lease) });
    if (request.forMs !== null) return;
    if (!gone.aborted) await new Promise((resolve) => gone.addEventListener('abort', resolve, { once: true }));
    leases.giveBack(request.id);
  } catch (error) {
    leases.giveBack(request.id);
    throw error;
  }
};
