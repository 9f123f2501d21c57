/** Every shape of the HTTP API, once: requests are checked by these and the OpenAPI document is generated from them. */
import { z } from 'zod';
import { errorBody } from '../../http/shapes.js';
import { answers } from '../../plan/prompts.js';
import { parseMeasurementRange } from '../../records/run-search.js';

export { apiVersion, errorBody } from '../../http/shapes.js';

export const portName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);
export const planName = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/);
export const runId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
const verdict = z.enum(['pass', 'marginal', 'fail', 'error']);
const blame = z.enum(['power', 'network', 'config', 'bench', 'operator']);
const text = z.string().min(1).max(128);

export const phone = z.object({
  deviceId: z.string().nullable(),
  mac: z.string().nullable(),
  platform: z.string().nullable(),
  load: z.string().nullable(),
  vendorClass: z.string().nullable(),
  address: z.string().nullable(),
});

const limits = z.object({
  min: z.number().optional(),
  max: z.number().optional(),
  marginalMin: z.number().optional(),
  marginalMax: z.number().optional(),
});

export const stage = z.object({
  stage: z.string(),
  verdict: z.enum(['pass', 'marginal', 'fail', 'error', 'skipped', 'not-reached']),
  blame: blame.nullable(),
  cause: z.string(),
  nextAction: z.string(),
  evidence: z.array(z.number().int()),
  beganAtUs: z.number().nullable(),
  endedAtUs: z.number().nullable(),
  measurements: z.array(
    z.object({
      name: z.string(),
      value: z.number(),
      unit: z.string(),
      limits: limits.nullable(),
      verdict: z.string(),
      evidence: z.number().int(),
    }),
  ),
  notMeasured: z.array(z.object({ name: z.string(), reason: z.string() })).optional(),
});

const earlier = z.object({ runId: z.string(), verdict, blame: blame.nullable(), cause: z.string() });

const promptResult = z.object({
  id: z.string(),
  question: z.string(),
  verdict: z.string(),
  blame: blame.nullable(),
  answer: z.enum(answers).nullable(),
  by: z.string().nullable(),
  where: z.string().nullable(),
});

export const summary = z.object({
  runId: z.string(),
  port: z.string(),
  startedAt: z.string(),
  durationMs: z.number(),
  verdict,
  blame: blame.nullable(),
  exitCode: z.number().int(),
  cause: z.string(),
  nextAction: z.string(),
  interruptedBy: z.string().nullable().optional(),
  phone,
  stages: z.array(stage),
  prompts: z.array(promptResult).optional().describe('what the operator answered'),
  attempt: z
    .object({ number: z.number().int(), of: z.number().int(), first: z.string(), earlier: z.array(earlier) })
    .nullable()
    .optional()
    .describe('where the plan gives more than one'),
  limited: z.array(z.string()),
  golden: z.object({ fault: z.string().nullable() }).nullable().optional().describe('tests the bench, judges no phone'),
  serial: z.string().nullable(),
});

export const started = z.object({
  runId: z.string(),
  port: z.string(),
  plan: z.object({ name: z.string(), title: z.string() }),
  limited: z.array(z.string()),
  attempt: z.object({ number: z.number().int(), of: z.number().int() }).nullable().optional(),
});

/** An event of the timeline as it stands in `timeline.ndjson` (docs/record.md). */
export const event = z.looseObject({
  seq: z.number().int(),
  atUs: z.number(),
  source: z.string(),
  fact: z.looseObject({ kind: z.string() }),
});

export const prompt = z.object({
  id: z.string(),
  question: z.record(z.string(), z.string()).describe('by language; en is there'),
  picture: z.string().nullable().describe('a name of the page’s own pictures, or a file of the run’s folder'),
  timeoutMs: z.number(),
  isAnswerable: z.boolean(),
  atUs: z.number().describe('when it was asked, us since the run began'),
});

export const supplyWait = z.object({
  supply: z.string(),
  limit: z.enum(['steady', 'inrush']),
  neededMilliwatts: z.number(),
  reservedMilliwatts: z.number(),
  budgetMilliwatts: z.number(),
  holders: z.array(z.string()).describe('ports that hold what is reserved'),
  unproven: z.array(z.string()).describe('of these: ports whose run is over and whose switch nobody knows to be open'),
  ahead: z.array(z.string()).describe('ports that asked before'),
  atUs: z.number().describe('since when, us since the run began'),
});
export const leaseNote = z.object({
  owner: z.string().describe('of the token; or a person, or a port, at the bench itself'),
  purpose: z.string(),
  since: z.string(),
  until: z.string().nullable().describe('null: until what it was taken for (a run, a command) ends'),
  remainingMs: z.number().nullable(),
});
const waiting = z.array(z.object({ owner: z.string(), purpose: z.string() })).describe('next first');
export const thing = z.object({ name: z.string(), lease: leaseNote.nullable(), waiting });
export const things = z.object({ ports: z.array(thing), shared: z.array(thing) });

/** Whoever knows it may use the lease, with the token that it was taken by. */
export const leaseId = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/);
const longestLeaseMs = 8 * 3_600_000;
const forMs = z.number().int().min(1_000).max(longestLeaseMs).describe('at most 8 h; counted from now');
export const leaseRequest = z.strictObject({
  id: leaseId.describe('chosen by whoever asks, such as a UUID: a request that got no answer is repeated'),
  port: portName.optional(),
  shared: portName.optional(),
  forMs,
  purpose: z.string().max(64).default(''),
  waitMs: z.number().int().min(0).max(longestLeaseMs).default(0).describe('0: refused at once where somebody has it'),
});
export const leaseRenewal = z.strictObject({ forMs });
export const lease = leaseNote.extend({
  id: z.string(),
  port: z.string().optional(),
  shared: z.string().optional(),
});
export const leaseEnded = z.object({ wasHeld: z.boolean() });

