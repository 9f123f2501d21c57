import { afterEach, describe, expect, it } from 'vitest';
import type { SimulatorFault } from '../../src/sim/faults.js';
import { type CycleBench, createCycleBench, cyclesPerMs } from './cycle-bench.js';

let bench: CycleBench | undefined;
afterEach(() => {
  bench?.close();
  bench = undefined;
});
const start = (faults: readonly SimulatorFault[] = []): CycleBench => {
  bench = createCycleBench(faults);
  return bench;
};
/** A phone that runs, half a second after power-on. */
const powered = (faults: readonly SimulatorFault[] = []): CycleBench => {
  const board = start(faults);
  board.power();
  board.run(700);
  expect(board.jack.path.state.conducting).toBe(true);
  return board;
};

describe('the firmware at its power path, in simulated cycles', () => {
  it('finds a phone, powers it, and keeps it powered while the host is alive', () => {
    const board = powered();
    expect(board.phone.supplyUp).toBe(true);
    board.run(3000);
    expect(board.jack.path.state.conducting).toBe(true);
    expect(board.causes()).toEqual([]);
    expect(board.machine.lostBytes).toBe(0);
  });

  it('opens the switch within 550 ms of the last valid heartbeat, and the jack is safe within 1050 ms', () => {
    const board = powered();
    board.holdHeartbeat();
    board.run(1500);
    const last = board.lastFreshHeartbeat();
    const openedMs = (board.lastCycle('conducting', false) - last) / cyclesPerMs;
    const safeMs = (board.lastCycle('jack', false) - last) / cyclesPerMs;
    expect(openedMs).toBeGreaterThan(430);
    expect(openedMs).toBeLessThanOrEqual(550);
    expect(safeMs).toBeGreaterThan(openedMs);
    expect(safeMs).toBeLessThanOrEqual(1050);
    expect(board.causes()).toEqual(['off HEARTBEAT']);
  });

  it('turns off when the host is held for 600 ms and does not come back on by itself', () => {
    const board = powered();
    board.holdHeartbeat();
    board.run(600);
    board.resumeHeartbeat();
    board.run(3000);
    expect(board.jack.path.state.conducting).toBe(false);
    expect(board.causes()).toEqual(['off HEARTBEAT']);
  });

  it('lets go at once when the chip is reset, whatever its firmware was doing', () => {
    const board = powered();
    const at = board.machine.cycles;
    board.machine.reset('external');
    board.run(100);
    expect(board.lastCycle('conducting', false) - at).toBeLessThan(100);
  });

  it('opens both switches when the phone is pulled', () => {
    const board = powered();
    board.phone.unplug();
    board.run(1000);
    expect(board.causes()).toEqual(['off UNDERLOAD']);
    expect(board.jack.path.state).toMatchObject({ conducting: false, switch2: false });
  });

  it('turns off when the phone draws 20 W', () => {
    const board = powered();
    board.phone.setLoad(20_000);
    board.run(500);
    expect(board.causes()).toEqual(['off OVERLOAD']);
  });

  it.each<[string, (board: CycleBench) => void]>([
    ['the e-stop', (board) => board.piSide.setEstop(false)],
    ['a dark barrier', (board) => board.piSide.setSupply(false)],
  ])('opens by %s itself, before the firmware has read it', (_, strike) => {
    const board = powered();
    const at = board.machine.cycles;
    strike(board);
    board.run(100);
    expect(board.lastCycle('conducting', false) - at).toBe(0);
    expect(board.causes()).toEqual(['off ESTOP']);
  });

  it.each<[string, (board: CycleBench) => void]>([
    ['the e-stop', (board) => board.jack.path.setEstop(false)],
    ['a dark barrier', (board) => board.jack.path.setBarrier(false)],
  ])('opens both switches by %s with the chip held in reset and its pins stuck as when powered', (_, strike) => {
    const board = start();
    const { path } = board.jack;
    board.machine.holdInReset(true);
    const pump = (ms: number) => {
      for (let at = 0; at < ms; at += 10) {
        path.output('PUMP', at % 20 === 0, board.machine.cycles);
        board.run(10);
      }
    };
    const before = board.machine.instructions;
    path.output('SWITCH2', true, board.machine.cycles);
    path.output('GATE', true, board.machine.cycles);
    pump(40);
    expect(path.state.conducting).toBe(true);
    const struckAt = board.machine.cycles;
    strike(board);
    pump(40);
    expect(path.state).toMatchObject({ conducting: false, switch2: false });
    expect(board.lastCycle('conducting', false)).toBe(struckAt);
    expect((board.lastCycle('switch2', false) - struckAt) / cyclesPerMs).toBeLessThan(5);
    expect(board.machine.instructions).toBe(before);
  });

  describe('driven by the discrete lines alone', () => {
    const beat = (board: CycleBench, ms: number) => {
      for (let at = 0; at < ms; at += 100) {
        board.piSide.setLine('HEARTBEAT', !board.piSide.lines.HEARTBEAT);
        board.run(100);
      }
    };
    const poweredByLines = () => {
      const board = start();
      // The bench's host has identified the board: it has to be gone for 2 s.
      board.holdHeartbeat();
      beat(board, 2500);
      expect(board.piSide.lines.FAULT_N).toBe(true);
      board.piSide.setLine('PWR_REQ', true);
      for (let tries = 0; tries < 40 && !board.piSide.lines.PGOOD; tries += 1) beat(board, 100);
      expect(board.piSide.lines.PGOOD).toBe(true);
      expect(board.jack.path.state.conducting).toBe(true);
      return board;
    };

    it('powers the phone while the heartbeat toggles, and not when it stands still', () => {
      const board = poweredByLines();
      beat(board, 1500);
      expect(board.jack.path.state.conducting).toBe(true);
      board.run(700);
      expect(board.jack.path.state.conducting).toBe(false);
      expect(board.piSide.lines).toMatchObject({ PGOOD: false, FAULT_N: false });
      board.piSide.setLine('PWR_REQ', false);
    });

    it('turns off by PWR_REQ, without a fault', () => {
      const board = poweredByLines();
      board.piSide.setLine('PWR_REQ', false);
      beat(board, 700);
      expect(board.jack.path.state).toMatchObject({ conducting: false, switch2: false });
      expect(board.piSide.lines).toMatchObject({ PGOOD: false, FAULT_N: true });
    });

    it('turns off when the Pi’s side goes dark, and shows nothing there', () => {
      const board = poweredByLines();
      const at = board.machine.cycles;
      board.piSide.setSupply(false);
      beat(board, 700);
      expect(board.lastCycle('conducting', false)).toBe(at);
      expect(board.piSide.lines).toMatchObject({ LOOP: false, PGOOD: false, FAULT_N: false, ESTOP_OK: false });
      board.piSide.setSupply(true);
      beat(board, 1000);
      expect(board.jack.path.state.conducting, 'PWR_REQ was high all the time').toBe(false);
    });
  });

  it('moves the polarity relay only while the jack is below 2.8 V and both switches are open', () => {
    const board = start();
    board.power({ pairs: 2 });
    board.run(1200);
    expect(board.jack.path.state).toMatchObject({ conducting: true, polarityReversed: true });
    board.send('OFF', {});
    board.run(2500);
    board.power({ pairs: 1 });
    board.run(1200);
    expect(board.jack.path.state).toMatchObject({ conducting: true, polarityReversed: false });
    const level = new Map<unknown, unknown>();
    const moves = board.facts().flatMap((fact) => {
      level.set(fact.event, fact.on);
      return fact.event === 'polarity' ? [[level.get('jack') ?? false, level.get('switch2') ?? false]] : [];
    });
    expect(moves).toEqual([
      [false, false],
      [false, false],
    ]);
  });

  it('closes onto a short for no longer than 10 us', () => {
    const board = start(['short-circuit']);
    board.power();
    board.run(700);
    expect(board.causes()).toEqual(['off SHORT']);
    expect(board.lastCycle('conducting', false) - board.lastCycle('conducting', true)).toBeLessThanOrEqual(160);
  });

  it('opens the second switch when the FET stays closed after off', () => {
    const board = powered(['switch-stuck']);
    board.send('OFF', {});
    board.run(1000);
    expect(board.causes()).toEqual(['off COMMANDED', 'fault SWITCH_STUCK']);
    expect(board.jack.path.state).toMatchObject({ conducting: false, switch2: false });
    expect(board.jack.path.state.jackVolts).toBeLessThan(2.8);
  });

  it.each<[SimulatorFault, string[]]>([
    ['no-echo', []],
    ['live-partner', []],
    ['loopback-plug', ['off UNDERLOAD']],
    ['foreign-voltage', ['fault FOREIGN_VOLTAGE']],
  ])('ends %s with the jack off', (fault, causes) => {
    const board = start([fault]);
    board.power();
    board.run(2500);
    expect(board.causes()).toEqual(causes);
    expect(board.jack.path.state.conducting).toBe(false);
  });

  it('finds the same phone again once its capacitors are empty', () => {
    const board = powered();
    board.send('OFF', {});
    board.run(2500);
    board.power();
    board.run(700);
    expect(board.jack.path.state.conducting).toBe(true);
  });
});
