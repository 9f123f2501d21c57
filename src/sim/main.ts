/**
 * The simulated bench, a process of its own: `node dist/sim/main.js '<SimulatorConfig as JSON>'`. Says one line of JSON
 * on stdout when it runs, `{"ready":true,"pid":..,"pty":".."}`, and nothing after that; what it does is in the witness
 * file and behind the control socket. Ends by `stop`, by SIGTERM, or when nobody has held the serial port or the
 * control socket for `orphanSeconds`. Exit codes: 0 stopped or orphaned, 1 failed, 4 unknown fault.
 */
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { systemClock } from '../timeline/clock.js';
import type { PhoneWire, SimulatorConfig } from './contracts.js';
import { type ControlCommands, startControl } from './control.js';
import {
  applyJackFaults,
  isSimulatorFault,
  phoneInputOf,
  type SimulatorFault,
  simulatorFaults,
  unknownFaultExit,
} from './faults.js';
import { createFirmwareBoard } from './firmware-board.js';
import { type LineSocket, startLineSocket } from './line-socket.js';
import { cyclesPerSecond } from './machine.js';
import { createModelledBoard } from './modelled/modelled-board.js';
import { createPace, pacingLimits, startPacing } from './pacing.js';
import { phoneIdentity } from './phone/phone-identity.js';
import { createPhoneWire } from './phone/phone-wire.js';
import { createVirtualPhone } from './phone/virtual-phone.js';
import { afInput, createElectricPhone, prestandardInput } from './phone-power.js';
import { createPiSide, linesToBoard } from './pi-side.js';
import { createSerialLine } from './serial-line.js';
import { createWitness } from './witness.js';

const clock = systemClock;
const cyclesPerUs = cyclesPerSecond / 1_000_000;
const cyclesPerMs = cyclesPerSecond / 1000;
const startUpMs = 500;
const flushPeriodMs = 50;
const slipPeriodMs = 1000;
const orphanCheckMs = 500;
/** For the answer to `stop` to leave. */
const lastAnswerMs = 20;
const serialNumber = 'SIM00001';
const niceness = 3;

const complain = (message: string, exitCode: number): never => {
  process.stderr.write(`${message}\n`);
  return process.exit(exitCode);
};

const knownFaults = (names: readonly string[]): SimulatorFault[] => {
  const unknown = names.filter((name) => !isSimulatorFault(name));
  if (unknown.length > 0) {
    complain(
      `unknown fault ${unknown.join(', ')}; known: ${Object.keys(simulatorFaults).join(', ')}`,
      unknownFaultExit,
    );
  }
  return names.filter(isSimulatorFault);
};

/** Tells `onAddress` each time the phone has taken an IP address. */
const noticeAddress = (wire: PhoneWire, onAddress: () => void): PhoneWire => ({
  ...wire,
  attachIp: async (address) => {
    const stack = await wire.attachIp(address);
    onAddress();
    return stack;
  },
});

/**
 * Behind the host in the queue for the CPU: on a loaded machine simulated time slows before the host's heartbeats do.
 * The kernel weighs sessions first (sched(7), autogroup), then the processes in each.
 */
const yieldToTheHost = () => {
  setPriority(niceness);
  try {
    writeFileSync('/proc/self/autogroup', String(niceness));
  } catch {
    // A kernel without autogroup, or one that was told of another a moment ago.
  }
};

