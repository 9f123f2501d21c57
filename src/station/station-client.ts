import { connect } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Runner, RunOutcome, RunRequest, RunWatcher } from '../bench/runner.js';
import { BenchError, type ErrorCode, errorTable } from '../errors.js';
import type { StageResult } from '../stages/judge.js';
import type { Thing } from './leases.js';
import type { StationReply, StationRequest } from './protocol.js';

type Hello = Extract<StationReply, { type: 'hello' }>;

/** The running station as a Runner, or undefined when none answers on that socket. */
export const findStation = async (
  socketPath: string,
): Promise<(Runner & Pick<Hello, 'planSet' | 'goldenPlan'>) | undefined> => {
  let hello: Hello | undefined;
  try {
    await talk(socketPath, { type: 'hello' }, (reply) => {
      if (reply.type === 'hello') hello = reply;
    });
  } catch {
    return undefined;
  }
  if (hello === undefined) return undefined;
  const { ports, planSet = null, goldenPlan = null } = hello;
  return {
    ports,
    planSet,
    goldenPlan,
    run: (request, watcher, signal) => runThroughStation(socketPath, request, watcher, signal),
    answer: async (port, { runId, id, answer }) => {
      let wasOpen = false;
      await talk(socketPath, { type: 'answer', port, runId, id, answer }, (reply) => {
        if (reply.type === 'answered') wasOpen = reply.wasOpen;
      });
      return wasOpen;
    },
    recoverCutRuns: async () => {
      let outcomes: readonly RunOutcome[] = [];
      await talk(socketPath, { type: 'recover' }, (reply) => {
        if (reply.type === 'recovered') outcomes = reply.outcomes;
      });
      return outcomes;
    },
  };
};

/** Ends what a running station does on a port, power first; false: no station, or nothing runs there. */
export const stopThroughStation = async (socketPath: string, port: string): Promise<boolean> => {
  if ((await findStation(socketPath)) === undefined) return false;
  let wasRunning = false;
  await talk(socketPath, { type: 'stop', port }, (reply) => {
    if (reply.type === 'stopped') wasRunning = reply.wasRunning;
  });
  return wasRunning;
};

/** Lets a locked port be armed again. Throws BenchError STATION_UNREACHABLE; false: it was not locked. */
export const unlockThroughStation = async (socketPath: string, port: string): Promise<boolean> => {
  let wasLocked = false;
  await talk(socketPath, { type: 'unlock', port }, (reply) => {
    if (reply.type === 'unlocked') wasLocked = reply.wasLocked;
  });
  return wasLocked;
};

/** Ends whosever lease, power off first; false: it was free. Throws BenchError STATION_UNREACHABLE, PORT_UNKNOWN, SHARED_*. */
export const endLeaseThroughStation = async (socketPath: string, thing: Thing): Promise<boolean> => {
  let wasHeld = false;
  await talk(socketPath, { type: 'end-lease', thing }, (reply) => {
    if (reply.type === 'lease-ended') wasHeld = reply.wasHeld;
  });
  return wasHeld;
};

const runThroughStation = async (
  socketPath: string,
  request: RunRequest,
  watcher: RunWatcher,
  signal: AbortSignal,
): Promise<RunOutcome> => {
  let outcome: RunOutcome | undefined;
  let results: readonly StageResult[] = [];
  await talk(
    socketPath,
    // The station stands in a folder of its own.
    { type: 'run', ...request, planPath: resolve(request.planPath) },
    (reply) => {
      if (reply.type === 'waiting') watcher.waiting?.(reply);
      if (reply.type === 'started') {
        results = [];
        watcher.started(reply);
      }
      if (reply.type === 'event') {
        results = reply.results ?? results;
        watcher.event(reply.event, () => results);
      }
      if (reply.type === 'again') watcher.again?.(reply.outcome);
      if (reply.type === 'done') outcome = reply.outcome;
    },
    signal,
  );
  if (outcome === undefined) throw new BenchError('STATION_UNREACHABLE', `${socketPath} closed in the middle of a run`);
  return outcome;
};

/** One request, its replies until the station closes; `signal` ends our side. An `error` reply rejects with the station's own BenchError. */
export const talk = (
  socketPath: string,
  request: StationRequest,
  listener: (reply: StationReply) => void,
  signal?: AbortSignal,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath, allowHalfOpen: true });
    signal?.addEventListener('abort', () => socket.end(), { once: true });
    socket.on('error', (error) => reject(new BenchError('STATION_UNREACHABLE', `${socketPath} (${error.message})`)));
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    const lines = createInterface({ input: socket });
    lines.on('error', () => {});
    lines.on('line', (line) => {
      const reply = JSON.parse(line) as StationReply;
      if (reply.type !== 'error') return listener(reply);
      const code: ErrorCode = reply.code in errorTable ? (reply.code as ErrorCode) : 'INTERNAL';
      reject(new BenchError(code, reply.detail, { remedy: reply.remedy }));
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve());
  });
