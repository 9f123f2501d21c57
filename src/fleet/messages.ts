/**
 * What travels between stations, collectors and the central page: JSON, one schema a topic; docs/fleet.asyncapi.json is
 * generated from these. Readers pass over fields they do not know; `schema` is raised when one goes or changes its meaning.
 *
 * The broker's own acknowledgement proves nothing here: mosquitto that is killed loses what it acknowledged since it last saved.
 * So an entry stays in the station's outbox until a receipt says that the database holds it, and is sent again meanwhile.
 */
import { z } from 'zod';
import { BenchError } from '../errors.js';
import { recordShape } from '../records/record-schema.js';

export const fleetSchema = 1;

const schema = z.literal(fleetSchema);
export const stationName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const port = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);
const when = z.iso
  .datetime()
  .describe('UTC, by the wall clock of whoever wrote it: an annotation, nothing is ordered by it');
const runId = z.string().min(1).max(128);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const words = z.string().max(2_000);
const verdict = z.enum(['pass', 'marginal', 'fail', 'error']);
const blame = z.enum(['power', 'network', 'config', 'bench', 'operator']).nullable();

export const presenceMessage = z
  .object({
    schema,
    station: stationName,
    presence: z.enum(['online', 'stopped', 'lost']).describe('lost: the last will, by the broker'),
    instance: z.uuid().describe('of the process: a station that reads another one’s under its own name has a double'),
    at: when.nullable().describe('null in the last will'),
  })
  .meta({ title: 'presence', description: 'Is the station there?' });

export const planSetNote = z.object({
  name: z.string(),
  version: z.int().min(1),
  sha256: sha256.describe('of the signed text'),
});

export const stateMessage = z
  .object({
    schema,
    station: stationName,
    at: when,
    version: z.string().describe('of Linkpulse'),
    page: z.url().nullable().describe('the station’s own page: evidence of its runs is there'),
    ports: z.array(port),
    outboxDepth: z.int().min(0).describe('entries of which no receipt has come'),
    planSet: planSetNote.nullable().describe('what it tests by; null: plans of its own'),
    planSetRefused: z
      .object({ code: z.string(), message: words, at: when })
      .nullable()
      .describe('why it did not take the set that is published'),
  })
  .meta({ title: 'state', description: 'What a station is and runs' });

export const portMessage = z
  .object({
    schema,
    station: stationName,
    port,
    at: when,
    running: z
      .object({
        runId,
        plan: z.string(),
        serial: z.string().nullable(),
        startedAt: when,
        stages: z.array(z.object({ stage: z.string(), verdict: z.string() })),
      })
      .nullable(),
    last: z
      .object({
        runId,
        verdict,
        blame,
        cause: words,
        endedAt: when,
        deviceId: z.string().nullable(),
        serial: z.string().nullable(),
      })
      .nullable(),
    lock: z.object({ code: z.string(), at: when }).nullable().describe('an engineer has to look at the jack'),
    reserved: z.object({ owner: z.string(), until: when }).nullable(),
  })
  .meta({ title: 'port', description: 'What goes on at a port' });

const entry = {
  schema,
  station: stationName,
  outbox: z.uuid().describe('made anew where store and database do not go on from one another'),
  seq: z.int().min(1).describe('counts up by one in an outbox: the order in which the database takes entries'),
  at: when,
};

export const recordMessage = z
  .object({
    ...entry,
    kind: z.literal('record'),
    record: recordShape
      .extend({ plan: recordShape.shape.plan.omit({ text: true }) })
      .describe('record.json without the text of its plan, which an earlier entry brought'),
  })
  .meta({ title: 'record', description: 'A finished run (docs/record.md)' });

export const planMessage = z
  .object({ ...entry, kind: z.literal('plan'), name: z.string(), hash: sha256, text: z.string() })
  .meta({ title: 'plan', description: 'The plan of records that follow; once in an outbox' });

