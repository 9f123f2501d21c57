import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyJackFaults, phoneInputOf, type SimulatorFault } from '../../src/sim/faults.js';
import { createJack } from '../../src/sim/jack.js';
import { cyclesPerSecond, Machine } from '../../src/sim/machine.js';
import { createElectricPhone } from '../../src/sim/phone-power.js';
import { createPiSide } from '../../src/sim/pi-side.js';
import { createWitness } from '../../src/sim/witness.js';
import { encodeEeprom, nominalBlock } from '../../src/wire/board-block.js';
import { decodeInjectorMessage, encodeInjectorMessage, injectorProtocol } from '../../src/wire/injector.js';
import {
  type HostMessageName,
  type InjectorFields,
  type InjectorMessage,
  injectorCauses,
} from '../../src/wire/injector-messages.js';

const hexPath = fileURLToPath(new URL('../../hardware/firmware/linkpulse.hex', import.meta.url));
export const cyclesPerMs = cyclesPerSecond / 1000;

export const powerRequest: InjectorFields<'DISCOVER'> = {
  flags: 1,
  method: 0,
  pairs: 0,
  echoes: 3,
  maxBursts: 40,
  pulseWidth: 0,
  inrushTimerMs: 60,
  overloadMilliamps: 375,
  overloadMs: 60,
  underloadMilliamps: 8,
  underloadMs: 350,
  heartbeatTimeoutMs: 500,
  linkDeadlineMs: 20_000,
  offDwellMs: 2000,
  entropy: 0x12345678,
};

/** The committed firmware, its power path and a device at the jack, with a host that lives in simulated time. */
/** Of a board whose lines command it: what DISCOVER would ask for. */
const profile: InjectorFields<'STORE_PROFILE'> = { ...powerRequest, id: 1 };

export const createCycleBench = (faults: readonly SimulatorFault[] = []) => {
  const directory = mkdtempSync(join(tmpdir(), 'linkpulse-cycles-'));
  const witnessPath = join(directory, 'witness.ndjson');
  const witness = createWitness(witnessPath);
  const machine = new Machine({
    hex: readFileSync(hexPath, 'utf8'),
    eeprom: encodeEeprom(nominalBlock('SIM00001'), profile),
  });
  const phone = createElectricPhone(phoneInputOf(faults));
  const { device, fetWelds } = applyJackFaults(faults, phone);
  const jack = createJack(machine, device, (change) => witness.tell({ ...change }), { fetWelds });

  const piSide = createPiSide(jack.path, { board: machine, register: jack.register }, { setDark: () => {} });

  const messages: InjectorMessage[] = [];
  let sysex: number[] | undefined;
  let newest: number | undefined;
  let beating = true;
  machine.onSerialOut((byte, cycle) => {
    witness.boardByte(byte, cycle);
    if (byte === 0xf0) sysex = [];
    else if (byte !== 0xf7) sysex?.push(byte);
    else if (sysex !== undefined) {
      const content = Uint8Array.from(sysex.slice(1));
      const message = sysex[0] === 0x0c ? decodeInjectorMessage(content) : undefined;
      sysex = undefined;
      if (message === undefined || message.name === 'malformed' || message.name === 'unknown') return;
      if (message.name === 'TICK') newest = message.fields.counter;
      messages.push(message);
    }
  });

  let seq = 0;
  let lineFreeAt = 0;
  const send = <N extends HostMessageName>(name: N, fields: InjectorFields<N>) => {
    for (const byte of [0xf0, 0x0c, ...encodeInjectorMessage(name, seq++ & 0xff, fields), 0xf7]) {
      machine.serialIn(byte);
      lineFreeAt = Math.max(machine.cycles, lineFreeAt) + (cyclesPerSecond * 10) / 57_600;
      machine.at(Math.ceil(lineFreeAt), (cycle) => witness.hostByte(byte, cycle));
    }
  };
  machine.every(100 * cyclesPerMs, () => {
    if (beating && newest !== undefined) send('HEARTBEAT', { counter: newest });
  });

  const run = (ms: number) => jack.run(ms * cyclesPerMs);
  const facts = (): Record<string, unknown>[] => {
    witness.flush();
    return readFileSync(witnessPath, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  };

  run(100);
  send('IDENTIFY', { protocol: injectorProtocol });
  run(300);
  return {
    machine,
    phone,
    jack,
    piSide,
    messages,
    send,
    run,
    facts,
    power: (request: Partial<InjectorFields<'DISCOVER'>> = {}) => send('DISCOVER', { ...powerRequest, ...request }),
    holdHeartbeat: () => {
      beating = false;
    },
    resumeHeartbeat: () => {
      beating = true;
    },
    /** Causes of every POWER off and FAULT, in order. */
    causes: () =>
      messages.flatMap((message) => {
        if (message.name === 'FAULT') return [`fault ${injectorCauses[message.fields.code]}`];
        return message.name === 'POWER' && message.fields.on === 0
          ? [`off ${injectorCauses[message.fields.cause]}`]
          : [];
      }),
    /** Cycle of the last change of one electrical fact to `on`. */
    lastCycle: (event: string, on: boolean): number => {
      const fact = facts().findLast((candidate) => candidate.event === event && candidate.on === on);
      return typeof fact?.cycle === 'number' ? fact.cycle : Number.NaN;
    },
    lastFreshHeartbeat: (): number =>
      Number(facts().findLast(({ event, fresh }) => event === 'heartbeat' && fresh === true)?.cycle),
    close: () => rmSync(directory, { recursive: true }),
  };
};

export type CycleBench = ReturnType<typeof createCycleBench>;
