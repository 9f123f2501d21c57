/** Every shape of the plant's HTTP API, once: requests are checked by these and the OpenAPI document is generated from them. */
import { z } from 'zod';
import { portMessage, stateMessage, stationName } from '../../messages.js';

const moment = z.string().describe('ISO 8601, UTC');

export const live = z.object({
  id: z.number().int().describe('everything up to this message of the event stream is in here'),
  plant: z.string(),
  broker: z.object({ isConnected: z.boolean(), since: moment, cause: z.string() }),
  planSet: z
    .object({
      name: z.string(),
      version: z.number().int(),
      createdAt: moment,
      note: z.string(),
      sha256: z.string().describe('of the signed text'),
      key: z
        .string()
        .describe('SHA-256 of the public key that it names; whether it fits, each station tells by its own'),
      plans: z.array(z.string()).describe('paths'),
    })
    .nullable(),
  stations: z.array(
    z.object({
      station: z.string(),
      presence: z.enum(['online', 'stopped', 'lost']).nullable(),
      since: moment.nullable().describe('since when presence is what it is; null: lost before this process listened'),
      lastToldAt: moment.nullable().describe('the newest that the station wrote on anything, by its own clock'),
      state: stateMessage.nullable(),
      ports: z.array(portMessage),
    }),
  ),
});

export const health = z.object({
  status: z.enum(['ok', 'closing']),
  plant: z.string(),
  version: z.string(),
  broker: z.boolean().describe('connected'),
  stations: z.number().int().describe('known'),
});

export const mostExported = 100_000;
export const station = stationName;
export const runId = z.string().min(1).max(128);
const verdict = z.enum(['pass', 'marginal', 'fail', 'error']);
const blame = z.enum(['power', 'network', 'config', 'bench', 'operator']);
const text = z.string().min(1).max(128);

/** `%` stands for anything in a text. */
export const search = z.strictObject({
  text: text.min(3).optional().describe('anywhere in names, phone and cause'),
  unit: text.optional(),
  serial: text.optional(),
  mac: text.optional().describe('however it is written'),
  model: text.optional().describe('part of the plan’s model or of the platform'),
  plan: text.optional(),
  station: text.optional(),
  port: text.optional(),
  verdict: verdict.optional(),
  blame: z
    .enum(['phone', ...blame.options])
    .optional()
    .describe('phone: runs that failed'),
  stage: text.optional(),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
});
export const searchPage = search.extend({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  after: z.string().max(1_000).optional().describe('`next` of the page before'),
});

export const foundRuns = z.object({
  runs: z.array(
    z.object({
      station: z.string(),
      runId: z.string(),
      port: z.string(),
      startedAt: moment,
      durationMs: z.number(),
      verdict,
      blame: blame.nullable(),
      exitCode: z.number().int(),
      stage: z.string(),
      cause: z.string(),
      serial: z.string().nullable(),
      deviceId: z.string().nullable(),
      mac: z.string().nullable(),
      platform: z.string().nullable(),
      load: z.string().nullable(),
      model: z.string().nullable().describe('of the plan'),
      plan: z.string(),
      planHash: z.string(),
      golden: z.boolean().describe('tested the bench; counts for no phone'),
      attempt: z.number().int(),
    }),
  ),
  next: z.string().nullable().describe('where the next page begins; null: this is the last one'),
});

export const storedRun = z.object({
  station: z.string(),
  runId: z.string(),
  takenAt: moment,
  model: z.string().nullable(),
  page: z.string().nullable().describe('of its station, where the evidence is; null: not known'),
  record: z.looseObject({}).describe('record.json without its plan’s text (docs/record.md)'),
});

const yieldShape = z.object({
  units: z.number().int().describe('phones that were judged at all'),
  firstPass: z.number().nullable(),
  final: z.number().nullable(),
  runs: z.number().int(),
  errors: z.number().int().describe('runs that judged nobody'),
});
const groups = z.array(z.object({ name: z.string().nullable(), yield: yieldShape }));
export const statistics = z.object({
  runs: z.number().int(),
  from: moment.nullable(),
  to: moment.nullable(),
  yield: yieldShape.extend({
    passedOnAttempt: z.array(z.number().int()).describe('[n]: phones that passed at their judged run n + 1'),
  }),
  blames: z.array(z.object({ blame: z.string(), count: z.number().int(), cumulative: z.number() })),
  pareto: z.array(
    z.object({
      blame: z.string(),
      stage: z.string(),
      cause: z.string().describe('without its numbers and names'),
      count: z.number().int(),
      cumulative: z.number(),
      last: z.object({ station: z.string(), runId: z.string() }),
    }),
  ),
  trend: z.array(z.object({ day: z.string().describe('UTC'), yield: yieldShape })),
  hours: z.array(z.object({ hour: moment, runs: z.number().int() })).describe('hours without runs are left out'),
  plans: groups,
  stations: groups,
  models: groups.describe('name null: of plans that name none'),
});
