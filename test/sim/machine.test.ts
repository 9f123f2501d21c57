import { describe, expect, it } from 'vitest';
import { readIntelHex } from '../../src/sim/intel-hex.js';
import { Machine, type MachineOptions, type PinDrive } from '../../src/sim/machine.js';

// ---- a very small assembler: what these tests need of the AVR instruction set manual -------------------

const ldi = (register: number, value: number): number =>
  0xe000 | ((value & 0xf0) << 4) | ((register - 16) << 4) | (value & 0x0f);
const out = (address: number, register: number): number =>
  0xb800 | ((address & 0x30) << 5) | (register << 4) | (address & 0x0f);
const input = (register: number, address: number): number =>
  0xb000 | ((address & 0x30) << 5) | (register << 4) | (address & 0x0f);
const sbi = (address: number, bit: number): number => 0x9a00 | (address << 3) | bit;
const cbi = (address: number, bit: number): number => 0x9800 | (address << 3) | bit;
const rjmp = (words: number): number => 0xc000 | (words & 0xfff);
const sts = (address: number, register: number): number[] => [0x9200 | (register << 4), address];
const lds = (register: number, address: number): number[] => [0x9000 | (register << 4), address];
const set = (address: number, value: number): number[] => [ldi(16, value), ...sts(address, 16)];
const sei = 0x9478;
const sleep = 0x9588;
const reti = 0x9518;
const nop = 0x0000;
const here = rjmp(-1);

const io = { PIND: 0x09, PORTD: 0x0b, DDRD: 0x0a, PORTB: 0x05, DDRB: 0x04, SMCR: 0x33, MCUSR: 0x34 } as const;
const data = {
  TCCR0A: 0x44,
  TCCR0B: 0x45,
  OCR0A: 0x47,
  TIMSK0: 0x6e,
  WDTCSR: 0x60,
  ADCL: 0x78,
  ADCSRA: 0x7a,
  ADMUX: 0x7c,
  UCSR0A: 0xc0,
  UCSR0B: 0xc1,
  UBRR0L: 0xc4,
  UDR0: 0xc6,
  sram: 0x0100,
} as const;
const vectorWords = 2;
const vectors = 26;

