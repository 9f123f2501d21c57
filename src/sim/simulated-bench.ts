/**
 * One simulated bench: board, power path, serial port, phone, witness and control socket (docs/simulator.md). The process around
 * it is src/sim/main.ts.
 */
import { type Alarm, systemClock } from '../timeline/clock.js';
import type { PhoneWire, SimulatorConfig, VirtualPhone } from './contracts.js';
import { type ControlCommands, startControl } from './control.js';
import { applyJackFaults, isSimulatorFault, phoneInputOf, type SimulatorFault, simulatorFaults } from './faults.js';
import { createFirmwareBoard } from './firmware-board.js';
import { type LineSocket, startLineSocket } from './line-socket.js';
import { cyclesPerSecond } from './machine.js';
import { createModelledBoard } from './modelled/modelled-board.js';
import { createPace, modelledPacing, pacingLimits, startPacing } from './pacing.js';
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

export interface SimulatedBench {
  readonly pty: string;
  stop(): void;
  /** Writes down why the process around it ends. */
  crashed(message: string): void;
}

export interface BenchParts {
  /** Other benches live in this process, too. */
  readonly isOfRack: boolean;
  /** Everything of it is closed; by `stop`, or because nobody held it. */
  onStopped(): void;
  /** Its wire could not be joined. */
  onFailure(error: unknown): void;
}

export class UnknownFaults extends Error {}

const knownFaults = (names: readonly string[]): SimulatorFault[] => {
  const unknown = names.filter((name) => !isSimulatorFault(name));
  if (unknown.length > 0)
    throw new UnknownFaults(`unknown fault ${unknown.join(', ')}; known: ${Object.keys(simulatorFaults).join(', ')}`);
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
 * One board, its jack, its serial port and the phone. Resolves when its serial port and its control socket are there; the wire
 * comes when whoever started it has put the phone's end there. Throws BenchError SIMULATOR_FAILED, UnknownFaults.
 */
export const startSimulatedBench = async (config: SimulatorConfig, parts: BenchParts): Promise<SimulatedBench> => {
  const faults = knownFaults(config.faults);
  const witness = createWitness(config.witnessPath);

  const { powerClass } = phoneIdentity(config.phone.mac, config.phone.model);
  const ownInput = config.phone.power === '802.3af' ? { ...afInput, powerClass } : prestandardInput;
  const phonePower = createElectricPhone(phoneInputOf(faults) ?? ownInput);
  const { device, fetWelds, badCalibration, unplugAfterAddressMs } = applyJackFaults(faults, phonePower);
  const isModelled = config.board === 'modelled';
  const createBoard = isModelled ? createModelledBoard : createFirmwareBoard;
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

  const limits = isModelled ? modelledPacing : pacingLimits;
  const pace = createPace(limits);
  const pacing = startPacing(
    clock,
    (simulatedUs) => {
      for (let left = simulatedUs; left > 0; left -= limits.sliceUs) {
        serial.exchange();
        board.run(Math.min(left, limits.sliceUs) * cyclesPerUs);
      }
      serial.exchange();
      lines?.exchange();
      if (board.cycles < pullAt) return;
      pullAt = Number.POSITIVE_INFINITY;
      pull();
    },
    pace,
    limits,
  );

  const pacingFigures = () => ({
    slipUs: Math.round(pace.slipUs),
    worstLagUs: Math.round(pace.worstLagUs),
    speed: Math.round((pace.simulatedUs / Math.max(1, pace.wallUs)) * 1000) / 1000,
  });
  const status = () => ({
    pid: process.pid,
    isOfRack: parts.isOfRack,
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

  const periodic: Alarm[] = [pacing];
  let phone: VirtualPhone | undefined;
  let stopped = false;
  const stop = () => {
    if (stopped) return;
    stopped = true;
    for (const alarm of periodic) alarm.cancel();
    witness.tell({ event: 'stop', cycle: board.cycles });
    witness.flush();
    serial.close();
    control.close();
    lines?.close();
    const leave = async () => {
      await phone?.close();
      await wire?.close();
    };
    void leave().finally(parts.onStopped);
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
  let heldAtUs = clock.nowUs();
  periodic.push(
    clock.every(flushPeriodMs, () => witness.flush()),
    clock.every(slipPeriodMs, () => witness.tell({ event: 'slip', ...pacingFigures(), cycle: board.cycles })),
    clock.every(orphanCheckMs, () => {
      if (serial.held || control.holders > 0 || (lines?.holders ?? 0) > 0) heldAtUs = clock.nowUs();
      else if (clock.nowUs() - heldAtUs > config.orphanSeconds * 1e6) stop();
    }),
  );

  // The wire is there only when whoever started this has moved its end in here.
  const joinWire = async () => {
    const ownWire = await createPhoneWire(config.network, config.phone.mac, clock);
    if (stopped) return ownWire.close();
    wire = ownWire;
    phone = startPhone(ownWire);
  };
  const startPhone = (ownWire: PhoneWire): VirtualPhone => {
    const started = createVirtualPhone({
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
      if (on) started.powerUp();
      else started.powerDown();
    });
    if (phonePower.supplyUp) started.powerUp();
    return started;
  };
  joinWire().catch(parts.onFailure);
  return {
    pty: serial.path,
    stop,
    crashed: (message) => {
      witness.tell({ event: 'crash', message, cycle: board.cycles });
      witness.flush();
    },
  };
};
