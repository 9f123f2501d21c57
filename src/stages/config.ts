import type { FactOf, ServedConfig, TimelineEvent } from '../timeline/events.js';
import { conclude, defineJudge, msSince, note, type StageState, usFromMs, witness } from './define-judge.js';
import { type Finding, phoneFails, wentWrong } from './finding.js';
import { measurementOf } from './measure.js';
import { isSameLoad, phoneFileKind } from './phone-files.js';

/** Trust lists asked for in a row, and DHCP again without a configuration: a phone that refuses unsigned files. */
const trustLoopRequests = 3;
/** A phone asks again where an answer is late; so often for one file, and the file does not come. */
const mostTries = 4;
/** Distinct file names counted, at most. */
const maxFiles = 64;

interface Moment {
  readonly atUs: number;
  readonly seq: number;
}

interface Refusal {
  readonly file: string;
  readonly times: number;
}

interface Received {
  readonly file: string;
  readonly bytes: number;
}

interface ConfigNotes {
  /** The load the phone runs, as CDP says; null since it last restarted. */
  readonly runningLoad: string | null;
  readonly config: ServedConfig | null;
  /** The newest one, whatever became of it: a phone that loses power at the end of its run has still had it. */
  readonly lastConfig: ServedConfig | null;
  readonly fetched: Moment | null;
  readonly firstFetched: Moment | null;
  readonly files: readonly string[];
  readonly refusedConfig: Refusal | null;
  readonly refusedDefault: Refusal | null;
  readonly refusedImage: Refusal | null;
  readonly trustListsInARow: number;
  /** The configuration transfer under way and how much of it was seen. */
  readonly open: Received | null;
  /** Tries of that file which the phone began anew, and how the last one stood. */
  readonly begunAnew: { readonly file: string; readonly tries: number; readonly end: TftpEnd } | null;
  /** A configuration file that came whole and could not be read as one. */
  readonly unreadable: Received | null;
  readonly images: readonly { readonly file: string; readonly bytes: number }[];
  /** The deadline counts from here while an image moves, and after it came. */
  readonly imageAtUs: number | null;
  readonly isRestarting: boolean;
}

type State = StageState<ConfigNotes>;
type TftpEnd = FactOf<'tftp-end'>;

// ---- causes and next actions ---------------------------------------------------------------------------

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

const missing = (refused: Refusal, andDefault: boolean): Finding =>
  wentWrong(
    'config',
    `The phone asked for ${refused.file} ${times(refused.times)} and was refused` +
      `${andDefault ? ', and the default file too' : ''}: the TFTP server does not have it.`,
    `Put ${refused.file} on the TFTP server; if it is there, compare its name letter by letter, upper and lower case.`,
  );
const signedOnly = (file: string): Finding =>
  wentWrong(
    'config',
    `The phone takes only signed files (it asked for ${file}): a trust list (CTL/ITL) is installed.`,
    'Erase the trust list in the phone’s security settings (or **#** and erase settings), then repeat.',
  );
const trustLoop = (requests: number): Finding =>
  wentWrong(
    'config',
    `The phone asked ${requests} times for its trust list, then started over with DHCP: it refuses unsigned files because a CTL/ITL is installed.`,
    'Erase the trust list in the phone’s security settings (or **#** and erase settings), then repeat.',
  );
const imageMissing = ({ file }: Refusal, { config, runningLoad }: ConfigNotes): Finding =>
  wentWrong(
    'config',
    `The configuration names load ${config?.loadInformation ?? '?'}, the phone runs ${runningLoad ?? 'another'}, and the ` +
      `TFTP server does not have ${file}.`,
    `Put ${file} (and what belongs to it) on the TFTP server, or name in the plan the load the phone has.`,
  );
const imageRefused = (file: string, { config, runningLoad }: ConfigNotes): Finding =>
  wentWrong(
    'config',
    `The phone fetched ${file} whole more than once and still runs ${runningLoad ?? 'its old load'} instead of ` +
      `${config?.loadInformation ?? 'the one named'}.`,
    'The image is renamed, damaged or of another model: take it anew from its archive.',
  );
const otherLoad = ({ config, runningLoad }: ConfigNotes): Finding =>
  phoneFails(
    `The configuration names load ${config?.loadInformation ?? '?'}, but the phone stays with ${runningLoad ?? 'another'}.`,
    'Repeat the run; if the phone never takes the image, load it through its factory reset.',
  );
