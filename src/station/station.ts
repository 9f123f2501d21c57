import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { BenchError, isBenchError } from '../errors.js';
import type { Audit, AuditEntry } from '../http/audit.js';
import { answers } from '../plan/prompts.js';
import type { Clock } from '../timeline/clock.js';
import { serveLeases } from './lease-requests.js';
import type { Leases } from './leases.js';
import type { PlanSetView } from './plan-sets.js';
import type { PortLocks } from './port-locks.js';
import { longestRequestBytes, type StationReply, type StationRequest } from './protocol.js';
import { type RunDesk, signatureOf } from './run-desk.js';

export interface Station {
  readonly socketPath: string;
  /** Aborts every run (power off first), waits for their records, closes the socket. */
  close(reason: string): Promise<void>;
}

export interface StationParts {
  readonly name: string;
  readonly runner: RunDesk;
  readonly socketPath: string;
  readonly clock: Clock;
  readonly locks: PortLocks;
  readonly audit: Audit;
  readonly leases: Leases;
  /** Names of shared things. */
  readonly shared: readonly string[];
  /** Left out: this station tests by plans of its own. */
  readonly planSets?: { view(): PlanSetView; goldenPlan(): string | null } | undefined;
}

const farewellMs = 1_000;
const unreadLimitBytes = 4 * 1024 * 1024;

/** The daemon behind a local socket. It owns the boards of its bench file; a port runs one phone at a time. */
export const startStation = async (parts: StationParts): Promise<Station> => {
  const { runner, socketPath } = parts;
  const runs = new Map<string, Promise<unknown>>();
  const connections = new Set<Socket>();

  /** Whoever reaches the socket is this user; which person, nobody knows. */
  const act = (action: string, detail: AuditEntry['detail']) =>
    parts.audit({ action, who: 'local user', from: 'socket', detail });

  const serve = async (request: StationRequest, say: (reply: StationReply) => void, gone: AbortSignal) => {
    if (request.type === 'hello')
      return say({
        type: 'hello',
        station: parts.name,
        ports: runner.ports,
        busy: [...runs.keys()],
        pid: process.pid,
        planSet: parts.planSets?.view() ?? null,
        goldenPlan: parts.planSets?.goldenPlan() ?? null,
      });
    if (request.type === 'recover') {
      const outcomes = runs.size > 0 ? [] : await runner.recoverCutRuns();
      return say({ type: 'recovered', outcomes });
    }
    if (request.type === 'stop') {
      act('power-off', { port: request.port });
      const wasRunning = await runner.stop(request.port, 'another client switched power off');
      return say({ type: 'stopped', wasRunning });
    }
    if (request.type === 'answer') {
      const { port, runId, id, answer } = request;
      if (!answers.includes(answer)) throw new BenchError('USAGE', 'an answer is yes or no');
      const given = { runId, id, answer, by: 'local user', where: 'terminal' } as const;
      act('answered', { port, runId, prompt: id, answer });
      return say({ type: 'answered', wasOpen: await runner.answer(port, given) });
    }
    if (request.type === 'unlock') {
      const { port } = request;
      if (!runner.ports.includes(port))
        throw new BenchError('PORT_UNKNOWN', `"${port}"; there are: ${runner.ports.join(', ')}`);
      const lock = parts.locks.of(port);
      act('unlocked', { port, code: lock?.code ?? null, runId: lock?.runId ?? null });
      return say({ type: 'unlocked', wasLocked: parts.locks.unlock(port) });
    }
    if (request.type === 'things' || request.type === 'take' || request.type === 'end-lease')
      return serveLeases({ ...parts, ports: runner.ports, act }, request, say, gone);
    if (request.type !== 'run')
      throw new BenchError(
        'USAGE',
        'the station knows hello, run, stop, answer, unlock, things, take, end-lease, recover',
      );
    const { type: _type, ...asked } = request;
    const { port } = asked;
    if (!runner.ports.includes(port))
      throw new BenchError('PORT_UNKNOWN', `"${port}"; there are: ${runner.ports.join(', ')}`);
    if (runs.has(port)) throw new BenchError('PORT_BUSY', `${port} runs a phone for another client of this station`);
    act('run-started', { port, plan: asked.planPath, serial: asked.serial ?? null, golden: asked.golden === true });
    const abort = new AbortController();
    gone.addEventListener('abort', () => abort.abort('the client went away'), { once: true });
    let signature = '';
    const done = runner.run(
      { ...asked, by: 'local user' },
      {
        waiting: (wait) => say({ type: 'waiting', ...wait }),
        started: (run) => {
          signature = '';
          say({ type: 'started', ...run });
        },
        event: (event, results) => {
          const stages = results();
          const now = signatureOf(stages);
          say({ type: 'event', event, ...(now === signature ? {} : { results: stages }) });
          signature = now;
        },
        again: (outcome) => say({ type: 'again', outcome }),
      },
      abort.signal,
    );
    runs.set(port, done);
    try {
      say({ type: 'done', outcome: await done });
    } finally {
      runs.delete(port);
    }
  };

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const gone = new AbortController();
    const say = (reply: StationReply) => {
      // Who does not read loses events, which are on the disk; this process does not grow for it.
      if (!socket.writable || (reply.type === 'event' && socket.writableLength > unreadLimitBytes)) return;
      socket.write(`${JSON.stringify(reply)}\n`);
    };
    let text = '';
    let asked = false;
    connections.add(socket);
    socket.setEncoding('utf8');
    socket.on('error', () => {});
    // A client that ends its side asks for an abort and still hears how the run ended; one that died does the same.
    socket.on('end', () => (asked ? gone.abort() : socket.end()));
    socket.on('close', () => {
      connections.delete(socket);
      gone.abort();
    });
    socket.on('data', (chunk: string) => {
      if (asked) return;
      text += chunk;
      const end = text.indexOf('\n');
      if (end < 0 && text.length < longestRequestBytes) return;
      asked = true;
      answer(text.slice(0, Math.max(0, end)), say, gone.signal).finally(() => socket.end());
      text = '';
    });
  });

  const answer = async (line: string, say: (reply: StationReply) => void, gone: AbortSignal) => {
    try {
      await serve(parseRequest(line), say, gone);
    } catch (error) {
      const known = isBenchError(error) ? error : new BenchError('INTERNAL', String(error), { cause: error });
      say({ type: 'error', code: known.code, detail: known.detail, remedy: known.remedy });
    }
  };

  await listen(server, socketPath);
  return {
    socketPath,
    close: async (reason) => {
      await Promise.all(runner.ports.map((port) => runner.stop(port, reason)));
      await Promise.allSettled(runs.values());
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of connections) socket.end();
        // A client that never hangs up does not keep the daemon.
        parts.clock.alarm(farewellMs, () => {
          for (const socket of connections) socket.destroy();
        });
      });
      rmSync(socketPath, { force: true });
    },
  };
};

const parseRequest = (line: string): StationRequest => {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && 'type' in value) return value as StationRequest;
  } catch {
    // Told below.
  }
  throw new BenchError('USAGE', 'the station takes one JSON object a line, with a "type"');
};

/** Takes the socket of a dead station over; a live one keeps it. */
const listen = async (server: Server, socketPath: string): Promise<void> => {
  if (await isAnswered(socketPath)) throw new BenchError('PORT_BUSY', `a station answers on ${socketPath} already`);
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new BenchError('STATION_UNREACHABLE', `${socketPath} (${error.message})`)));
    server.listen(socketPath, () => {
      chmodSync(socketPath, 0o600);
      resolve();
    });
  });
};

const isAnswered = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(socketPath);
    probe.on('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
