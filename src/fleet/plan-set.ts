/**
 * A plant's plans, signed: published once, taken by every station that knows the key. What is signed is JSON text with every
 * file in it; what is published is that text, to the byte, with its signature (planSetMessage in messages.ts).
 */
import { sign, verify } from 'node:crypto';
import { z } from 'zod';
import { BenchError } from '../errors.js';
import { type PlanSetMessage, type PlanSetNote, planSetMessage } from './messages.js';
import type { PlanKey } from './plan-key.js';
import { examineSetFiles, isPlanPath, mostSetFiles, type PlanOfSet, type SetFile, sha256Of } from './plan-set-files.js';

/** Of the message; larger ones are not looked at. */
export const longestPlanSetBytes = 8 * 1024 ** 2;
export const highestPlanSetVersion = 999_999_999;
const knownSchema = 1;

export const plantPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const planSetNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const planSetWordsPattern = /^[^\p{Cc}\u2028\u2029]{0,500}$/u;

const file = z
  .strictObject({
    path: z.string(),
    text: z.string().optional(),
    base64: z.base64().optional(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  })
  .refine(({ text, base64 }) => (text === undefined) !== (base64 === undefined), 'needs text or base64');

export const planSetContent = z
  .strictObject({
    schema: z.literal(knownSchema),
    plant: z.string().regex(plantPattern),
    name: z.string().regex(planSetNamePattern),
    version: z.int().min(1).max(highestPlanSetVersion).describe('counts up; a station goes forward only'),
    createdAt: z.iso.datetime().describe('UTC, by the wall clock of whoever signed'),
    note: z.string().regex(planSetWordsPattern).describe('why, for people'),
    files: z
      .array(file)
      .max(mostSetFiles)
      .describe(
        'plans as text, the pictures that their prompts name as base64; sha256 of the bytes: of a plan its hash',
      ),
  })
  .meta({ title: 'planSetContent', description: 'What is signed: JSON text in `signed` of a plan set' });

export type PlanSetContent = z.infer<typeof planSetContent>;

export interface PlanSet {
  readonly mark: PlanSetNote;
  readonly content: Omit<PlanSetContent, 'files'>;
  readonly files: readonly SetFile[];
  readonly plans: readonly PlanOfSet[];
  /** Of the key that signed it. */
  readonly key: string;
}

export const markText = ({ name, version }: Pick<PlanSetNote, 'name' | 'version'>): string =>
  `${name} version ${version}`;

const invalid = (detail: string, cause?: unknown) => new BenchError('PLAN_SET_INVALID', detail, { cause });
const unsigned = (detail: string) => new BenchError('PLAN_SET_UNSIGNED', detail);

const parseJson = (bytes: Uint8Array, what: string): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw invalid(`${what} is no JSON`, error);
  }
};

const refuseUnknownSchema = (value: unknown): void => {
  const { schema } = (value ?? {}) as { readonly schema?: unknown };
  if (typeof schema === 'number' && schema !== knownSchema)
    throw invalid(`schema ${schema} is not known here, ${knownSchema} is: update Linkpulse`);
};

const readWith = <T extends z.ZodType>(shape: T, value: unknown): z.output<T> => {
  refuseUnknownSchema(value);
  const read = shape.safeParse(value);
  if (read.success) return read.data;
  const [first] = read.error.issues;
  throw invalid(`${first?.path.join('.') || 'it'}: ${first?.message ?? 'not of the schema'}`);
};

const readMessage = (payload: Uint8Array): PlanSetMessage => {
  if (payload.byteLength > longestPlanSetBytes)
    throw invalid(`${payload.byteLength} bytes; ${longestPlanSetBytes} at most`);
  const value = parseJson(payload, 'what was published');
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isObject && (!('signature' in value) || value.signature === '')) throw unsigned('it carries no signature');
  return readWith(planSetMessage, value);
};

/** Base64 has unused bits at its end; only one way to write a text is taken. */
const bytesOfBase64 = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};