const record = (type: number, address: number, bytes: readonly number[]): string => {
  const all = [bytes.length, address >> 8, address & 0xff, type, ...bytes];
  const sum = -all.reduce((total, byte) => total + byte, 0) & 0xff;
  return `:${[...all, sum].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
};
const hexOf = (words: readonly number[]): string => {
  const lines: string[] = [];
  for (let index = 0; index < words.length; index += 8) {
    const bytes = words.slice(index, index + 8).flatMap((word) => [word & 0xff, word >> 8]);
    lines.push(record(0, index * 2, bytes));
  }
  return [...lines, record(1, 0, []), ''].join('\n');
};
/** `program` behind a vector table that answers every interrupt with RETI. */
const machineWith = (program: readonly number[], options: Partial<MachineOptions> = {}): Machine => {
  const table: number[] = Array<number>(vectors * vectorWords).fill(reti);
  table[0] = rjmp(vectors * vectorWords - 1);
  return new Machine({ hex: hexOf([...table, ...program]), ...options });
};

const edgesOf = (machine: Machine, pin: 'FLP_TX' | 'GATE'): { drive: PinDrive; cycle: number }[] => {
  const edges: { drive: PinDrive; cycle: number }[] = [];
  machine.onPin(pin, (drive, cycle) => edges.push({ drive, cycle }));
  return edges;
};
const gaps = (cycles: readonly number[]): number[] =>
  cycles.slice(1).map((cycle, index) => cycle - (cycles[index] ?? 0));

const tickEvery2048 = [
  ...set(data.TCCR0A, 0x02),
  ...set(data.OCR0A, 31),
  ...set(data.TCCR0B, 0x03),
  ...set(data.TIMSK0, 0x02),
  ldi(16, 0x01),
  out(io.SMCR, 16),
];

describe('the machine', () => {
  it('counts SBI and CBI as two cycles each', () => {
    const machine = machineWith([sbi(io.DDRB, 1), sbi(io.PORTB, 1), cbi(io.PORTB, 1), rjmp(-3)]);
    const edges = edgesOf(machine, 'FLP_TX');
    machine.runUntil(100);
    expect(edges.slice(1, 5).map(({ drive }) => drive)).toEqual(['high', 'low', 'high', 'low']);
    expect(gaps(edges.slice(1, 6).map(({ cycle }) => cycle))).toEqual([2, 4, 2, 4]);
  });

  it('skips sleep, and wakes to the cycle', () => {
    const machine = machineWith([
      ...tickEvery2048,
      sbi(io.DDRB, 1),
      sei,
      sleep,
      sbi(io.PORTB, 1),
      cbi(io.PORTB, 1),
      rjmp(-4),
    ]);
    const edges = edgesOf(machine, 'FLP_TX');
    machine.runUntil(16_000_000);
    const rises = edges.filter(({ drive }) => drive === 'high').map(({ cycle }) => cycle);
    expect(rises.length).toBeGreaterThan(7800);
    expect(new Set(gaps(rises))).toEqual(new Set([2048]));
    expect(machine.instructions).toBeLessThan(16_000_000 / 200);
  });

  it('wakes for a compare that is moved on, and for the overflow, and reads the time right in between', () => {
    const timer1 = { TCCR1B: 0x81, TCNT1L: 0x84, TCNT1H: 0x85, OCR1BL: 0x8a, OCR1BH: 0x8b, TIMSK1: 0x6f } as const;
    const machine = machineWith([
      ...set(timer1.TCCR1B, 0x03),
      ...set(timer1.TIMSK1, 0x05),
      ldi(16, 0x01),
      out(io.SMCR, 16),
      ldi(16, 0x3f),
      out(io.DDRB, 16),
      ldi(20, 0),
      ...sts(timer1.OCR1BH, 20),
      ldi(18, 100),
      ...sts(timer1.OCR1BL, 18),
      sei,
      sleep,
      0x5f2f, // SUBI r18,-1: the compare moves on by one each time
      ...lds(17, timer1.TCNT1L),
      out(io.PORTB, 17),
      rjmp(-9),
    ]);
    const shown: number[] = [];
    machine.onPin('GATE', (_drive, cycle) => shown.push(cycle));
    machine.runUntil(64 * 130);
    // Counts 100, 101, 102, ...: bit 0 of the time changes each time, every 64 cycles.
    const changes = shown.slice(1);
    expect(changes.length).toBeGreaterThan(20);
    expect(new Set(gaps(changes))).toEqual(new Set([64]));
    expect(machine.instructions).toBeLessThan(400);
  });

  it('sets the compare flag in the timer clock after the match, as the data sheet has it', () => {
    const timer1 = { TCCR1B: 0x81, TCNT1L: 0x84, OCR1BL: 0x8a, TIMSK1: 0x6f } as const;
    const machine = machineWith([
      ...set(timer1.TCCR1B, 0x03),
      ...set(timer1.TIMSK1, 0x04),
      ...set(timer1.OCR1BL, 10),
      ldi(16, 0x01),
      out(io.SMCR, 16),
      ldi(16, 0x3f),
      out(io.DDRB, 16),
      sei,
      sleep,
      ...lds(17, timer1.TCNT1L),
      out(io.PORTB, 17),
      here,
    ]);
    machine.runUntil(64 * 20);
    const bits = (['GATE', 'FLP_TX', 'PUMP'] as const).map((pin) => machine.pinDrive(pin));
    expect(bits).toEqual(['high', 'high', 'low']); // 11 = 0b1011
  });

  it('does not lose an interrupt between SEI and SLEEP', () => {
    const busy = Array<number>(2100).fill(nop);
    const machine = machineWith([...tickEvery2048, sbi(io.DDRB, 1), ...busy, sei, sleep, sbi(io.PORTB, 1), here]);
    const edges = edgesOf(machine, 'FLP_TX');
    machine.runUntil(3500);
    expect(edges.at(-1)?.drive).toBe('high');
    expect(edges.at(-1)?.cycle).toBeLessThan(2200);
  });

  it('sleeps for ever when no interrupt can come, and costs nothing', () => {
    const machine = machineWith([ldi(16, 1), out(io.SMCR, 16), sleep, sbi(io.DDRB, 1), here]);
    machine.runUntil(1_000_000_000);
    expect(machine.cycles).toBe(1_000_000_000);
    expect(machine.instructions).toBeLessThan(10);
    expect(machine.pinDrive('FLP_TX')).toBe('floating');
  });

  it('puts an input on its pin at the exact cycle', () => {
    // FLP_RX is PD3; copied whole, it shows on PB3 = SHIFT_DATA as a pull-up. IN runs at cycles 4, 8, 12, ...; OUT one later.
    const copy = [sbi(io.DDRB, 1), input(17, io.PIND), out(io.PORTB, 17), rjmp(-3)];
    const seenAt = (at: number): number | undefined => {
      const machine = machineWith(copy);
      let seen: number | undefined;
      machine.onPin('SHIFT_DATA', (drive, cycle) => {
        if (drive === 'pull-up') seen ??= cycle;
      });
      machine.setPin('FLP_RX', true, at);
      machine.runUntil(1100);
      return seen;
    };
    expect([999, 1000, 1001, 1002, 1003, 1004].map(seenAt)).toEqual([1001, 1001, 1005, 1005, 1005, 1005]);
  });

  it('calls back in the order of cycles and at their cycle', () => {
    const machine = machineWith([here]);
    const calls: [string, number][] = [];
    machine.at(500, (cycle) => calls.push(['late', cycle]));
    machine.at(100, (cycle) => {
      calls.push(['early', cycle]);
      machine.at(300, (inner) => calls.push(['from within', inner]));
    });
    machine.every(200, (cycle) => calls.push(['every', cycle]));
    machine.runUntil(650);
    expect(calls).toEqual([
      ['early', 100],
      ['every', 200],
      ['from within', 300],
      ['every', 400],
      ['late', 500],
      ['every', 600],
    ]);
  });

  const receiver = [...set(data.UBRR0L, 34), ...set(data.UCSR0A, 0x02), ...set(data.UCSR0B, 0x18)];

  it('delivers bytes no faster than the line, and what the firmware sends one byte time after it was written', () => {
    const echo = [...lds(17, data.UCSR0A), 0xff17, rjmp(-4), ...lds(18, data.UDR0), ...sts(data.UDR0, 18), rjmp(-9)];
    const machine = machineWith([...receiver, ...echo]);
    machine.runUntil(1000);
    const heard: { byte: number; cycle: number }[] = [];
    machine.onSerialOut((byte, cycle) => heard.push({ byte, cycle }));
    const sent = machine.cycles;
    for (const byte of [1, 2, 3, 0xff]) machine.serialIn(byte);
    expect(machine.serialInBacklog).toBe(4);
    machine.runUntil(30_000);
    expect(machine.serialInBacklog).toBe(0);
    expect(heard.map(({ byte }) => byte)).toEqual([1, 2, 3, 0xff]);
    const byteTime = 16_000_000 / 5_760;
    const boardByteTime = 2800;
    for (const [index, { cycle }] of heard.entries()) {
      const earliest = sent + (index + 1) * byteTime + boardByteTime;
      expect(cycle).toBeGreaterThanOrEqual(Math.floor(earliest));
      expect(cycle).toBeLessThan(earliest + 30);
    }
    expect(machine.lostBytes).toBe(0);
  });

  it('counts bytes that nobody fetched', () => {
    const machine = machineWith([...receiver, here]);
    machine.runUntil(1000);
    for (let byte = 0; byte < 5; byte++) machine.serialIn(byte);
    machine.runUntil(30_000);
    expect(machine.lostBytes).toBe(4);
  });

  it('asks for an analogue value when a conversion starts', () => {
    const program = [
      ...set(data.ADMUX, 0x01),
      ...set(data.ADCSRA, 0xc7),
      ...lds(17, data.ADCSRA),
      0xfd16, // SBRC r17,6
      rjmp(-4),
      ...lds(18, data.ADCL),
      out(io.PORTB, 18),
      here,
    ];
    const machine = machineWith(program);
    const asked: number[] = [];
    machine.setAnalog('JACK_VOLTS', (cycle) => {
      asked.push(cycle);
      return 0x15; // bits 0, 2 and 4
    });
    machine.runUntil(10_000);
    expect(asked).toHaveLength(1);
    expect(['GATE', 'FLP_TX', 'PUMP'].map((pin) => machine.pinDrive(pin as 'GATE'))).toEqual([
      'pull-up',
      'floating',
      'pull-up',
    ]);
  });

  /** Adds one to a byte of SRAM and shows its low bits on GATE (PB0) and FLP_TX (PB1), then waits. */
  const countStarts = [
    ldi(16, 0xff),
    out(io.DDRB, 16),
    ...lds(17, data.sram),
    0x9513, // INC r17
    ...sts(data.sram, 17),
    out(io.PORTB, 17),
  ];

  it('floats every pin at a reset, keeps SRAM, and goes on counting cycles', () => {
    const machine = machineWith([...countStarts, here]);
    machine.runUntil(1000);
    const first = machine.pinDrive('GATE');
    const edges = edgesOf(machine, 'GATE');
    const causes: string[] = [];
    machine.onReset((cause) => causes.push(cause));
    machine.reset('external');
    expect(machine.pinDrive('GATE')).toBe('floating');
    expect(machine.cycles).toBeGreaterThanOrEqual(1000);
    machine.runUntil(2000);
    expect(machine.pinDrive('GATE')).toBe(first === 'high' ? 'low' : 'high');
    machine.reset('power-on');
    machine.runUntil(3000);
    expect(machine.pinDrive('GATE')).toBe(first);
    expect(causes).toEqual(['external', 'power-on']);
    expect(edges.length).toBeGreaterThan(3);
  });

  it('is reset by a watchdog nobody feeds', () => {
    const machine = machineWith([...set(data.WDTCSR, 0x18), ...set(data.WDTCSR, 0x08), ...countStarts, here]);
    const resets: { cause: string; cycle: number }[] = [];
    machine.onReset((cause, cycle) => resets.push({ cause, cycle }));
    machine.runUntil(16_000 * 40);
    expect(resets.map(({ cause }) => cause)).toEqual(['watchdog', 'watchdog']);
    for (const [index, { cycle }] of resets.entries()) {
      expect(Math.abs(cycle / 16_000 - 16 * (index + 1))).toBeLessThan(0.1);
    }
  });
});

describe('a hex file', () => {
  const good = hexOf([0x1234, 0x5678]);
  it('is read to where it says, the rest is erased flash', () => {
    expect([...readIntelHex(good, 8)]).toEqual([0x34, 0x12, 0x78, 0x56, 0xff, 0xff, 0xff, 0xff]);
  });
  it.each([
    { what: 'without an end', text: record(0, 0, [1]), says: 'no end record' },
    { what: 'with a wrong checksum', text: good.replace('34', '35'), says: 'line 1: wrong checksum' },
    { what: 'with a wrong length', text: ':0300000001FC\n', says: 'line 1: wrong length' },
    { what: 'outside the flash', text: `${record(0, 8, [1])}\n`, says: 'line 1: address outside the flash' },
    { what: 'with an unknown record', text: `${record(4, 0, [0, 1])}\n`, says: 'record type 4' },
    { what: 'with something else in it', text: `hello\n${good}`, says: 'line 1: not a record' },
    { what: 'that goes on after its end', text: `${good}${record(0, 0, [1])}`, says: 'data after the end' },
  ])('$what is refused', ({ text, says }) => {
    expect(() => readIntelHex(text, 8)).toThrow(says);
  });
});