const stoppedByPhone = (file: string, bytes: number): Finding =>
  phoneFails(
    `The phone stopped fetching ${file} after ${bytes} bytes.`,
    'Repeat the run; if it stops at the same place, check the file’s size and content, then the phone’s memory.',
  );
const stoppedByServer = (file: string, bytes: number): Finding =>
  wentWrong(
    'network',
    `The TFTP server fell silent while the phone fetched ${file} (${bytes} bytes came).`,
    'Check the TFTP server and its firewall: it must answer from a port of its own for each transfer.',
  );
const stoppedBySomebody = ({ from, file, bytes }: TftpEnd): Finding =>
  from === 'phone' ? stoppedByServer(file, bytes) : stoppedByPhone(file, bytes);
const damaged = ({ file, bytes }: Received): Finding =>
  wentWrong(
    'config',
    `The phone fetched ${file} whole (${bytes} bytes) and it is no configuration: it is cut or damaged.`,
    `Compare ${file} with the original, its size first, and put it on the server anew.`,
  );
const askedNothing = (waitedMs: number): Finding =>
  phoneFails(
    `The phone has an address and asked the TFTP server for nothing within ${waitedMs} ms.`,
    'Look for an alternate TFTP server set by hand in the phone’s network settings and erase it.',
  );
const otherForm = (file: string, wanted: string): Finding =>
  phoneFails(
    `The phone asked for ${file}; the load of this plan asks for a configuration that ends in ${wanted}.`,
    'It runs another family of loads than it should (6.x and later ask for .cnf.xml): load the plan’s firmware and repeat.',
  );
const noConfigAsked = (files: readonly string[]): Finding =>
  phoneFails(
    `The phone asked for ${files.slice(0, 4).join(', ')} and never for a configuration.`,
    'Erase the phone’s settings and repeat; check that its load speaks the protocol the plan names.',
  );

const overdue = ({ notes, plan }: State): Finding => {
  const { open, refusedConfig, refusedDefault, refusedImage, config, files, begunAnew, unreadable } = notes;
  if (refusedImage !== null) return imageMissing(refusedImage, notes);
  if (config !== null) return otherLoad(notes);
  if (unreadable !== null) return damaged(unreadable);
  if (open !== null && begunAnew?.file === open.file) return stoppedBySomebody(begunAnew.end);
  if (open !== null) return open.bytes === 0 ? stoppedByServer(open.file, 0) : stoppedByPhone(open.file, open.bytes);
  const refused = refusedConfig ?? refusedDefault;
  if (refused !== null) return missing(refused, refusedConfig !== null && refusedDefault !== null);
  return files.length === 0 ? askedNothing(plan.deadlines.configMs) : noConfigAsked(files);
};

// ---- what the wire shows -------------------------------------------------------------------------------

const again = (before: Refusal | null, file: string): Refusal => ({ file, times: (before?.times ?? 0) + 1 });

const onRequest = (state: State, event: TimelineEvent, fact: FactOf<'tftp-request'>): State => {
  const { notes } = state;
  const files = notes.files.includes(fact.file) ? notes.files : [...notes.files, fact.file].slice(0, maxFiles);
  const seen = note(notes.fetched === null ? witness(state, event) : state, { files });
  const kind = phoneFileKind(fact.file);
  switch (kind) {
    case 'trust-list':
      return note(seen, { trustListsInARow: notes.trustListsInARow + (/^ctl/i.test(fact.file) ? 1 : 0) });
    case 'device-config':
    case 'default-config': {
      const wanted = state.plan.phone.configFile;
      const isFirst = !notes.files.some((file) => phoneFileKind(file) === 'device-config');
      const isOther = kind === 'device-config' && isFirst && wanted !== 'any' && configFormOf(fact.file) !== wanted;
      return asksForConfig(isOther ? conclude(seen, otherForm(fact.file, wanted), event) : seen, event, fact);
    }
    case 'image':
      return note(seen, { imageAtUs: event.atUs });
    default:
      return seen;
  }
};