/** The bytes that were signed. Throws BenchError PLAN_SET_UNSIGNED. */
const signedBytes = ({ signed, key: named, signature }: PlanSetMessage, key: PlanSetTerms['key']): Buffer => {
  if (key === 'not-verified') return Buffer.from(signed, 'utf8');
  if (named !== key.fingerprint)
    throw unsigned(
      `it names the key ${named.slice(0, 16)}..., and ${key.fingerprint.slice(0, 16)}... is the one known here`,
    );
  // From here on these bytes alone count: a text may hold what UTF-8 cannot, and would be read otherwise than it was signed.
  const bytes = Buffer.from(signed, 'utf8');
  const given = bytesOfBase64(signature);
  if (given === undefined || !verify(null, bytes, key.key, given))
    throw unsigned('its signature does not fit what it holds: somebody changed it');
  return bytes;
};

const filesOf = ({ files }: PlanSetContent): readonly SetFile[] =>
  files.map(({ path, text, base64, sha256 }) => {
    const name = JSON.stringify(path);
    if (isPlanPath(path) !== (text !== undefined)) throw invalid(`${name}: a plan is text, a picture base64`);
    const bytes = text === undefined ? bytesOfBase64(base64 ?? '') : Buffer.from(text, 'utf8');
    if (bytes === undefined) throw invalid(`${name}: its base64 is not as it is written`);
    if (text !== undefined && bytes.toString('utf8') !== text) throw invalid(`${name}: is no text in UTF-8`);
    if (sha256Of(bytes) !== sha256) throw invalid(`${name}: its bytes do not have the hash that stands beside them`);
    return { path, bytes, sha256 };
  });

export interface PlanSetTerms {
  /** `not-verified`: for a person who wants to look into it, never for what is taken. */
  readonly key: PlanKey | 'not-verified';
  /** null: of whichever plant. */
  readonly plant: string | null;
  /** The set in force, which may come again; every other one must be newer. */
  readonly inForce: PlanSetNote | null;
}

const refuseOld = ({ version, sha256 }: PlanSetNote, inForce: PlanSetNote): void => {
  if (sha256 === inForce.sha256 || version > inForce.version) return;
  throw new BenchError(
    'PLAN_SET_OLD',
    version === inForce.version
      ? `version ${version} is in force already, with other plans`
      : `version ${version} was published, version ${inForce.version} (${inForce.name}) is in force`,
  );
};

/**
 * The set a message brings, if it may be taken. Holds the processor for some 10 ms a plan: not for the daemon's own loop. Throws
 * BenchError PLAN_SET_UNSIGNED, PLAN_SET_OLD, PLAN_SET_INVALID (with every line of every plan that is wrong).
 */
export const readPlanSet = (payload: Uint8Array, { key, plant, inForce }: PlanSetTerms): PlanSet => {
  const message = readMessage(payload);
  const bytes = signedBytes(message, key);
  const content = readWith(planSetContent, parseJson(bytes, 'what was signed'));
  const { name, version, files: _files, ...rest } = content;
  if (plant !== null && content.plant !== plant)
    throw invalid(`it is for the plant ${content.plant}, and this is ${plant}`);
  const mark: PlanSetNote = { name, version, sha256: sha256Of(bytes) };
  if (inForce !== null) refuseOld(mark, inForce);
  const files = filesOf(content);
  const { plans, problems } = examineSetFiles(files);
  if (problems.length > 0) throw invalid(`${markText(mark)}\n${problems.join('\n')}`);
  return { mark, content: { name, version, ...rest }, files, plans, key: message.key };
};

/** The message of these files, verified as a station would. Throws BenchError PLAN_SET_INVALID. */
export const signPlanSet = (
  { files, ...head }: Omit<PlanSetContent, 'schema' | 'files'> & { readonly files: readonly SetFile[] },
  key: PlanKey,
): { readonly message: string; readonly set: PlanSet } => {
  if (files.length > mostSetFiles) throw invalid(`${files.length} files; ${mostSetFiles} at most`);
  const content: PlanSetContent = {
    schema: knownSchema,
    ...head,
    files: files.map(({ path, bytes, sha256 }) => ({
      path,
      ...(isPlanPath(path) ? { text: bytes.toString('utf8') } : { base64: bytes.toString('base64') }),
      sha256,
    })),
  };
  const signed = JSON.stringify(content);
  const signature = sign(null, Buffer.from(signed, 'utf8'), key.key).toString('base64');
  const message = JSON.stringify({
    schema: knownSchema,
    signed,
    key: key.fingerprint,
    signature,
  } satisfies PlanSetMessage);
  return { message, set: readPlanSet(Buffer.from(message, 'utf8'), { key, plant: head.plant, inForce: null }) };
};
