// The root page: the board in one picture. Each signal is one straight wire between two sheets.
export const ROOT = { name: 'linkpulse', number: 0, title: 'Linkpulse injector board' };

const rows = (from, names) => names.map((n, i) => (n ? [n, from + i * 3] : undefined)).filter(Boolean);

/** Draws the sheets and their wires; `sheets` maps name to { uuid, file, page }. */
export const drawRoot = (s, sheets) => {
  const blocks = new Map();
  const add = (name, title, x, y, width, height, left, right) => {
    const pins = [
      ...left.map(([n, py, shape]) => [n, shape, 'L', py]),
      ...right.map(([n, py, shape]) => [n, shape, 'R', py]),
    ];
    s.block({ name, title, x, y, width, height, pins, rootUuid: s.uuid, ...sheets[name] });
    blocks.set(name, {
      x,
      width,
      pins: new Map(pins.map(([n, , side, py]) => [`${side}${n}`, [side === 'L' ? x : x + width, py]])),
    });
  };
  const shaped = (list, shapes) => list.map(([n, y]) => [n, y, shapes[n] ?? shapes['*']]);
  const out = { '*': 'output' };
  const link = (a, b, name, label = name) => {
    const from = blocks.get(a).pins.get(`R${name}`);
    const to = blocks.get(b).pins.get(`L${name}`);
    s.wire(from, to);
    if (label) s.label(label, [from[0] + 3, from[1]]);
  };

  const host = rows(54, [
    'HOST_TXD',
    'HOST_RXD',
    'PGOOD_H',
    'HEARTBEAT_H',
    'PWR_REQ_H',
    'FLP_START_H',
    'FAULT_N_H',
    'LOOP_H',
  ]);
  const estopToPi = [['ESTOP_SENSE', 78, 'input']];
  const hostShapes = { HOST_RXD: 'input', PGOOD_H: 'input', FAULT_N_H: 'input', LOOP_H: 'input', '*': 'output' };
  const turned = (shapes) =>
    Object.fromEntries(
      Object.entries(shapes).map(([n, v]) => [n, v === 'input' ? 'output' : v === 'output' ? 'input' : v]),
    );
  const estop = rows(108, ['ESTOP_SENSE', 'ESTOP_5V']);
  const toMcu = rows(54, [
    'UART_RX',
    'UART_TX',
    'ESTOP_OK',
    null,
    'FLP_START',
    'PWR_REQ',
    'HEARTBEAT',
    null,
    'LOOP',
    'PGOOD',
    'FAULT_N',
  ]);
  const mcuShapes = { UART_TX: 'input', LOOP: 'input', PGOOD: 'input', FAULT_N: 'input', '*': 'output' };
  const vgate = [['VGATE', 176]];
  const flp = rows(36, ['FLP_TX', 'FLP_RX', 'DISC_RELAY', 'DISC_READBACK', 'FLP_LOOPBACK']);
  const flpShapes = { FLP_RX: 'output', DISC_READBACK: 'output', '*': 'input' };
  const hot = rows(72, ['GATE', 'PUMP', 'LATCH_CLEAR', 'SHORT_N', 'SWITCH2', 'CURRENT', 'JACK_VOLTS']);
  const hotShapes = { SHORT_N: 'output', CURRENT: 'output', JACK_VOLTS: 'output', '*': 'input' };
  const af = rows(114, ['AF_CONNECT', 'AF_HIGH', 'AF_CLASS', 'READBACK', 'AF_SENSE']);
  const afShapes = { READBACK: 'output', AF_SENSE: 'output', '*': 'input' };
  const pairs = rows(36, ['BRD12_P', 'BRD12_N', 'BRD36_P', 'BRD36_N']);
  const jack = rows(114, ['JACK_P', 'JACK_N']);
  const pol = [['POL_REVERSE', 141]];
  const lamps = rows(154, ['BUZZER', 'LAMP_GREEN', 'LAMP_RED']);

  add(
    'pi-header',
    'Raspberry Pi header:\nserial, discrete lines,\n5 V and 3.3 V',
    16,
    40,
    38,
    40,
    [],
    [...shaped(host, hostShapes), ...estopToPi],
  );
  add('e-stop', 'emergency stop contact\nand its read-back', 16, 100, 38, 18, [], shaped(estop, out));
  add(
    'supply-and-barrier',
    '48 V in; isolators and\nconverters across the\n1500 Vrms barrier',
    80,
    38,
    42,
    144,
    [...shaped(host, turned(hostShapes)), ...shaped(estop, { '*': 'input' })],
    [...shaped(toMcu, mcuShapes), ...shaped(vgate, out)],
  );
  add('mcu', 'ATmega328P, reference,\nslow outputs', 148, 24, 38, 142, shaped(toMcu, turned(mcuShapes)), [
    ...shaped(flp, turned(flpShapes)),
    ...shaped(hot, turned(hotShapes)),
    ...shaped(af, turned(afShapes)),
    ...shaped(pol, out),
    ...shaped(lamps, out),
  ]);
  add(
    'flp-front-end',
    'link pulses out and in,\ndiscovery relays,\nport to the Pi',
    214,
    22,
    40,
    30,
    shaped(flp, flpShapes),
    shaped(pairs, { '*': 'bidirectional' }),
  );
  add(
    'hot-swap-and-second-switch',
    'current limit, short latch,\nenable pump, safety relay,\nsense',
    214,
    58,
    40,
    42,
    [...shaped(hot, hotShapes), ['VGATE', 96, 'input']],
    [
      ['NEG_OUT', 93, 'output'],
      ['SWITCH_STATE', 87, 'output'],
    ],
  );
  add('af-detection', '802.3af sources, relay\nthat joins them', 214, 106, 40, 28, shaped(af, afShapes), [
    ['NEG_OUT', 129, 'input'],
    ['SWITCH_STATE', 123, 'input'],
    ...shaped(jack, out),
  ]);
  add(
    'furniture',
    "the host's lamps and\nbuzzer, behind plastic",
    214,
    146,
    40,
    20,
    shaped(lamps, { '*': 'input' }),
    [],
  );
  add(
    'polarity-and-pairs',
    'PoE magnetics, polarity\nrelay, jack of the phone',
    276,
    22,
    38,
    124,
    [...shaped(pairs, { '*': 'bidirectional' }), ...shaped(jack, { '*': 'input' }), ['POL_REVERSE', 141, 'input']],
    [],
  );

  for (const [n] of host) link('pi-header', 'supply-and-barrier', n);
  for (const [n] of estop) link('e-stop', 'supply-and-barrier', n);
  for (const [n] of toMcu) link('supply-and-barrier', 'mcu', n);
  for (const [n] of flp) link('mcu', 'flp-front-end', n);
  for (const [n] of hot) link('mcu', 'hot-swap-and-second-switch', n);
  for (const [n] of af) link('mcu', 'af-detection', n);
  for (const [n] of pairs) link('flp-front-end', 'polarity-and-pairs', n);
  for (const [n] of jack) link('af-detection', 'polarity-and-pairs', n);
  link('mcu', 'polarity-and-pairs', 'POL_REVERSE');
  for (const [n] of lamps) link('mcu', 'furniture', n);
  const sensePin = blocks.get('pi-header').pins.get('RESTOP_SENSE');
  s.wire(sensePin, [70, sensePin[1]], [70, blocks.get('e-stop').pins.get('RESTOP_SENSE')[1]]);
  s.label('ESTOP_SENSE', [sensePin[0] + 3, sensePin[1]]);
  const state = blocks.get('hot-swap-and-second-switch').pins.get('RSWITCH_STATE');
  s.wire(state, [270, state[1]], '|', blocks.get('af-detection').pins.get('RSWITCH_STATE'));
  s.label('SWITCH_STATE', [state[0] + 2, state[1]]);
  const g = blocks.get('supply-and-barrier').pins.get('RVGATE');
  s.wire(g, [205, g[1]], '|', blocks.get('hot-swap-and-second-switch').pins.get('LVGATE'));
  s.label('VGATE', [g[0] + 3, g[1]]);
  const n = blocks.get('hot-swap-and-second-switch').pins.get('RNEG_OUT');
  s.wire(n, [264, n[1]], '|', blocks.get('af-detection').pins.get('RNEG_OUT'));
  s.label('NEG_OUT', [n[0] + 2, n[1]]);

  s.line(101, 26, 101, 34);
  s.line(101, 184, 101, 196);
  s.note('Pi side', [86, 28], { size: 2.2, bold: true });
  s.note('PSE side (VEE48 = -48 V)', [104, 28], { size: 2.2, bold: true });
  s.note('Injector board, revision A', [16, 14], { size: 4, bold: true });
  s.note('barrier 1500 Vrms', [104, 190], { size: 1.8, bold: true });
  s.note(
    'Power to the jack needs all of: 48 V in, e-stop closed (VGATE and +12V_SAFE), GATE high, PUMP alive, short latch clear, SWITCH2 high, af relay at rest.\n' +
      'Two switches in series of different kind: hot-swap FET with analogue current limit, and a safety relay with guided contacts. Either alone turns the jack off.',
    [16, 202],
    { size: 1.8 },
  );
};
