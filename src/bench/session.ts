import type { BenchSignal } from '../board/injector.js';
import { BenchError } from '../errors.js';
import type { BenchFile, BenchPort, HardwarePort } from '../plan/bench-file.js';
import type { CalibrationTerms } from '../plan/calibration.js';
import { type FaultRow, faultNames, faultTable } from '../plan/faults.js';
import { type Label, readLabel } from '../plan/identity.js';
import { loadPlan } from '../plan/load-plan.js';
import type { Plan } from '../plan/plan.js';
import { readPromptPictures } from '../plan/prompt-pictures.js';
import { wireName } from '../plan/trunk.js';
import { attemptNote, deservesAnother } from '../records/attempt.js';
import { refuseFullDisk } from '../records/disk-reserve.js';
import { buildRecord, type RunRecord } from '../records/record.js';
import { createRunFolder, finishRecord, writeWhole } from '../records/run-folder.js';
import { sourceOf, type TimelineEvent } from '../timeline/events.js';
import { createTimelineLog, readTimeline } from '../timeline/log.js';
import { benchFault } from './bench-fault.js';
import { conduct } from './conductor.js';
import { recoverCutRuns } from './cut-runs.js';
import { type GoldenRun, goldenRunOf, noteGoldenRun, refuseUntested } from './golden.js';
import type { OpenPort } from './port.js';
import { lockInterface, lockNameOf, lockPort, type PortLock } from './port-lock.js';
import { within } from './power-off.js';
import type { Prompter } from './prompter.js';
import { createRunTimeline, type RunTimeline } from './run-timeline.js';
import type { Runner, RunnerParts, RunOutcome, RunRequest, RunWatcher } from './runner.js';
import { createSupplyKeeper, type PortSupply, type SupplyKeeper } from './supply-keeper.js';

/** A worn SD card takes seconds to sync; one that takes longer is a failure of its own. Power is off by then. */
const recordStepMs = 20_000;

/** Runs ports of a bench file in this process. */
export const createRunner = (
  parts: RunnerParts,
): Runner & { readonly station: string; readonly supplies: SupplyKeeper } => {
  const prompters = new Map<string, Prompter>();
  const supplies = createSupplyKeeper(parts.bench, parts.clock);
  return {
    station: parts.bench.station,
    supplies,
    ports: parts.bench.ports.map((port) => port.name),
    answer: async (port, given) => prompters.get(port)?.take(given) ?? false,
    recoverCutRuns: () => recoverCutRuns(parts, supplies),
    run: async (request, watcher, signal) => {
      const port = findPort(parts.bench, request);
      const golden = goldenRunOf(parts, request);
      const loaded = loadPlan(golden === null ? request.planPath : golden.terms.planPath);
      if (golden === null) await refuseUntested(parts, port);
      refuseFaultsThatCannotShow(request.faults, loaded.plan);
      refuseUnknownAnswers(request.answers, loaded.plan);
      const supply = supplies.of(port.name);
      supply?.refuseTooSmall(loaded.plan);
      const pictures = readPromptPictures(loaded.plan);
      await refuseFullDisk(parts.bench.runsDirectory, parts.bench.diskReserveBytes);
      const label = readLabel({ serial: request.serial, mac: request.labelMac }, loaded.plan.identity);
      const locks = port.kind === 'hardware' ? lockHardware(port) : [];
      let open: OpenPort | undefined;
      const before: RunRecord[] = [];
      try {
        for (;;) {
          open ??= await parts.opener.open(port, loaded.plan, new Set(request.faults), uplinkOf(port, request));
          const onPrompter = (prompter: Prompter) => void prompters.set(port.name, prompter);
          const attempt = {
            ...request,
            label,
            before,
            golden,
            onPrompter,
            pictures,
            supply,
            calibration: port.calibration ?? null,
          };
          const outcome = await runOnce(parts, attempt, { ...open, name: port.name }, loaded, watcher, signal);
          before.push(outcome.record);
          if (golden !== null || signal.aborted || !deservesAnother(outcome.record, loaded.plan.retry, before.length))
            return outcome;
          watcher.again?.(outcome);
          if (outcome.record.blame !== 'bench') continue;
          // A board that went away is looked for anew.
          await open.close();
          open = undefined;
        }
      } finally {
        prompters.delete(port.name);
        await open?.close();
        for (const lock of locks) lock.release();
      }
    },
  };
};

const uplinkOf = (port: BenchPort, request: RunRequest): string | null => {
  if (request.observe !== true) return null;
  if (port.uplink === undefined)
    throw new BenchError('USAGE', `port ${port.name} has no uplink in the bench file: nobody could serve`);
  return port.uplink;
};

const lockHardware = ({ board, interface: name, trunk }: HardwarePort): readonly PortLock[] => {
  const lock = lockPort(lockNameOf({ board }));
  try {
    return [lock, lockInterface(wireName(name, trunk))];
  } catch (error) {
    lock.release();
    throw error;
  }
};

const refuseFaultsThatCannotShow = (faults: readonly string[], { name, change }: Plan): void => {
  const idle = faultNames.find((fault) => {
    const row: FaultRow = faultTable[fault];
    return faults.includes(fault) && row.needs === 'change' && change === null;
  });
  if (idle !== undefined)
    throw new BenchError(
      'USAGE',
      `the fault ${idle} needs a plan with a change (plans/quick-change.yaml); ${name} has none`,
    );
};

