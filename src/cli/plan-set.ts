import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { BenchError, isBenchError } from '../errors.js';
import { isExposed, makeKeyPair, type PlanKey, readPrivateKey, readPublicKey } from '../fleet/plan-key.js';
import {
  highestPlanSetVersion,
  longestPlanSetBytes,
  markText,
  type PlanSet,
  planSetNamePattern,
  planSetWordsPattern,
  plantPattern,
  readPlanSet,
  signPlanSet,
} from '../fleet/plan-set.js';
import type { SetFile } from '../fleet/plan-set-files.js';
import { differenceOf, readPlanFolder } from '../fleet/plan-set-folder.js';
import { openPlanSetTopic } from '../fleet/plan-set-topic.js';
import { exitCodes } from '../stages/exit-code.js';
import { type BrokerOptions, brokerTermsOf, withBroker } from './fleet-options.js';
import { setJson, tellDifference, tellSet } from './plan-set-words.js';
import type { RegisterVerb, VerbContext } from './verb.js';

interface JsonOption {
  readonly json: boolean;
}

const matching = (pattern: RegExp, what: string) => (text: string) => {
  if (pattern.test(text)) return text;
  throw new InvalidArgumentError(what);
};

const readVersion = (text: string): number => {
  const version = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (version < 1) throw new InvalidArgumentError(`a whole number from 1 to ${highestPlanSetVersion}`);
  return version;
};

const withJson = (command: Command): Command => command.option('--json', 'JSON instead of text', false);

export const registerPlanSet: RegisterVerb = (program, context) => {
  const sets = program
    .command('plan-set')
    .description('the plans of a plant, signed: made, looked at, published to every station');
  registerKeygen(sets, context);
  registerSign(sets, context);
  registerShow(sets, context);
  registerPublish(sets, context);
};

const registerKeygen = (sets: Command, { composition: { terminal } }: VerbContext): void => {
  withJson(
    sets
      .command('keygen')
      .description('a pair of keys: the private one signs, the public one (.pub) goes to every station')
      .requiredOption('--key <file>', 'where the private key is written; never over another file'),
  ).action(({ key, json }: JsonOption & { readonly key: string }) => {
    const { publicPath, fingerprint } = makeKeyPair(key);
    if (json) return terminal.line(JSON.stringify({ privateKey: key, publicKey: publicPath, fingerprint }));
    terminal.line(`${key}      private: signs plan sets. Whoever has it decides what every station tests by.`);
    terminal.line(`${publicPath}  public: fleet.planKey of every station's bench file`);
    terminal.line(terminal.paint('grey', `fingerprint ${fingerprint}`));
  });
};

interface SignOptions extends JsonOption, BrokerOptions {
  readonly key: string;
  readonly plant: string;
  readonly name: string;
  readonly setVersion?: number;
  readonly note: string;
  readonly output: string;
}

