import { Command, CommanderError } from 'commander';
import { isBenchError } from '../errors.js';
import { exitCodes } from '../stages/exit-code.js';
import { registerBoard } from './board.js';
import { registerCentral } from './central.js';
import { registerCollector } from './collector.js';
import { registerDecode } from './decode.js';
import { registerDemo } from './demo.js';
import { registerDoctor } from './doctor.js';
import { exitCodeOfError } from './exit-codes.js';
import { registerFirmware } from './firmware.js';
import { registerGolden } from './golden.js';
import { registerInstallService } from './install-service.js';
import { registerJudge } from './judge.js';
import { registerJudgeWorker } from './judge-worker.js';
import { registerPlan } from './plan.js';
import { registerPlanSet } from './plan-set.js';
import { registerPlanSetWorker } from './plan-set-worker.js';
import { registerRecords } from './records.js';
import { registerRecordsWorker } from './records-worker.js';
import { registerRemote } from './remote.js';
import { registerRun } from './run.js';
import { registerSelftest } from './selftest.js';
import { registerServices } from './services.js';
import { registerShared } from './shared.js';
import { registerStation } from './station.js';
import { registerStats } from './stats.js';
import type { Composition, RegisterVerb } from './verb.js';
import { registerWayOut } from './way-out.js';

/** In the order of the help. */
const verbs: readonly RegisterVerb[] = [
  registerRun, //
  registerDemo,
  registerStation,
  registerCollector,
  registerCentral,
  registerRemote,
  registerShared,
  registerServices,
  registerPlan,
  registerPlanSet,
  registerBoard,
  registerDecode,
  registerJudge,
  registerGolden,
  registerDoctor,
  registerRecords,
  registerStats,
  registerFirmware,
  registerSelftest,
  registerInstallService,
  registerJudgeWorker,
  registerRecordsWorker,
  registerWayOut,
  registerPlanSetWorker,
];

/** Parses and runs one command line. Resolves with the exit code when all is said; never throws. */
export const runProgram = async (argv: readonly string[], composition: Composition): Promise<number> => {
  const signal = signalsAborting();
  const exitCode = await runVerb(argv, composition, signal);
  // Who was told to end does not wait for a reader.
  if (!signal.aborted) await Promise.race([composition.terminal.flushed(), aborted(signal)]);
  return exitCode;
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

const runVerb = async (argv: readonly string[], composition: Composition, signal: AbortSignal): Promise<number> => {
  const { terminal } = composition;
  let exitCode: number = exitCodes.good;
  const done = (code: number) => {
    exitCode = code;
  };
  const program = new Command('linkpulse')
    .description('Takes a Cisco IP phone from its first link pulse to registration and says who is to blame.')
    .version(composition.version)
    .exitOverride()
    .configureOutput({ writeErr: (text) => terminal.error(text.trimEnd()) })
    .addHelpText(
      'after',
      '\nExit codes: 0 pass, 1 fail (the phone), 2 interrupted, 3 internal, 4 usage or plan, 5 error (bench, network, config, operator), 6 safety trip',
    );
  for (const register of verbs) register(program, { composition, signal, done });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.good : exitCodes.usage;
    if (isBenchError(error)) {
      terminal.error(`${terminal.paint('red', error.code)}: ${error.message}`);
      terminal.error(`  ${error.remedy}`);
    } else terminal.error(`INTERNAL: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return exitCodeOfError(error);
  }
};

/** SIGINT, SIGTERM and SIGHUP end a run: power off first, then the record. A second one changes nothing. */
const signalsAborting = (): AbortSignal => {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.abort(name));
  return controller.signal;
};
