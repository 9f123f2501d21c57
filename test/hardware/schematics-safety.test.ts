import { beforeAll, describe, expect, it } from 'vitest';
import { kicadIsThere, loadBoard, pads, pinmap } from './schematics-board.js';
import { type Board, isBarrier, reachable } from './schematics-net-list.js';

/** Nothing of these may hang on a shift register: what turns the jack on or off, or says that it is safe. */
const safetyLines = [
  'GATE',
  'PUMP',
  'SWITCH2',
  'LATCH_CLEAR',
  'SHORT_N',
  'ESTOP_OK',
  'DISC_RELAY',
  'DISC_READBACK',
  'CURRENT',
  'JACK_VOLTS',
  'FLP_TX',
  'FLP_RX',
];

describe.skipIf(!kicadIsThere)('The board is safe by its wiring: it', () => {
  let board: Board;
  beforeAll(() => {
    board = loadBoard();
  });
  const mcu = (): string => board.part('ATMEGA328P-AU').ref;
  const netOf = (ref: string, pin: string): string => board.netOf(ref, pin);
  const ends = (net: string): readonly string[] => board.pinsOf(net).map(({ ref, pin }) => `${ref}.${pin}`);

  it('clears both registers by RESET_N, and by a UART_TX that floats', () => {
    const registers = [...board.parts.values()].filter(({ mpn }) => mpn === 'SN74HC594D').map(({ ref }) => ref);
    const clears = new Set(registers.flatMap((ref) => [netOf(ref, '10'), netOf(ref, '13')]));
    expect(clears.size).toBe(1);
    const [clear = ''] = clears;
    const schmitt = board.part('SN74LVC1G17DBVR').ref;
    expect(netOf(schmitt, '4')).toBe(clear);
    // Nothing but the Schmitt trigger drives it, and it is low when its input is.
    expect(board.pinsOf(clear).filter(({ type }) => type === 'output')).toHaveLength(1);
    const alive = netOf(schmitt, '2');
    const diodes = [...board.parts.values()].find((part) => part.mpn.startsWith('BAT54S') && part.nets.includes(alive));
    expect(netOf(diodes?.ref ?? '', '3')).toBe(alive);
    // Pin 2 is the cathode of the diode out of the node, pin 1 the anode of the one into it.
    expect(netOf(diodes?.ref ?? '', '2').endsWith('RESET_N')).toBe(true);
    const feed = reachable(board, netOf(diodes?.ref ?? '', '1'), {
      blocks: (part) => !part.function.startsWith('R_alive') || part.function === 'R_alive_bleed',
    });
    expect([...feed].some((net) => net.endsWith('UART_TX'))).toBe(true);
    const around = board.pinsOf(alive).map(({ ref }) => board.parts.get(ref)?.function || ref);
    expect(around.sort()).toEqual(['C_alive', 'R_alive_bleed', diodes?.ref, schmitt].sort());
    expect(netOf(mcu(), '29')).toBe(netOf(diodes?.ref ?? '', '2'));
  });

  it('fails to off across the barrier: every line comes from an isolator that gives low without its supply, and from nothing else', () => {
    const isLow = (ref: string) => /^ISO77\d\dF/.test(board.parts.get(ref)?.mpn ?? '');
    const registers = [...board.parts.values()].filter(({ mpn }) => mpn === 'SN74HC594D').map(({ ref }) => ref);
    for (const name of ['LOOP', 'PGOOD', 'FAULT_N']) {
      const [from, to, ...others] = [...board.pinsOf(`/${name}`)].sort((a) => (a.type === 'output' ? -1 : 1));
      expect(others, name).toEqual([]);
      expect(registers, name).toContain(from?.ref);
      expect(isLow(to?.ref ?? ''), name).toBe(true);
      const towardsPi = board.pinsOf(`/${name}_H`).filter(({ type }) => type === 'output');
      expect(
        towardsPi.map(({ ref }) => ref),
        name,
      ).toEqual([to?.ref]);
    }
    for (const name of ['FLP_START', 'PWR_REQ', 'HEARTBEAT', 'UART_RX', 'ESTOP_OK']) {
      const drivers = board.pinsOf(`/${name}`).filter(({ type }) => type === 'output');
      expect(drivers, name).toHaveLength(1);
      expect(isLow(drivers[0]?.ref ?? ''), name).toBe(true);
      expect(ends(`/${name}`), name).toHaveLength(2);
    }
  });

  it('has a capacitor at the supply of every part that wants one', () => {
    const wanting = (sheet: number) =>
      [...board.parts.values()].filter(
        ({ ref, nets, mpn }) =>
          new RegExp(`^U${sheet}\\d\\d$`).test(ref) &&
          nets.includes('+5V') &&
          !mpn.startsWith('ISO77') &&
          !mpn.startsWith('REF'),
      ).length;
    const capacitors = (sheet: number) =>
      [...board.parts.values()].filter(
        ({ ref, nets, value }) =>
          new RegExp(`^C${sheet}\\d\\d$`).test(ref) &&
          value === '100n' &&
          nets.includes('+5V') &&
          nets.includes('VEE48'),
      ).length;
    for (const sheet of [4, 5, 6, 8])
      expect(capacitors(sheet), `sheet ${sheet}`).toBeGreaterThanOrEqual(wanting(sheet));
  });

  it('has no safety line on a shift register', () => {
    const registers = [...board.parts.values()].filter(({ mpn }) => mpn === 'SN74HC594D');
    for (const name of safetyLines) {
      const pad = pinmap.find((pin) => pin.name === name);
      expect(pad, `${name} is a pin of the MCU itself`).toBeDefined();
      const net = netOf(mcu(), pads[pad?.port ?? 'B'][pad?.bit ?? 0] ?? '');
      for (const register of registers) expect(register.nets.includes(net), name).toBe(false);
    }
  });

  it('crosses the barrier in isolators only', () => {
    const pi = reachable(board, 'GND_PI');
    const pse = reachable(board, 'VEE48');
    expect([...pi].filter((net) => pse.has(net))).toEqual([]);
    const across = [...board.parts.values()].filter(
      (part) => part.nets.some((net) => pi.has(net)) && part.nets.some((net) => pse.has(net)),
    );
    expect(across.map((part) => part.mpn).sort()).toEqual([
      'AQY212EH',
      'ISO7721FDWV',
      'ISO7741FDW',
      'ISO7742FDW',
      'ITX0505SA-H',
      'ITX0512SA-H',
    ]);
    expect(across.every(isBarrier)).toBe(true);
    // Isolators whose outputs fail to low: TI's F suffix.
    for (const part of across.filter(({ mpn }) => mpn.startsWith('ISO'))) expect(part.mpn).toMatch(/^ISO77\d\dF/);
  });

  it("never leads pins 4, 5, 7 and 8 of the phone's jack, nor the supply, to the Pi's port", () => {
    const phone = 'J701';
    const port = 'J501';
    for (const pin of ['4', '5', '7', '8']) {
      expect(ends(netOf(port, pin))).toEqual([`${port}.${pin}`]);
      const reach = reachable(board, netOf(phone, pin));
      for (const other of ['1', '2', '3', '6']) expect(reach.has(netOf(port, other)), `${pin} to ${other}`).toBe(false);
    }
    const supply = reachable(board, 'VEE48');
    for (const pin of ['1', '2', '3', '6']) expect(supply.has(netOf(port, pin))).toBe(false);
    expect(netOf(phone, '4')).toBe(netOf(phone, '5'));
    expect(netOf(phone, '7')).toBe(netOf(phone, '8'));
  });

  it.each([
    ...pinmap.filter(({ direction }) => direction === 'out').map(({ name }) => name),
    ...['AF_CONNECT', 'AF_HIGH', 'AF_CLASS', 'POL_REVERSE', 'BUZZER', 'LAMP_GREEN', 'LAMP_RED'],
  ])('pulls %s down, so that a pin in reset is off', (name) => {
    const net = board.pinsOf(`/${name}`).length > 0 ? `/${name}` : `/mcu/${name}`;
    const down = board.pinsOf(net).filter(({ ref }) => {
      const part = board.parts.get(ref);
      return ref.startsWith('R') && part?.nets.includes('VEE48');
    });
    expect(down).toHaveLength(1);
  });

  it('lets the e-stop contact break the gate supply and the second switch by itself', () => {
    const contact = board.part('XB5AS8442');
    expect([...contact.nets].sort()).toEqual(['+5V_PI', '/ESTOP_5V']);
    // Only the contact (and its terminal) joins the loop to the Pi's 5 V.
    const feeders = [...board.parts.values()].filter((p) => p.nets.includes('+5V_PI') && p.nets.includes('/ESTOP_5V'));
    expect(feeders.map((p) => p.mpn).sort()).toEqual(['1757242', 'XB5AS8442']);
    // With the contact open, nothing on the Pi's side reaches the loop but what it feeds.
    const safe = board.part('ITX0512SA-H');
    const photo = board.part('AQY212EH');
    const loop = reachable(board, '/ESTOP_5V', {
      without: new Set([...feeders.map((p) => p.ref)]),
      stopAt: new Set(['GND_PI']),
      blocks: (part) => part.mpn.startsWith('ISO'),
    });
    expect(loop.has(board.netOf(safe.ref, '2'))).toBe(true);
    expect(loop.has(board.netOf(photo.ref, '1'))).toBe(true);
    expect(loop.has('+5V_PI')).toBe(false);
    expect(loop.has('+3V3_PI')).toBe(false);
    // The safe rail has one source, feeds the relay's coil, and the gate supply through the PhotoMOS.
    const sources = board.pinsOf('+12V_SAFE').filter(({ type }) => type === 'power_out');
    expect(sources.map(({ ref }) => ref)).toEqual([safe.ref]);
    expect(board.netOf(board.part('V23047-A1012-A501').ref, 'A1')).toBe('+12V_SAFE');
    expect([board.netOf(photo.ref, '3'), board.netOf(photo.ref, '4')].sort()).toEqual(['+12V_SAFE', '/VGATE']);
    expect(board.netOf(board.part('LM321MF/NOPB').ref, '5')).toBe('/VGATE');
  });

  it("reads the contact at the isolator whatever a pin of the Pi drives into the Pi's own reading of it", () => {
    const ohms = (text = '') => Number(text.replace('k', '.')) * 1e3;
    const between = (a: string, b: string) =>
      ohms(
        [...board.parts.values()].find(
          (part) => part.ref.startsWith('R') && part.nets.includes(a) && part.nets.includes(b),
        )?.value,
      );
    const top = between('/ESTOP_5V', '/ESTOP_SENSE');
    const bottom = between('/ESTOP_SENSE', 'GND_PI');
    const line = ohms(
      [...board.parts.values()].find(
        (part) =>
          part.nets.includes('/ESTOP_SENSE') && part.nets.includes(board.netOf(board.part('SSQ-120-03-T-D').ref, '32')),
      )?.value,
    );
    const level = (loopVolts: number, pinVolts: number) =>
      (loopVolts / top + pinVolts / line) / (1 / top + 1 / bottom + 1 / line);
    // ISO7742: low up to 0.3, high from 0.7 of its 3.3 V (+- 3 %); the Pi's 5 V +- 5 %; resistors 1 %.
    expect(level(0, 3.4) * 1.03).toBeLessThan(0.3 * 3.2);
    expect(level(4.75, 0) * 0.98).toBeGreaterThan(0.7 * 3.4);
    expect(level(5.25, 3.4) * 1.01).toBeLessThan(3.4 + 0.3);
    // A pin with the Pi's own pull-down (33 kohm at the least) still reads high from 2.0 V.
    const pulled = 4.75 / top / (1 / top + 1 / bottom + 1 / (line + 33e3));
    expect((pulled * 33e3) / (line + 33e3)).toBeGreaterThan(2);
  });

  it('has two switches in series between the supply and the jack, and no way round them', () => {
    const fet = board.part('PSMN3R7-100BSEJ');
    const relay = board.part('V23047-A1012-A501');
    expect(board.netOf(fet.ref, '2')).toBe(board.netOf(relay.ref, '13'));
    expect(board.netOf(relay.ref, '14')).toBe('/NEG_OUT');
    expect([...ends(board.netOf(fet.ref, '2'))].sort()).toEqual([`${fet.ref}.2`, `${relay.ref}.13`].sort());
    const shunt = [...board.parts.values()].find((part) => part.function === 'R_sense');
    expect([...(shunt?.nets ?? [])].sort()).toEqual(['VEE48', board.netOf(fet.ref, '3')].sort());
  });

  it('joins the low-voltage sources to the jack only while the af relay takes it off the power path, and never with the e-stop open', () => {
    const af = board.part('G6S-2 DC12').ref;
    // Pole 1 and pole 2: common to the jack, rest to the power path, working contact to the sources.
    expect(['4', '3', '9', '10'].map((pin) => netOf(af, pin))).toEqual(['/JACK_P', 'RTN', '/JACK_N', '/NEG_OUT']);
    expect(netOf(af, '1')).toBe('+12V_SAFE');
    const [plus, minus] = [netOf(af, '5'), netOf(af, '8')];
    // Without the relay nothing conducts between sources and jack, and the jack's leads end at the two relays alone.
    const pol = board.part('G6S-2 DC5').ref;
    for (const lead of ['/JACK_P', '/JACK_N'])
      expect(new Set(board.pinsOf(lead).map(({ ref }) => ref))).toEqual(new Set([af, pol]));
    // The class current's way back is the relay, its resistor and its amplifier, nothing else.
    const amplifier = [...board.parts.values()].find(
      (part) => part.mpn.startsWith('OPA333') && part.nets.includes(minus) && part.ref.startsWith('U8'),
    );
    const sense = [...board.parts.values()].find((part) => part.function === 'R_class_sense');
    expect([...ends(minus)].sort()).toEqual([`${af}.8`, `${amplifier?.ref}.3`, `${sense?.ref}.1`].sort());
    expect(ends(plus).length).toBeGreaterThan(3);
    expect(plus).not.toBe(minus);
  });

  it('keeps the loopback on the board: no way from it to a line of the jack, and one to the comparators', () => {
    const part = (name: string) => [...board.parts.values()].find((entry) => entry.function === name)?.ref ?? '';
    const loop = netOf(part('R_loop_top'), '2');
    const selector = board.pinsOf(loop).find(({ ref }) => board.parts.get(ref)?.mpn === 'SN74LVC1G3157DBVR')?.ref ?? '';
    // B2, chosen by FLP_LOOPBACK high; B1 is the winding's side; the common pin is the comparators'.
    expect(netOf(selector, '1')).toBe(loop);
    expect(netOf(selector, '6')).toBe('/FLP_LOOPBACK');
    expect(netOf(selector, '3')).toBe(netOf(part('R_rx'), '2'));
    expect(ends(netOf(selector, '4')).some((end) => end.startsWith(`${board.part('TLV3502AIDR').ref}.`))).toBe(true);
    expect(
      ends(loop)
        .map((end) => end.split('.')[0])
        .sort(),
    ).toEqual([part('R_loop_top'), part('R_loop'), selector].sort());
    const reach = reachable(board, loop, { stopAt: new Set(['VEE48', '+5V', 'VREF']) });
    for (const pin of ['1', '2', '3', '6']) {
      expect(reach.has(netOf('J701', pin))).toBe(false);
      expect(reach.has(netOf('J501', pin))).toBe(false);
    }
    for (const net of ['/BRD12_P', '/BRD12_N', '/BRD36_P', '/BRD36_N']) expect(reach.has(net)).toBe(false);
    // At rest the discovery relays give the jack to the Pi's port, not to the transformer.
    for (const relay of [...board.parts.values()].filter(({ mpn }) => mpn.startsWith('G6K')))
      expect(
        netOf(
          'J501',
          { '/BRD12_P': '1', '/BRD12_N': '2', '/BRD36_P': '3', '/BRD36_N': '6' }[netOf(relay.ref, '3')] ?? '',
        ),
      ).toBe(netOf(relay.ref, '2'));
  });

  it('reads both switches back without a way to lift or load the gate', () => {
    const fet = board.part('PSMN3R7-100BSEJ').ref;
    const relay = board.part('V23047-A1012-A501').ref;
    const read = [...board.parts.values()].find((part) => part.function === 'R_gate_read');
    const behind = read?.nets.find((net) => net !== netOf(fet, '1')) ?? '';
    expect(read?.nets.includes(netOf(fet, '1'))).toBe(true);
    expect(read?.value).toBe('100k');
    // Behind the resistor there is a gate and nothing else.
    const [gate, ...others] = board.pinsOf(behind).filter(({ ref }) => ref !== read?.ref);
    expect(others).toEqual([]);
    expect(board.parts.get(gate?.ref ?? '')?.mpn).toBe('BSS138LT1G');
    expect(gate?.pin).toBe('1');
    // The rest contact, guided with the working one, between 5 V and its own load.
    expect(netOf(relay, '21')).toBe('+5V');
    const open = netOf(relay, '22');
    const load = [...board.parts.values()].find((part) => part.function === 'R_contact');
    expect([...(load?.nets ?? [])].sort()).toEqual([open, 'VEE48'].sort());
  });

  it('keeps lamps and buzzer on the PSE side, with no wire of theirs on a connector', () => {
    const pse = reachable(board, 'VEE48');
    for (const name of ['BUZZER', 'LAMP_GREEN', 'LAMP_RED']) {
      expect(pse.has(`/${name}`)).toBe(true);
      const reach = reachable(board, `/${name}`, {
        stopAt: new Set(['VEE48', '+5V']),
        blocks: (part) => part.mpn === 'SN74HC594D',
      });
      for (const net of reach)
        if (net !== 'VEE48' && net !== '+5V')
          expect(
            board.pinsOf(net).some(({ ref }) => ref.startsWith('J')),
            net,
          ).toBe(false);
    }
  });

  it('pumps the enable through a capacitor: a stuck PUMP enables nothing', () => {
    const loop = reachable(board, '/PUMP', {
      without: new Set([mcu()]),
      stopAt: new Set(['VEE48']),
      blocks: (part) => part.ref.startsWith('C'),
    });
    const hold = [...board.parts.values()].find((part) => part.function === 'C_hold');
    expect(hold?.nets.some((net) => net !== 'VEE48' && loop.has(net))).toBe(false);
  });

  it('gives the ADC and the current limit one reference of 0.5 % or better', () => {
    const reference = board.part('REF3025AIDBZR');
    expect(reference.rating).toContain('0.2 %');
    expect(board.netOf(reference.ref, '2')).toBe('VREF');
    expect(board.netOf(mcu(), '20')).toBe('VREF');
  });
});