const registerSign = (sets: Command, context: VerbContext): void => {
  const { terminal, clock } = context.composition;
  withJson(
    withBroker(
      sets
        .command('sign')
        .description('every plan of a folder, and the pictures they name, as one signed set')
        .argument('<folder>', 'with the plans; bench files in it are left out')
        .requiredOption('--key <file>', 'the plant’s private key')
        .requiredOption(
          '--plant <name>',
          'as in the stations’ bench files',
          matching(plantPattern, 'a name without spaces'),
        )
        .requiredOption('--name <name>', 'of the set', matching(planSetNamePattern, 'a name without spaces'))
        .option(
          '--set-version <n>',
          'default: next after what is published (with --broker) or stands in the output file, else 1',
          readVersion,
        )
        .option('--note <words>', 'why, for people', matching(planSetWordsPattern, 'one line of up to 500 letters'), '')
        .requiredOption('-o, --output <file>', 'the signed set'),
    ),
  ).action(async (folder: string, options: SignOptions) => {
    const { plant, name, note, output, json } = options;
    const key = readPrivateKey(options.key);
    if (isExposed(options.key))
      terminal.error(
        terminal.paint('yellow', `${options.key} can be read by others than its owner: chmod 600 ${options.key}`),
      );
    const { files, leftOut } = readPlanFolder(folder);
    const before = options.setVersion === undefined ? await setBefore(context, options, key) : null;
    const version = options.setVersion ?? (before?.mark.version ?? 0) + 1;
    const createdAt = clock.wallClock().toISOString();
    const { message, set } = signPlanSet({ plant, name, version, createdAt, note, files }, key);
    const length = Buffer.byteLength(message);
    if (length > longestPlanSetBytes)
      throw new BenchError(
        'PLAN_SET_INVALID',
        `it would have ${length} bytes, ${longestPlanSetBytes} at most: use smaller pictures`,
      );
    writeWhole(output, message);
    if (json) return terminal.line(JSON.stringify({ ...setJson(set), output, bytes: length, leftOut }));
    tellSet(terminal, set, 'signed');
    for (const file of leftOut) terminal.line(terminal.paint('grey', `  left out: ${file}, a bench file`));
    if (before !== null)
      tellDifference(terminal, `version ${before.mark.version}`, differenceOf(before.files, set.files));
    terminal.line(
      `${output}, ${Math.ceil(length / 1024)} KiB. Next: linkpulse plan-set publish ${output} --pub ${options.key}.pub --broker ...`,
    );
  });
};

const writeWhole = (path: string, text: string): void => {
  try {
    writeFileSync(`${path}.new`, text, { flush: true });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new BenchError('USAGE', `${path} cannot be written (${(error as Error).message})`);
  }
};

/** What the new set comes after: the published one, else the one in the output file; null: there is none. */
const setBefore = async (
  { composition: { clock } }: VerbContext,
  options: SignOptions,
  key: PlanKey,
): Promise<PlanSet | null> => {
  const terms = brokerTermsOf(options);
  const { plant, output } = options;
  const read = (payload: Uint8Array, where: string) => {
    try {
      return readPlanSet(payload, { key, plant, inForce: null });
    } catch (error) {
      if (!isBenchError(error)) throw error;
      throw new BenchError('USAGE', `${where} is no set to count on from (${error.message}): give --set-version`);
    }
  };
  if (terms === undefined) return existsSync(output) ? read(readSetFile(output), `what stands in ${output}`) : null;
  const topic = await openPlanSetTopic(terms, plant, clock);
  await topic.close();
  return topic.published === null ? null : read(topic.published, 'what is published');
};

const readSetFile = (path: string): Buffer => {
  try {
    const { size } = statSync(path);
    if (size > longestPlanSetBytes)
      throw new BenchError('PLAN_SET_INVALID', `${path} has ${size} bytes, ${longestPlanSetBytes} at most`);
    return readFileSync(path);
  } catch (error) {
    if (isBenchError(error)) throw error;
    throw new BenchError('USAGE', `${path} cannot be read (${(error as Error).message})`);
  }
};

const filesOf = (path: string): { readonly files: readonly SetFile[]; readonly title: string } => {
  if (existsSync(path) && statSync(path).isDirectory()) return { files: readPlanFolder(path).files, title: path };
  const set = readPlanSet(readSetFile(path), { key: 'not-verified', plant: null, inForce: null });
  return { files: set.files, title: `${path} (${markText(set.mark)})` };
};

interface ShowOptions extends JsonOption {
  readonly pub?: string;
  readonly against?: string;
}

