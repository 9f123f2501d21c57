import { BenchError, isBenchError } from '../errors.js';
import type { Clock } from '../timeline/clock.js';
import { type Expectation, expectWithin, sleep } from '../timeline/wait.js';
import { dateOfDays } from '../wire/board-block.js';
import { decodeInjectorMessage, encodeInjectorMessage, injectorProtocol, isBoardMessage } from '../wire/injector.js';
import {
  type BoardMessageName,
  describeResetCause,
  discoverFlags,
  type HostMessageName,
  type InjectorFields,
  type InjectorMessage,
  injectorMessages,
  injectorRefusals,
  jackSafeNotSeen,
  selfTestFlags,
} from '../wire/injector-messages.js';
import { causeOf, createBoardReports, unitsToMilliseconds } from './board-reports.js';
import { firmwareName, openFirmataBoard } from './firmata-board.js';
import { createFurniture } from './furniture.js';
import type { BoardIdentity, BoardReport, Injector, PowerTerms, SelfTestResult } from './injector.js';
import { profileOfWire, selfTestOfWire, wireOfTerms } from './injector-fields.js';
import { profileOf } from './profile-id.js';
import { SerialTransport } from './serial-transport.js';

const answerWithinMs = 3_000;
/** TICKs come every 50 ms once the board is identified; a line that ends without a word is noticed by their absence. */
const silenceMs = 3_000;
const silenceCheckMs = 500;
/** OFF on the way out; the board turns off by itself when the heartbeat stays away, so this waits for nobody. */
const farewellMs = 300;
/** The watchdog bites after 250 ms at the most, and the board starts; a loaded host simulates that slowly. */
const restartWithinMs = 5_000;

/** Fields of DISCOVER for a discovery without power: within the board's bounds, never used. */
const noPower: PowerTerms = {
  method: 'prestandard',
  feed: null,
  echoes: 4,
  maxBursts: 60,
  pulseNanoseconds: 125,
  inrushTimerMs: 60,
  overloadMilliamps: 375,
  overloadMs: 60,
  underloadMilliamps: 8,
  underloadMs: 350,
  heartbeatTimeoutMs: 500,
  linkDeadlineMs: 10_000,
  offDwellMs: 5_000,
};

/** Another process that looks for its board holds a port for a handshake, some 600 ms; whoever owns it keeps it. */
const busyTries = { count: 8, everyMs: 250 } as const;

const openPatiently = async (path: string, clock: Clock): Promise<SerialTransport> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await SerialTransport.open(path);
    } catch (error) {
      if (!isBenchError(error) || error.code !== 'PORT_BUSY' || tries === busyTries.count) throw error;
      await sleep(clock, busyTries.everyMs);
    }
  }
};

export interface SerialOptions {
  /**
   * `line`: the board is held to edges on its HEARTBEAT line and messages no longer count. Whoever asks for it drives that
   * line (combined-injector.ts); where nobody does, the board powers nothing.
   */
  readonly heartbeat?: 'messages' | 'line';
}

/**
 * The Injector over a serial line: serialport, firmata-io, johnny-five, and the board's own sysex. Rejects with
 * BOARD_NOT_FOUND, PORT_BUSY, BOARD_SILENT or BOARD_VERSION.
 */