const refuseUnknownAnswers = (answers: RunRequest['answers'], { name, prompts }: Plan): void => {
  if (answers === undefined || answers === 'expected') return;
  const ids = prompts.map(({ id }) => id);
  const unknown = Object.keys(answers).find((id) => !ids.includes(id));
  if (unknown === undefined) return;
  const known = ids.length === 0 ? 'nothing' : ids.join(', ');
  throw new BenchError('USAGE', `an answer to "${unknown}" was given; the plan ${name} asks ${known}`);
};

const findPort = (bench: BenchFile, request: RunRequest): BenchPort => {
  const port = bench.ports.find((candidate) => candidate.name === request.port);
  if (port === undefined)
    throw new BenchError(
      'PORT_UNKNOWN',
      `"${request.port}"; there are: ${bench.ports.map(({ name }) => name).join(', ')}`,
    );
  if (port.kind === 'hardware' && request.faults.length > 0)
    throw new BenchError('USAGE', `port ${port.name} is real: faults on purpose are for simulated ports`);
  return port;
};

const runOnce = async (
  parts: RunnerParts,
  request: Omit<RunRequest, 'golden'> & {
    readonly label: Label;
    readonly golden: GoldenRun | null;
    onPrompter(prompter: Prompter): void;
    readonly pictures: ReadonlyMap<string, Buffer>;
    readonly before: readonly RunRecord[];
    readonly supply: PortSupply | undefined;
    readonly calibration: CalibrationTerms | null;
  },
  port: OpenPort & { readonly name: string },
  loaded: ReturnType<typeof loadPlan>,
  watcher: RunWatcher,
  signal: AbortSignal,
): Promise<RunOutcome> => {
  const { clock, bench } = parts;
  const { plan } = loaded;
  const folder = await createRunFolder(
    {
      runsDirectory: bench.runsDirectory,
      station: bench.station,
      port: port.name,
      plan: loaded,
      board: port.boardPath,
      simulator: port.simulator,
      golden: request.golden?.note ?? null,
      attempt: (runId) => attemptNote(runId, plan.retry, request.before),
    },
    clock,
  );
  for (const [name, bytes] of request.pictures) await writeWhole(folder.path, name, bytes);
  const attempt = attemptNote(folder.id, plan.retry, request.before);
  const log = createTimelineLog(folder.files.timeline, clock);
  const capture = parts.openCapture(folder.files.capture, port.network.link.name);
  // A recording that fails is one more reason to take power away.
  const recording = new AbortController();
  let broken: unknown;
  let timeline: RunTimeline | undefined;
  let shown: BenchSignal = 'error';
  const recordingFailed = (error: unknown) => {
    if (broken !== undefined) return;
    broken = error;
    timeline?.tell(benchFault(error));
    recording.abort();
  };
  void log.failed.then(recordingFailed);
  try {
    capture.prove();
    watcher.started({
      runId: folder.id,
      folder: folder.path,
      port: port.name,
      plan: { name: plan.name, title: plan.title },
      limited: port.network.limited,
      simulator: port.simulator,
      attempt: attempt === undefined ? null : { number: attempt.number, of: attempt.of },
    });
    port.injector.show('running');
    timeline = createRunTimeline({
      plan,
      log,
      capture,
      clock,
      onEvent: (event, results) => watcher.event(event, results),
      onFailure: recordingFailed,
    });
    const faults = new Set(request.faults);
    await conduct({
      plan,
      port,
      timeline,
      clock,
      faults,
      observe: port.uplink !== null,
      supply: request.supply,
      signal,
      recordingFailed: recording.signal,
      runId: folder.id,
      label: request.label,
      request,
      onPrompter: request.onPrompter,
      calibration: request.calibration,
    });
    await within(clock, 'writing the timeline', log.close(), recordStepMs).catch(recordingFailed);
    const stored = storedEvents(folder.files.timeline, broken);
    const events = await within(clock, 'reading the timeline', stored, recordStepMs);
    const record = buildRecord({
      runId: folder.id,
      station: bench.station,
      port: port.name,
      startedAt: folder.startedAt,
      plan: loaded,
      stages: timeline.tribunal.verdicts(),
      prompts: timeline.tribunal.prompts(),
      events,
      counts: log.counts(),
      golden: request.golden?.note ?? null,
      attempt,
    });
    await within(clock, 'writing the record', finishRecord(folder.path, record), recordStepMs);
    if (request.golden !== null) await noteGoldenRun(bench.runsDirectory, record, request.golden);
    shown = record.verdict;
    const outcome = { record, folder: folder.path };
    await within(clock, 'writing the reports', parts.writeReports(outcome), recordStepMs);
    return outcome;
  } finally {
    port.injector.show(shown);
    capture.close();
  }
};

/** The timeline as it stands on the disk; where recording broke, what is left of it and the reason as its last event. */
const storedEvents = async (path: string, broken: unknown): Promise<readonly TimelineEvent[]> => {
  if (broken === undefined) return (await readTimeline(path)).events;
  const left = await readTimeline(path).then(
    ({ events }) => events,
    () => [],
  );
  const last = left.at(-1);
  const fact = benchFault(broken);
  return [...left, { seq: (last?.seq ?? 0) + 1, atUs: (last?.atUs ?? 0) + 1, source: sourceOf(fact.kind), fact }];
};