const asksForConfig = (state: State, event: TimelineEvent, { file }: FactOf<'tftp-request'>): State =>
  note(afterImageRefusal(state, event), { trustListsInARow: 0, open: { file, bytes: 0 } });

const configFormOf = (file: string): '.cnf.xml' | '.cnf' => (/\.xml$/i.test(file) ? '.cnf.xml' : '.cnf');

/** A phone that goes on after its image was refused will not ask again: the refusal is the stage's result. */
const afterImageRefusal = (state: State, event: TimelineEvent): State => {
  const { refusedImage } = state.notes;
  return refusedImage === null ? state : conclude(state, imageMissing(refusedImage, state.notes), event);
};

const onProgress = (state: State, event: TimelineEvent, fact: FactOf<'tftp-progress'>): State => {
  if (phoneFileKind(fact.file) === 'image') return note(state, { imageAtUs: event.atUs });
  const { open } = state.notes;
  return open?.file === fact.file ? note(state, { open: { ...open, bytes: fact.bytes } }) : state;
};

const isXmlConfig = ({ file }: TftpEnd): boolean =>
  phoneFileKind(file).endsWith('config') && configFormOf(file) === '.cnf.xml';

const onUnreadable = (state: State, { file, bytes }: TftpEnd): State =>
  note(state, { open: null, unreadable: state.notes.unreadable ?? { file, bytes } });

const onEnd = (state: State, event: TimelineEvent, fact: TftpEnd): State => {
  const kind = phoneFileKind(fact.file);
  if (fact.outcome === 'gaveUp') return onGaveUp(state, event, fact);
  if (fact.outcome === 'askedAgain') return onAskedAgain(state, event, fact);
  if (fact.outcome === 'error') return onRefused(witness(state, event), event, fact);
  if (kind === 'image') return onImage(witness(state, event), event, fact);
  if (fact.config === null) return isXmlConfig(fact) ? onUnreadable(witness(state, event), fact) : state;
  const fetched = { atUs: event.atUs, seq: event.seq };
  const firstFetched = state.notes.firstFetched ?? fetched;
  const seen = firstFetched === fetched ? witness(state, event) : state;
  return note(seen, {
    config: fact.config,
    lastConfig: fact.config,
    fetched,
    firstFetched,
    unreadable: null,
    open: null,
    isRestarting: false,
  });
};

/** Who fell silent last is to blame: the sender of the last packet waited in vain. */
const onGaveUp = (state: State, event: TimelineEvent, fact: TftpEnd): State => {
  const kind = phoneFileKind(fact.file);
  if (kind !== 'device-config' && kind !== 'default-config' && kind !== 'image') return state;
  if (state.notes.fetched !== null && kind !== 'image') return state;
  return conclude(state, stoppedBySomebody(fact), event);
};

const onAskedAgain = (state: State, event: TimelineEvent, fact: TftpEnd): State => {
  const { begunAnew } = state.notes;
  const tries = (begunAnew?.file === fact.file ? begunAnew.tries : 1) + 1;
  const counted = note(witness(state, event), { begunAnew: { file: fact.file, tries, end: fact } });
  return tries > mostTries ? onGaveUp(counted, event, fact) : counted;
};

const onRefused = (state: State, event: TimelineEvent, fact: TftpEnd): State => {
  const { notes } = state;
  switch (phoneFileKind(fact.file)) {
    case 'signed':
      return conclude(state, signedOnly(fact.file), event);
    case 'image':
      return note(state, { refusedImage: again(notes.refusedImage, fact.file) });
    case 'device-config': {
      const refusedConfig = again(notes.refusedConfig, fact.file);
      return whenAllMissing(note(state, { refusedConfig, open: null }), event);
    }
    case 'default-config': {
      const refusedDefault = again(notes.refusedDefault, fact.file);
      return whenAllMissing(note(state, { refusedDefault, open: null }), event);
    }
    default:
      return state;
  }
};

const whenAllMissing = (state: State, event: TimelineEvent): State => {
  const { refusedConfig, refusedDefault, fetched } = state.notes;
  return refusedConfig !== null && refusedDefault !== null && fetched === null
    ? conclude(state, missing(refusedConfig, true), event)
    : state;
};