const main = async (): Promise<void> => {
  const config: SimulatorConfig = JSON.parse(process.argv[2] ?? '{}');
  const faults = knownFaults(config.faults);
  yieldToTheHost();
  const witness = createWitness(config.witnessPath);
  // Whoever started it may be gone.
  process.stderr.on('error', () => {});
  process.on('SIGHUP', () => {});

  const { powerClass } = phoneIdentity(config.phone.mac, config.phone.model);
  const ownInput = config.phone.power === '802.3af' ? { ...afInput, powerClass } : prestandardInput;
  const phonePower = createElectricPhone(phoneInputOf(faults) ?? ownInput);
  const { device, fetWelds, badCalibration, unplugAfterAddressMs } = applyJackFaults(faults, phonePower);
  process.on('uncaughtException', (error) => {
    witness.tell({ event: 'crash', message: String(error.stack), cycle: board.cycles });
    witness.flush();
    complain(String(error.stack), 1);
  });
  const createBoard = config.board === 'modelled' ? createModelledBoard : createFirmwareBoard;
  const board = createBoard({
    ...{ device, serialNumber, fetWelds, badCalibration },
    ...(config.profile === undefined ? {} : { profile: config.profile }),
    onChange: (change) => witness.tell({ ...change }),
    onRegister: (name, on, cycle) => witness.tell({ event: 'register', name, on, cycle }),
    onReset: (cause, cycle) => witness.tell({ event: 'reset', cause, cycle }),
  });
  const listeners = { onHostByte: witness.hostByte, onBoardByte: witness.boardByte };
  const serial = createSerialLine(board.serial, listeners, clock);
  const piSide = createPiSide(board.path, board.pins, serial);

  let wire: PhoneWire | undefined;
  const pull = () => {
    if (!phonePower.plugged) return;
    witness.tell({ event: 'plugged', on: false, cycle: board.cycles });
    phonePower.unplug();
    void wire?.setLink(false);
  };
  const plug = () => {
    witness.tell({ event: 'plugged', on: true, cycle: board.cycles });
    phonePower.replug();
  };
  let pullAt = Number.POSITIVE_INFINITY;
  let lines: LineSocket | undefined;

  // Before anybody listens, and unpaced: the chip starts up, and the interpreter becomes fast.
  board.run(startUpMs * cyclesPerMs);

  const pace = createPace();
  const pacing = startPacing(
    clock,
    (simulatedUs) => {
      for (let left = simulatedUs; left > 0; left -= pacingLimits.sliceUs) {
        serial.exchange();
        board.run(Math.min(left, pacingLimits.sliceUs) * cyclesPerUs);
      }
      serial.exchange();
      lines?.exchange();
      if (board.cycles < pullAt) return;
      pullAt = Number.POSITIVE_INFINITY;
      pull();
    },
    pace,
  );

  const pacingFigures = () => ({
    slipUs: Math.round(pace.slipUs),
    worstLagUs: Math.round(pace.worstLagUs),
    speed: Math.round((pace.simulatedUs / Math.max(1, pace.wallUs)) * 1000) / 1000,
  });
  const status = () => ({
    pid: process.pid,
    ptyPath: serial.path,
    witnessPath: config.witnessPath,
    faults: config.faults,
    cycle: board.cycles,
    ...pacingFigures(),
    ...board.figures(),
    droppedBytes: serial.droppedBytes,
    serialHeld: serial.held,
    serialPlugged: serial.plugged,
    plugged: phonePower.plugged,
    phoneSupplyUp: phonePower.supplyUp,
    lines: piSide.lines,
    barrierDark: !piSide.supplied,
    ...board.path.state,
  });

  const stop = () => {
    pacing.cancel();
    witness.tell({ event: 'stop', cycle: board.cycles });
    witness.flush();
    serial.close();
    control.close();
    lines?.close();
    // The namespace's interfaces go with the process.
    process.exit(0);
  };
  const commands: ControlCommands = {
    status,
    unplug: () => {
      pull();
      return {};
    },
    replug: () => {
      plug();
      return {};
    },
    'serial-unplug': () => {
      serial.unplug();
      return {};
    },
    'serial-replug': () => {
      serial.replug();
      return { ptyPath: serial.path };
    },
    'estop-open': () => {
      piSide.setEstop(false);
      return {};
    },
    'estop-close': () => {
      piSide.setEstop(true);
      return {};
    },
    'barrier-dark': () => {
      piSide.setSupply(false);
      return {};
    },
    'barrier-lit': () => {
      piSide.setSupply(true);
      return {};
    },
    'reset-hold': () => {
      board.holdInReset(true);
      return {};
    },
    'reset-release': () => {
      board.holdInReset(false);
      return {};
    },
    lines: () => piSide.lines,
    'set-line': ({ line, high }) => {
      const name = linesToBoard.find((known) => known === line);
      if (name === undefined || typeof high !== 'boolean')
        throw new Error(`set-line wants line (${linesToBoard.join(', ')}) and high (true or false)`);
      piSide.setLine(name, high);
      return piSide.lines;
    },
    stop: () => {
      clock.alarm(lastAnswerMs, stop);
      return {};
    },
  };
  const control = await startControl(config.controlPath, commands);
  if (config.linesPath !== undefined) lines = await startLineSocket(config.linesPath, piSide, board.serial);
  process.on('SIGTERM', stop);

  clock.every(flushPeriodMs, () => witness.flush());
  clock.every(slipPeriodMs, () => witness.tell({ event: 'slip', ...pacingFigures(), cycle: board.cycles }));
  let heldAtUs = clock.nowUs();
  clock.every(orphanCheckMs, () => {
    if (serial.held || control.holders > 0 || (lines?.holders ?? 0) > 0) heldAtUs = clock.nowUs();
    else if (clock.nowUs() - heldAtUs > config.orphanSeconds * 1e6) stop();
  });

  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, pty: serial.path })}\n`);

  // The wire is there only when whoever started this has moved its end in here.
  const ownWire = await createPhoneWire(config.network, config.phone.mac, clock);
  wire = ownWire;
  const phone = createVirtualPhone({
    wire: noticeAddress(ownWire, () => {
      if (unplugAfterAddressMs !== undefined) pullAt = board.cycles + unplugAfterAddressMs * cyclesPerMs;
    }),
    power: phonePower,
    phone: config.phone,
    timers: config.timers,
    faults: config.faults,
    clock,
    log: (line) => witness.tell({ event: 'phone', cycle: board.cycles, note: JSON.parse(line) }),
  });
  phonePower.onSupply((on) => {
    witness.tell({ event: 'phone-supply', on, cycle: board.cycles });
    if (on) phone.powerUp();
    else phone.powerDown();
  });
  if (phonePower.supplyUp) phone.powerUp();
};

// Thrown again where the handler above, once it is there, writes it down.
main().catch((error: unknown) =>
  queueMicrotask(() => {
    throw error;
  }),
);