export const openSerialInjector = async (
  path: string,
  clock: Clock,
  { heartbeat = 'messages' }: SerialOptions = {},
): Promise<Injector> => {
  const transport = await openPatiently(path, clock);
  const listeners = new Set<(report: BoardReport) => void>();
  const answers = new Map<string, Expectation<void>>();
  const reportsOf = createBoardReports();
  let identity: Expectation<InjectorFields<'IDENTITY'>> | undefined;
  let trip: Expectation<InjectorFields<'TRIP'>> | undefined;
  let selfTest: Expectation<InjectorFields<'SELFTEST_RESULT'>> | undefined;
  let profile: Expectation<InjectorFields<'PROFILE'>> | undefined;
  let newestCounter: number | undefined;
  let lost: BenchError | undefined;
  let closed = false;
  // Counted in checks, not by the clock: a host that was held up itself must not blame the board.
  let silentChecks = 0;
  let seq = 0;

  const tell = (report: BoardReport) => {
    if (closed) return;
    for (const listener of [...listeners]) listener(report);
  };

  const listening = clock.every(silenceCheckMs, () => {
    if (newestCounter === undefined) return;
    silentChecks += 1;
    if (silentChecks * silenceCheckMs > silenceMs) lose('the board fell silent');
  });

  const lose = (detail: string) => {
    if (lost !== undefined) return;
    listening.cancel();
    lost = new BenchError('BOARD_LOST', `${path} (${detail})`);
    for (const waiting of [...answers.values(), identity, trip, selfTest, profile]) waiting?.failed(lost);
    answers.clear();
    tell({ fact: { kind: 'board-lost', code: detail }, stamp: { boardCycles: 0 } });
  };
  transport.on('close', () => lose(closed ? 'closed by us' : 'the serial line closed'));
  transport.on('error', (error: Error) => lose(error.message));

  const hear = (message: InjectorMessage<BoardMessageName>) => {
    switch (message.name) {
      case 'TICK':
        newestCounter = message.fields.counter;
        silentChecks = 0;
        return;
      case 'IDENTITY':
        return identity?.met(message.fields);
      case 'TRIP':
        return trip?.met(message.fields);
      case 'SELFTEST_RESULT':
        return selfTest?.met(message.fields);
      case 'PROFILE':
        return profile?.met(message.fields);
      case 'ACK':
        return settle(message.fields, (answer) => answer.met());
      case 'REFUSED': {
        const code = injectorRefusals[message.fields.code] ?? 'UNKNOWN';
        if (message.fields.ofType === injectorMessages.IDENTIFY.type) return identity?.failed(misfit(code));
        const error = new BenchError('BOARD_REFUSED', `${hostMessageName(message.fields.ofType)} (${code})`);
        return settle(message.fields, (answer) => answer.failed(error));
      }
      default:
        for (const report of reportsOf(message)) tell(report);
    }
  };

  const misfit = (code: string) =>
    new BenchError(
      'BOARD_VERSION',
      `the firmware on ${path} does not speak protocol ${injectorProtocol} of this daemon (${code}): update the older of the two`,
    );

  const settle = (
    of: { readonly ofType: number; readonly ofSeq: number },
    how: (answer: Expectation<void>) => void,
  ) => {
    const key = `${of.ofType}/${of.ofSeq}`;
    const answer = answers.get(key);
    answers.delete(key);
    if (answer !== undefined) how(answer);
  };

  const board = await openFirmataBoard(transport, clock, (content) => {
    const message = decodeInjectorMessage(content);
    if (message.name === 'malformed' || message.name === 'unknown' || !isBoardMessage(message.name)) return;
    hear(message as InjectorMessage<BoardMessageName>);
  }).catch(async (error: unknown) => {
    await transport.close();
    throw error;
  });
  if (board.firmware !== firmwareName) {
    await transport.close();
    throw new BenchError('BOARD_VERSION', `${path} runs "${board.firmware}", not ${firmwareName}`);
  }

  const furniture = createFurniture(board.furniture, clock);

  const send = <N extends HostMessageName>(name: N, fields: InjectorFields<N>): number => {
    seq = (seq + 1) & 0xff;
    board.sendSysex(encodeInjectorMessage(name, seq, fields));
    return seq;
  };

  /** Sends a request and resolves with its ACK. */
  const ask = <N extends HostMessageName>(name: N, fields: InjectorFields<N>, timeoutMs = answerWithinMs) => {
    if (lost !== undefined) return Promise.reject(lost);
    const answer = expectWithin<void>(clock, timeoutMs, 'BOARD_SILENT', `no answer to ${name}`);
    answers.set(`${injectorMessages[name].type}/${send(name, fields)}`, answer);
    return answer.promise;
  };

  const discoverWith = (flags: number, terms: PowerTerms) =>
    ask('DISCOVER', { flags, ...wireOfTerms(terms), entropy: clock.nowUs() % 2 ** 32 });

  const identify = async (): Promise<BoardIdentity> => {
    if (lost !== undefined) throw lost;
    identity = expectWithin(clock, answerWithinMs, 'BOARD_SILENT', 'no answer to IDENTIFY');
    send('IDENTIFY', { protocol: injectorProtocol });
    const fields = await identity.promise;
    if (fields.protocol !== injectorProtocol)
      throw new BenchError(
        'BOARD_VERSION',
        `the board speaks protocol ${fields.protocol}, this daemon ${injectorProtocol}: update the ${fields.protocol < injectorProtocol ? 'firmware' : 'daemon'}`,
      );
    return {
      protocol: fields.protocol,
      firmware: `${fields.firmwareMajor}.${fields.firmwareMinor}`,
      revision: fields.revision,
      serial: fields.serial,
      resetCause: describeResetCause(fields.resetCause),
      calibratedOn: fields.calibrated === 1 ? dateOfDays(fields.calibrationDays) : null,
      profileId: fields.profileId === 0 ? null : fields.profileId,
    };
  };

  /** A board that has started anew says nothing until it is identified again, and then why it started. */
  const restartedByWatchdog = async (restart: Promise<void>): Promise<SelfTestResult> => {
    const isRestarted = await restart.then(
      () => true,
      () => false,
    );
    const { resetCause } = await identify();
    return isRestarted && resetCause === 'watchdog' ? 'passed' : 'failed';
  };

  return {
    identify,
    discoverAndPower: (terms) =>
      discoverWith(discoverFlags.power | (heartbeat === 'line' ? discoverFlags.heartbeatLine : 0), terms),
    discover: (request) => discoverWith(0, { ...noPower, ...request }),
    off: () => ask('OFF', {}),
    heartbeat: () => {
      if (lost !== undefined || closed || newestCounter === undefined) return false;
      send('HEARTBEAT', { counter: newestCounter });
      return true;
    },
    reportLink: (up) => ask('LINK', { up: up ? 1 : 0 }),
    takeStoredTrip: async () => {
      if (lost !== undefined) throw lost;
      trip = expectWithin(clock, answerWithinMs, 'BOARD_SILENT', 'no answer to TAKE_TRIP');
      send('TAKE_TRIP', {});
      const { valid, cause, switchOff, jackSafe } = await trip.promise;
      if (valid !== 1) return undefined;
      return {
        cause: causeOf(cause),
        switchOffMs: unitsToMilliseconds(switchOff),
        jackSafeMs: jackSafe === jackSafeNotSeen ? null : unitsToMilliseconds(jackSafe),
      };
    },
    selftest: async ({ provesWatchdog } = { provesWatchdog: false }) => {
      if (lost !== undefined) throw lost;
      selfTest = expectWithin(clock, answerWithinMs, 'BOARD_SILENT', 'no result of SELFTEST');
      const restart = provesWatchdog ? board.nextReset(restartWithinMs) : undefined;
      // Together, so that a refusal is told at once.
      const asked = ask('SELFTEST', { flags: provesWatchdog ? selfTestFlags.starveWatchdog : 0 });
      const [fields] = await Promise.all([selfTest.promise, asked]);
      if (restart === undefined) return selfTestOfWire(fields, 'not possible');
      // Silent until it is identified again.
      newestCounter = undefined;
      return selfTestOfWire(fields, await restartedByWatchdog(restart));
    },
    storeProfile: async (terms) => {
      const profile = profileOf(terms);
      await ask('STORE_PROFILE', { id: profile.id, ...wireOfTerms(terms) });
      return profile;
    },
    readProfile: async () => {
      if (lost !== undefined) throw lost;
      profile = expectWithin(clock, answerWithinMs, 'BOARD_SILENT', 'no answer to READ_PROFILE');
      send('READ_PROFILE', {});
      const fields = await profile.promise;
      return fields.valid === 1 ? profileOfWire(fields) : undefined;
    },
    show: (signal) => {
      if (lost === undefined) furniture.show(signal);
    },
    onReport: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      if (closed) return;
      if (lost === undefined) await ask('OFF', {}, farewellMs).catch(() => {});
      if (lost === undefined) await furniture.quiet();
      closed = true;
      await transport.close();
      lose('closed by us');
    },
  };
};

const hostMessageName = (type: number): string =>
  Object.entries(injectorMessages).find(([, spec]) => spec.type === type)?.[0] ?? `0x${type.toString(16)}`;