const onImage = (state: State, event: TimelineEvent, fact: TftpEnd): State => {
  const { notes } = state;
  const cameBefore = notes.images.some(({ file }) => file === fact.file);
  const images = cameBefore
    ? notes.images
    : [...notes.images, { file: fact.file, bytes: fact.bytes }].slice(0, maxFiles);
  // The refusal of another image file was the phone's way to ask, not the end of it.
  const taken = note(state, { images, imageAtUs: event.atUs, refusedImage: null });
  return cameBefore ? conclude(taken, imageRefused(fact.file, taken.notes), event) : taken;
};

const onDiscover = (state: State, event: TimelineEvent): State => {
  const { trustListsInARow, fetched } = state.notes;
  const isLoop = trustListsInARow >= trustLoopRequests && fetched === null;
  return note(isLoop ? conclude(state, trustLoop(trustListsInARow), event) : state, { trustListsInARow: 0 });
};

const next = (state: State, event: TimelineEvent): State => {
  const { fact } = event;
  switch (fact.kind) {
    case 'cdp':
    case 'lldp':
      return fact.from === 'phone' && fact.softwareVersion !== null
        ? note(state, { runningLoad: fact.softwareVersion })
        : state;
    case 'link-down':
      // A phone that restarts forgets what it was told, and tells its load anew.
      return note(state, { runningLoad: null, config: null, open: null, begunAnew: null, isRestarting: true });
    case 'dhcp':
      return fact.from === 'phone' && fact.messageType === 'DISCOVER' ? onDiscover(state, event) : state;
    case 'tftp-request':
      return onRequest(state, event, fact);
    case 'tftp-progress':
      return onProgress(state, event, fact);
    case 'tftp-end':
      return onEnd(state, event, fact);
    case 'tcp':
      return fact.state === 'connecting' ? afterImageRefusal(state, event) : state;
    default:
      return state;
  }
};

const hasItsLoad = ({ config, runningLoad }: ConfigNotes): boolean =>
  config !== null &&
  (config.loadInformation === null || runningLoad === null || isSameLoad(config.loadInformation, runningLoad));

const imageBytes = ({ images }: ConfigNotes): number => images.reduce((sum, { bytes }) => sum + bytes, 0);

export const configJudge = defineJudge<ConfigNotes>({
  stage: 'config',
  start: () => ({
    runningLoad: null,
    config: null,
    lastConfig: null,
    fetched: null,
    firstFetched: null,
    files: [],
    refusedConfig: null,
    refusedDefault: null,
    refusedImage: null,
    trustListsInARow: 0,
    open: null,
    begunAnew: null,
    unreadable: null,
    images: [],
    imageAtUs: null,
    isRestarting: false,
  }),
  next,
  goal: ({ notes, plan }, beganAtUs) => {
    const { fetched, firstFetched, files, images } = notes;
    if (fetched === null || firstFetched === null || notes.isRestarting || !hasItsLoad(notes)) return null;
    const measurements = [
      measurementOf(plan, 'config.fetchedMs', msSince(beganAtUs, firstFetched.atUs), firstFetched.seq),
      measurementOf(plan, 'config.filesAsked', files.length, fetched.seq),
    ];
    if (images.length > 0) measurements.push(measurementOf(plan, 'config.imageBytes', imageBytes(notes), fetched.seq));
    return { atUs: fetched.atUs, measurements };
  },
  deadlineUs: ({ notes, plan, reachedAtUs }, beganAtUs) => {
    if (reachedAtUs !== null) return null;
    const { configMs, vlanMs, addressMs } = plan.deadlines;
    if (notes.imageAtUs === null) return beganAtUs + usFromMs(configMs);
    // With a new image the phone goes through link, VLAN and address once more.
    const restartMs = notes.images.length === 0 ? 0 : plan.boot.linkAllowanceMs + vlanMs + addressMs;
    return Math.max(beganAtUs, notes.imageAtUs) + usFromMs(configMs + restartMs);
  },
  overdue,
  summary: ({ notes }) => {
    const load = notes.lastConfig?.loadInformation ?? null;
    const image = notes.images.length === 0 ? '' : ` after fetching it (${imageBytes(notes)} bytes)`;
    const configFile = notes.files.findLast((file) => phoneFileKind(file).endsWith('config')) ?? 'its configuration';
    return `Fetched ${configFile} whole${load === null ? '' : ` and runs load ${load}${image}`}.`;
  },
});
