/**
 * `record.json` as others read it: docs/record.schema.json is generated from this. A field that is added later leaves
 * `recordSchema` as it is; one that goes, or changes what it means, raises it.
 */
import { z } from 'zod';
import { measurementUnits } from '../plan/plan.js';
import { type Measurement, type StageResult, stageNames } from '../stages/judge.js';
import type { PromptResult } from '../stages/prompts.js';
import type { TimelineCounts } from '../timeline/log.js';
import type { AttemptNote } from './attempt.js';
import type { PhoneIdentity } from './phone-identity.js';
import type { PowerNote } from './power-note.js';
import {
  type BoardNote,
  type CutRunNote,
  type GoldenNote,
  type PowerOffNote,
  type RunRecord,
  recordSchema,
  runFiles,
  type StoredTripNote,
} from './record.js';
import type { BenchFaultNote } from './run-verdict.js';
import type { SoftwareVersions } from './software-versions.js';

/** A field for each of the type's, so that none is forgotten here. */
type ShapeOf<T> = Readonly<Record<keyof T, z.ZodType>>;

const blame = z.enum(['power', 'network', 'config', 'bench', 'operator']);
const seq = z.int().min(0).describe('number of an event in timeline.ndjson');
const microseconds = z.number().min(0).describe('us since the run began');
const milliseconds = z.number().min(0).describe('ms');
const names = Object.keys(measurementUnits) as [string, ...string[]];

const limits = z
  .object({
    min: z.number(),
    marginalMin: z.number(),
    marginalMax: z.number(),
    max: z.number(),
  })
  .partial()
  .describe('outside min..max fails; inside them, outside the marginal ones, is marginal; in the unit of the value');

const measurement = z.object({
  name: z.enum(names),
  value: z.number(),
  unit: z.string().describe('of value and limits'),
  limits: limits.nullable(),
  verdict: z.enum(['pass', 'marginal', 'fail']),
  evidence: seq,
} satisfies ShapeOf<Measurement>);

const stage = z.object({
  stage: z.enum(stageNames),
  verdict: z.enum(['pass', 'marginal', 'fail', 'error', 'skipped', 'not-reached']),
  blame: blame.nullable().describe('with error only; a fail blames the phone'),
  cause: z.string().describe('one sentence'),
  evidence: z.array(seq),
  nextAction: z.string().describe('empty where all is well'),
  measurements: z.array(measurement),
  notMeasured: z.array(z.object({ name: z.enum(names), reason: z.string() })).optional(),
  beganAtUs: microseconds.nullable(),
  endedAtUs: microseconds.nullable(),
} satisfies ShapeOf<StageResult>);

const prompt = z.object({
  id: z.string().describe('of the plan'),
  question: z.string().describe('in English'),
  verdict: z
    .enum(['pass', 'fail', 'error', 'skipped', 'not-reached'])
    .describe('skipped: nobody was asked in this run'),
  blame: blame.nullable().describe('with error only; a fail blames the phone'),
  cause: z.string(),
  nextAction: z.string(),
  evidence: z.array(seq),
  answer: z.enum(['yes', 'no']).nullable().describe('null: nobody answered'),
  by: z.string().nullable(),
  where: z.enum(['page', 'terminal', 'command line']).nullable(),
  askedAtUs: microseconds.nullable(),
  answeredAtUs: microseconds.nullable(),
} satisfies ShapeOf<PromptResult>);

const powerOff = {
  cause: z.string(),
  switchOffMs: milliseconds.nullable().describe('from the cause until the switch was open'),
  jackSafeMs: milliseconds.nullable().describe('from the cause until the jack was below 2.8 V'),
} satisfies ShapeOf<PowerOffNote>;
const storedTrip = z.object({ ...powerOff, switchOffMs: milliseconds } satisfies ShapeOf<StoredTripNote>);

const feed = { pairs: z.string(), polarity: z.string(), pins: z.string().nullable() };
const power = z.object({
  asked: z.object({ method: z.enum(['prestandard', '802.3af', 'auto']), ...feed }),
  fed: z
    .object({ method: z.enum(['prestandard', '802.3af']), ...feed })
    .nullable()
    .describe('null: the jack was never powered'),
  probe: z
    .object({ finding: z.string(), ohms: z.number().nullable(), powerClass: z.int().min(0).max(4).nullable() })
    .nullable()
    .describe('what the low-voltage probe saw; null: it was not made'),
} satisfies ShapeOf<PowerNote>);