export const eventMessage = z
  .object({
    ...entry,
    kind: z.literal('event'),
    event: z.discriminatedUnion('event', [
      z.object({ event: z.literal('station-started'), version: z.string() }),
      z.object({
        event: z.literal('run-started'),
        port,
        runId,
        plan: z.string(),
        serial: z.string().nullable(),
      }),
      z
        .object({ event: z.literal('run-failed'), port, code: z.string(), message: words })
        .describe('came to no record'),
      z.object({ event: z.literal('port-locked'), port, code: z.string(), runId: runId.nullable() }),
      z.object({ event: z.literal('port-unlocked'), port }),
      z.object({ event: z.literal('plan-set-taken'), planSet: planSetNote }),
      z.object({ event: z.literal('plan-set-refused'), code: z.string(), message: words }),
      z
        .object({ event: z.literal('entry-lost'), message: words })
        .describe('an entry that cannot be read any more: the order goes on without it'),
      z
        .object({ event: z.literal('outbox-anew'), message: words })
        .describe('database or state folder are older than the other one knows: what waits goes on in this outbox'),
    ]),
  })
  .meta({ title: 'event', description: 'What happened at a station' });

export const entryMessage = z.discriminatedUnion('kind', [recordMessage, planMessage, eventMessage]);

export const receiptMessage = z
  .object({
    schema,
    station: stationName,
    outbox: z.uuid(),
    upTo: z.int().min(0).describe('the database holds every entry up to this one; 0: none yet'),
    refused: z
      .array(z.object({ seq: z.int().min(1), code: z.string(), message: words }))
      .describe('of them, what it could not take as what it is: kept apart, for a person to look at'),
  })
  .meta({ title: 'receipt', description: 'What a station need not keep any more' });

export const planSetMessage = z
  .object({
    schema,
    signed: z.string().describe('JSON text (planSet), to the byte what was signed'),
    key: sha256.describe('SHA-256 of the public key (SubjectPublicKeyInfo, DER) that verifies it'),
    signature: z.base64().max(88).describe('Ed25519 over `signed` in UTF-8'),
  })
  .meta({ title: 'planSet', description: 'The plans of a plant, signed' });

export type Presence = z.infer<typeof presenceMessage>;
export type StationState = z.infer<typeof stateMessage>;
export type PortState = z.infer<typeof portMessage>;
export type Entry = z.infer<typeof entryMessage>;
export type EntryKind = Entry['kind'];
export type FleetEvent = z.infer<typeof eventMessage>['event'];
export type Receipt = z.infer<typeof receiptMessage>;
export type PlanSetMessage = z.infer<typeof planSetMessage>;
export type PlanSetNote = z.infer<typeof planSetNote>;

/** Larger messages are not looked at: a record with every measurement and question takes some 20 KiB. */
export const longestMessageBytes = 1024 ** 2;

const refuse = (detail: string) => new BenchError('FLEET_MESSAGE_INVALID', detail);

/** Throws BenchError FLEET_MESSAGE_INVALID: too long, or no JSON. */
export const readJson = (payload: Uint8Array): unknown => {
  if (payload.byteLength > longestMessageBytes) throw refuse(`${payload.byteLength} bytes`);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    throw refuse('no JSON');
  }
};

/** Throws BenchError FLEET_MESSAGE_INVALID: not of the schema, or of another station than its topic. */
export const checkMessage = <T extends z.ZodType>(shape: T, raw: unknown, station?: string): z.output<T> => {
  const read = shape.safeParse(raw);
  if (!read.success) {
    const [first] = read.error.issues;
    throw refuse(`${first?.path.join('.') ?? ''}: ${first?.message ?? 'not of the schema'}`);
  }
  const named = (raw as { readonly station?: unknown }).station;
  if (station !== undefined && named !== station) throw refuse(`came on the topic of ${station}`);
  return read.data;
};

/** A message as its schema has it; `raw` is all of it, with fields of later versions. Throws what the two above throw. */
export const readMessage = <T extends z.ZodType>(
  shape: T,
  payload: Uint8Array,
  station?: string,
): { readonly message: z.output<T>; readonly raw: unknown } => {
  const raw = readJson(payload);
  return { message: checkMessage(shape, raw, station), raw };
};