const registerShow = (sets: Command, { composition: { terminal }, done }: VerbContext): void => {
  withJson(
    sets
      .command('show')
      .description('what a signed set holds, and whether it is what was signed')
      .argument('<file>', 'the signed set')
      .option('--pub <file>', 'the plant’s public key')
      .option('--against <set|folder>', 'also what is new, changed and gone since another set or a folder of plans'),
  ).action((file: string, { pub, against, json }: ShowOptions) => {
    const payload = readSetFile(file);
    const key = pub === undefined ? undefined : readPublicKey(pub);
    const { set, refusal } = look(payload, key);
    const other = against === undefined ? undefined : filesOf(against);
    const difference = other === undefined ? undefined : differenceOf(other.files, set.files);
    if (refusal !== undefined) done(exitCodes.usage);
    if (json) {
      const isVerified = key === undefined ? null : refusal === undefined;
      return terminal.line(
        JSON.stringify({
          ...setJson(set),
          isVerified,
          refused: refusal?.message ?? null,
          difference: difference ?? null,
        }),
      );
    }
    tellSet(terminal, set, refusal?.message ?? (pub === undefined ? 'unknown' : 'verified'));
    if (difference !== undefined) tellDifference(terminal, other?.title ?? '', difference);
  });
};

/** What is not signed by the key is looked at all the same, where it can be read. Throws BenchError PLAN_SET_*. */
const look = (payload: Buffer, key: PlanKey | undefined): { readonly set: PlanSet; readonly refusal?: BenchError } => {
  const read = (by: PlanKey | 'not-verified') => readPlanSet(payload, { key: by, plant: null, inForce: null });
  if (key === undefined) return { set: read('not-verified') };
  try {
    return { set: read(key) };
  } catch (refusal) {
    if (!isBenchError(refusal) || refusal.code !== 'PLAN_SET_UNSIGNED') throw refusal;
    try {
      return { set: read('not-verified'), refusal };
    } catch {
      throw refusal;
    }
  }
};

interface PublishOptions extends JsonOption, BrokerOptions {
  readonly pub: string;
}

const registerPublish = (sets: Command, { composition: { terminal, clock } }: VerbContext): void => {
  withJson(
    withBroker(
      sets
        .command('publish')
        .description('gives a signed set to every station of its plant, also to those that come later')
        .argument('<file>', 'the signed set')
        .requiredOption('--pub <file>', 'the plant’s public key: what it does not verify is not published'),
    ),
  ).action(async (file: string, options: PublishOptions) => {
    const terms = brokerTermsOf(options);
    if (terms === undefined) throw new BenchError('USAGE', 'name the broker: --broker mqtts://HOST:8883');
    const key = readPublicKey(options.pub);
    const payload = readSetFile(file);
    const set = readPlanSet(payload, { key, plant: null, inForce: null });
    const topic = await openPlanSetTopic(terms, set.content.plant, clock);
    try {
      const before = publishedBefore(topic.published, key, set);
      // Once more what is there already does no harm, and mends a broker that lost it since.
      readPlanSet(payload, { key, plant: null, inForce: before instanceof BenchError ? null : (before?.mark ?? null) });
      await topic.publish(payload.toString('utf8'));
      const previous = before === null || before instanceof BenchError ? null : before;
      if (options.json)
        return terminal.line(
          JSON.stringify({
            ...setJson(set),
            published: true,
            before: previous?.mark ?? null,
            difference: previous === null ? null : differenceOf(previous.files, set.files),
          }),
        );
      if (before instanceof BenchError)
        terminal.error(
          terminal.paint(
            'yellow',
            `what was published there was no set of this key, and is replaced: ${before.message}`,
          ),
        );
      terminal.line(
        `${terminal.paint('green', 'published')} ${terminal.paint('bold', markText(set.mark))} for the plant ${set.content.plant}`,
      );
      if (previous !== null)
        tellDifference(terminal, `version ${previous.mark.version}`, differenceOf(previous.files, set.files));
      terminal.line(terminal.paint('grey', 'stations take it within seconds, those that are away when they come back'));
    } finally {
      await topic.close();
    }
  });
};

/** null: none; a BenchError: what is there was never signed by this key, or is damaged. */
const publishedBefore = (
  published: Uint8Array | null,
  key: PlanKey,
  { content }: PlanSet,
): PlanSet | BenchError | null => {
  if (published === null) return null;
  try {
    return readPlanSet(published, { key, plant: content.plant, inForce: null });
  } catch (error) {
    if (isBenchError(error)) return error;
    throw error;
  }
};