const phone = z.object({
  deviceId: z.string().nullable(),
  mac: z.string().nullable(),
  platform: z.string().nullable(),
  load: z.string().nullable(),
  vendorClass: z.string().nullable(),
  address: z.string().nullable(),
  serial: z.string().nullable().optional().describe('as its label says; null: nobody read it'),
  labelMac: z.string().nullable().optional().describe('as its label says; null: nobody read it'),
} satisfies ShapeOf<PhoneIdentity>);

const events = z.object({
  total: z.int().min(0),
  stored: z.int().min(0),
  folded: z
    .record(z.string(), z.object({ count: z.int(), firstAtUs: microseconds, lastAtUs: microseconds }))
    .describe('events past the bound of the timeline, by kind: counted only'),
} satisfies ShapeOf<TimelineCounts>);

const fileNames = Object.fromEntries(Object.entries(runFiles).map(([key, name]) => [key, z.literal(name)]));

export const recordShape = z
  .object({
    schema: z.literal(recordSchema),
    runId: z.string().describe('name of the run’s folder'),
    station: z.string(),
    port: z.string(),
    startedAt: z.iso.datetime().describe('UTC'),
    durationMs: milliseconds,
    verdict: z.enum(['pass', 'marginal', 'fail', 'error']).describe('that of the worst stage; fail: the phone'),
    blame: blame.nullable().describe('with error only'),
    exitCode: z.int().min(0).max(6),
    cause: z.string(),
    nextAction: z.string(),
    evidence: z.array(seq),
    interruptedBy: z.string().nullable(),
    benchFault: z
      .object({
        code: z.string().describe('docs/errors.md'),
        message: z.string(),
        remedy: z.string(),
        blame,
      } satisfies ShapeOf<BenchFaultNote>)
      .nullable(),
    safetyTrip: z.boolean().describe('the board acted by itself, or found the jack unsafe'),
    versions: z.object({
      linkpulse: z.string(),
      node: z.string(),
      kernel: z.string(),
      firmware: z.string().nullable(),
    } satisfies ShapeOf<SoftwareVersions>),
    board: z
      .object({
        serial: z.string(),
        revision: z.number().nullable(),
        firmware: z.string().nullable(),
        calibratedOn: z.iso.date().nullable().optional().describe('as the board’s own block says'),
        calibrationDue: z.iso.date().nullable().optional().describe('the last day on which that counts'),
      } satisfies ShapeOf<BoardNote>)
      .nullable(),
    phone,
    plan: z.object({
      name: z.string(),
      title: z.string(),
      hash: z.string().regex(/^[0-9a-f]{64}$/),
      text: z.string(),
    }),
    limited: z.array(z.string()).describe('what this run could not prove, in words'),
    stages: z.array(stage).length(stageNames.length),
    prompts: z.array(prompt).optional().describe('what the operator was asked and answered, where the plan asks'),
    measurements: z.array(measurement).describe('those of all stages, in order'),
    power,
    powerOff: z.object(powerOff).nullable(),
    files: z.object(fileNames),
    events,
    cutRun: z
      .object({
        completedAt: z.iso.datetime(),
        poweredWhenCut: z.boolean(),
        storedTrip: storedTrip.nullable(),
      } satisfies ShapeOf<CutRunNote>)
      .nullable()
      .describe('of a run whose daemon died'),
    golden: z
      .object({ fault: z.string().nullable() } satisfies ShapeOf<GoldenNote>)
      .nullable()
      .optional()
      .describe(
        'of a run that tests the bench and counts for no phone: the fault on purpose, null for the known phone',
      ),
    attempt: z
      .object({
        number: z.int().min(1),
        of: z.int().min(2).describe('at most, by the plan'),
        first: z.string().describe('run id of the first attempt'),
        earlier: z.array(
          z.object({
            runId: z.string(),
            verdict: z.enum(['pass', 'marginal', 'fail', 'error']),
            blame: blame.nullable(),
            cause: z.string(),
          }),
        ),
      } satisfies ShapeOf<AttemptNote>)
      .nullable()
      .optional()
      .describe('where the plan gives more than one attempt'),
  } satisfies ShapeOf<RunRecord>)
  .meta({ title: 'Linkpulse run record', description: 'record.json of a run folder (docs/record.md)' });

/** For readers: fields that this version does not know may stand beside those it knows. JSON Schema draft 2020-12. */
export const publishedRecordSchema = (): object => z.toJSONSchema(recordShape, { io: 'input' });

/** For our own records: nothing else may stand there. */
export const closedRecordSchema = (): object => z.toJSONSchema(recordShape, { io: 'output' });