export const port = z.object({
  port: z.string(),
  running: z
    .object({
      run: started,
      serial: z.string().nullable(),
      labelMac: z.string().nullable(),
      stages: z.array(stage),
      prompt: prompt.nullable().describe('what the operator is asked just now'),
      supplyWait: supplyWait.nullable().describe('what keeps it from being powered just now; as it began to wait'),
    })
    .nullable(),
  events: z.array(event).describe('the newest of the run that is on, else of the last one'),
  last: summary.nullable(),
  failed: errorBody
    .extend({ blame, serial: z.string().nullable(), labelMac: z.string().nullable() })
    .nullable()
    .describe('why the newest attempt came to no record; null where it did'),
  lock: z
    .object({ code: z.string(), runId: z.string(), at: z.string() })
    .nullable()
    .describe('why nobody may arm it until an engineer has looked'),
  lease: leaseNote.nullable().describe('who alone may start a run here'),
  waiting: z
    .object({ shared: z.string(), owner: z.string(), purpose: z.string(), until: z.string().nullable() })
    .nullable()
    .describe('the shared thing that a run waits for before it begins'),
});

const planSet = z
  .object({
    inForce: z
      .object({
        name: z.string(),
        version: z.number().int(),
        sha256: z.string(),
        note: z.string(),
        takenAt: z.string(),
      })
      .nullable()
      .describe('null: none yet, so no run begins'),
    refused: z
      .object({ code: z.string(), message: z.string(), at: z.string() })
      .nullable()
      .describe('why the set that was published last is not in force'),
  })
  .nullable()
  .describe('the plant’s signed plans that this station tests by; null: plans of its own');

export const view = z.object({
  id: z.number().int().describe('everything up to this message of the event stream is in here'),
  station: z.string(),
  ports: z.array(port),
  shared: z.array(thing).describe('what the ports have in common, such as the golden phone'),
  planSet,
});

export const plan = z.object({
  name: z.string(),
  title: z.string(),
  model: z.string(),
  hash: z.string(),
  required: z.array(z.enum(['serial', 'mac'])).describe('parts of the label without which no run begins'),
});

export const runRequest = z.strictObject({
  plan: planName,
  serial: text.optional().describe('what the scanner read from the label'),
  labelMac: text.optional().describe('MAC address on the label: the phone must go by it everywhere'),
  lease: leaseId.optional().describe('of one’s lease of this port, or of a shared thing'),
});
export const runAccepted = z.object({ port: z.string(), runId: z.string() });

export const answerGiven = z.strictObject({
  runId,
  prompt: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/)
    .describe('its id'),
  answer: z.enum(answers),
});
export const answerTaken = z.object({ port: z.string(), runId: z.string() });

export const indexedRun = z.object({
  runId: z.string(),
  station: z.string(),
  port: z.string(),
  startedAt: z.string(),
  durationMs: z.number(),
  verdict,
  blame: blame.nullable(),
  exitCode: z.number().int(),
  stage: z.string(),
  cause: z.string(),
  unit: z.string().nullable(),
  serial: z.string().nullable(),
  deviceId: z.string().nullable(),
  mac: z.string().nullable(),
  platform: z.string().nullable(),
  load: z.string().nullable(),
  model: z.string().nullable().describe('of the plan'),
  plan: z.string(),
  planHash: z.string(),
  board: z.string().nullable(),
  cut: z.boolean(),
  golden: z.boolean().describe('tested the bench; counts for no phone'),
  goldenFault: z.string().nullable(),
  attempt: z.number().int(),
  firstAttempt: z.string(),
});

const moment = z.iso.datetime();
/** Query of runs and statistics; `%` stands for anything in a text. */
export const search = z.strictObject({
  text: text.optional(),
  unit: text.optional(),
  serial: text.optional(),
  mac: text.optional(),
  platform: text.optional(),
  model: text.optional().describe('part of the plan’s model or of the platform'),
  plan: text.optional(),
  port: text.optional(),
  station: text.optional(),
  verdict: verdict.optional(),
  blame: z
    .enum(['phone', ...blame.options])
    .optional()
    .describe('phone: runs that failed'),
  stage: text.optional(),
  since: moment.optional(),
  until: moment.optional(),
  measurement: text
    .transform((given, context) => {
      const range = parseMeasurementRange(given);
      if (range === undefined) context.addIssue('is none, such as boot.linkUpMs or power.inrushMs=20..30');
      return range;
    })
    .optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
export const searchWithoutLimit = search.omit({ limit: true });
export const statisticsQuery = searchWithoutLimit.extend({ golden: text.optional() });
export const statistics = z.looseObject({ schema: z.literal(1), runs: z.number().int() });

export const health = z.object({
  status: z.enum(['ok', 'closing']),
  station: z.string(),
  version: z.string(),
  running: z.number().int(),
  ports: z.array(z.string()).describe('so that power can be switched off without a token'),
  fleet: z
    .object({
      isConnected: z.boolean(),
      waiting: z.number().int().describe('what the plant’s database has not confirmed'),
      refused: z.number().int().describe('what it keeps apart, unread, since the start'),
      code: z.string().nullable().describe('what is wrong, as in docs/errors.md'),
    })
    .nullable()
    .describe('null: the station tells no fleet'),
});

export const readiness = z.object({
  status: z.enum(['ready', 'not-ready']),
  reasons: z.array(
    z.object({
      code: z.string().describe('CLOSING, or as in docs/errors.md'),
      message: z.string(),
      port: z.string().nullable().describe('null: the whole station'),
    }),
  ),
});
