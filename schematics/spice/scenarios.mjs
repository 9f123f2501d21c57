// Which corners of which deck are run: the tests assert on them, run.mjs draws them. '*1.01' is that much times values.json.

const relay = 'Rloop phonein phoneout {R_loop_phone}';
// The phone's own windings stay on the pairs, terminated by its unpowered PHY.
const relayLoaded = 'Rloop phonein phoneout {R_loop_phone}\nRphy1 phonein 0 100\nRphy2 phoneout 0 100';
const filter = 'Lf phonein phoneout {LF}\nCf phoneout 0 {CF}';
const open = 'Ropenin phonein 0 1meg\nRopenout phoneout 0 1meg';

/** Metres there and back, and the subcircuit for one way. */
const paths = { 0: 'pair0', 1: 'pair0p5', 100: 'pair50', 200: 'pair100' };
const cable = (metres) => ({ OUT: paths[metres], BACK: paths[metres] });

// 50 C copper (0.4 %/K above 20 C), weak driver and supply.
const slowParts = { C_rx: '*1.05', C_tx: '*1.05', R_rx: '*1.01', R_lead: '*1.01', C_lead: '*0.95', R_shunt: '*0.99' };
const fastParts = { C_rx: '*0.95', C_tx: '*0.95', R_rx: '*0.99', R_lead: '*0.99', C_lead: '*1.05', R_shunt: '*1.01' };
const weak = { LOSS: 1.12, V_drive: 4.75, R_driver: 15, R_loop_phone: 1, ...slowParts };
const strong = { V_drive: 5.25, R_driver: 5, ...fastParts };

const slowestOff = { V_gate: '*1.05', VTH_fet: 2.0, QGD_fet: '77n', VTH_small: 1.5, C_gate: '*1.1', R_gs: '*1.01' };
const weakestGate = {
  V_gate: '*0.95',
  VTH_fet: 4.0,
  QGD_fet: '77n',
  VOS_amp: '5m',
  R_sense: '*0.999',
  V_ref: '*1.002',
};
const hottestLimit = {
  V_gate: '*1.05',
  VTH_fet: 2.0,
  VOS_amp: '5m',
  R_sense: '*0.999',
  V_ref: '*1.002',
  R_limit: '*1.001',
  R_limit_top: '*0.999',
};
const coldestLimit = {
  VTH_fet: 4.0,
  VOS_amp: '-5m',
  R_sense: '*1.001',
  V_ref: '*0.998',
  R_limit: '*0.999',
  R_limit_top: '*1.001',
};

const worstLogic = { low: '*0.95', high: '*1.05' };
/** Every sum resistor at the end that lowers (or lifts) the level. */
const readbackCorner = (end) => {
  const up = end === 'high';
  return {
    V_logic: worstLogic[end],
    R_sum_contact: up ? '*0.99' : '*1.01',
    R_sum_gate: up ? '*0.99' : '*1.01',
    R_gate_level: up ? '*0.99' : '*1.01',
    R_sum: up ? '*1.01' : '*0.99',
    ILEAK: up ? '2u' : '-2u',
  };
};
/** Contact and gate, at the worst of each tolerance: `low` with 20 ohm of film on the contact (what its kind promises at 10 mA). */
const readback = (contact, gate, end, gateVolts, vth, temperatureC) =>
  plain(
    `second switch ${contact ? 'open' : 'closed'}, gate ${gate}, ${end}, ${temperatureC} C`,
    {
      CONTACT: contact,
      GATE_VOLTS: gateVolts,
      VTH_small: vth,
      R_closed: end === 'low' ? 20 : 0.1,
      ...readbackCorner(end),
    },
    temperatureC,
  );
const classOf = (name, parameters, temperatureC) => plain(name, parameters, temperatureC);
/** Tolerances that leave the class source at its lowest, and at its highest. */
const classLow = {
  VTH_pass: 1.8,
  V_class_ref: '*0.995',
  R_class_set_top: '*0.999',
  R_class_set: '*1.001',
  R_class_limit: '*1.01',
  R_class_pull: '*1.01',
  VBE_spread: '0.03',
};
const classHigh = {
  VTH_pass: 0.8,
  V_class_ref: '*1.005',
  R_class_set_top: '*1.001',
  R_class_set: '*0.999',
  R_class_limit: '*0.99',
  R_class_pull: '*0.99',
  VBE_spread: '-0.03',
};

const echo = (name, metres, phone, parameters = {}) => ({
  name,
  parameters,
  words: { ...cable(metres), PHONE: phone },
});
const inrush = (name, stop, parameters, temperatureC = 25) => ({
  name,
  parameters,
  words: { STOP: stop },
  temperatureC,
});
const plain = (name, parameters = {}, temperatureC = 25) => ({ name, parameters, words: {}, temperatureC });
const bridged = (name, bridge, parameters = {}, temperatureC = 25) => ({
  name,
  parameters,
  words: { BRIDGE: bridge },
  temperatureC,
});

export const scenarios = {
  cable: [plain('20 C'), plain('50 C', { LOSS: 1.12 }, 50)],
  echo: [
    echo('relay, 0 m', 0, relay),
    echo('relay, 1 m', 1, relay),
    echo('relay, 100 m', 100, relay),
    echo('relay, 200 m', 200, relay),
    echo('relay, 200 m, weak', 200, relay, weak),
    echo('relay beside its PHY, 200 m, weak', 200, relayLoaded, weak),
    echo('filter, 1 m', 1, filter),
    echo('filter, 200 m, weak', 200, filter, weak),
    ...['350u', '700u', '2m'].map((LM) => echo(`swing back, 0 m, strong, ${LM}H`, 0, relay, { ...strong, LM })),
    echo('no phone, 1 m, strong', 1, open, strong),
    echo('no phone, 100 m, strong', 100, open, strong),
  ],
  loopback: [
    plain('selected'),
    plain(
      'selected, weak, 50 C',
      { V_drive: 4.75, R_driver: 15, R_loop_top: '*1.01', R_loop: '*0.99', R_rx: '*1.01', C_rx: '*1.05' },
      50,
    ),
    plain(
      'selected, strong, 0 C',
      { V_drive: 5.25, R_driver: 5, R_loop_top: '*0.99', R_loop: '*1.01', C_rx: '*0.95' },
      0,
    ),
    plain('not selected, strong', {
      LOOP: 0,
      V_drive: 5.25,
      R_driver: 5,
      R_loop_top: '*0.99',
      R_loop: '*1.01',
      ...fastParts,
    }),
  ],
  readback: [
    // BSS138: 0.8..1.5 V at 25 C, 2 mV/K. Off: the gate's rest in the deck `pins`. On: from the lowest threshold of Q_hotswap.
    ...[0, 1].flatMap((contact) =>
      ['low', 'high'].flatMap((end) => [
        readback(contact, 'low', end, 0.1, 0.75, 50),
        readback(contact, 'low', end, 0.1, 1.55, 0),
        readback(contact, 'high', end, 1.85, 1.55, 0),
        readback(contact, 'high', end, 6.5, 0.75, 50),
      ]),
    ),
    plain('gate on, weakest amplifier', { DRIVEN: 0, AMP: 9.9, R_gs: '*0.99', R_drive: '*1.01' }),
    plain('gate on, reader shorted to VEE', {
      DRIVEN: 0,
      AMP: 9.9,
      FAULT: 2,
      R_gs: '*0.99',
      R_drive: '*1.01',
      R_gate_read: '*0.99',
    }),
    plain('gate off, reader shorted to its drain', {
      DRIVEN: 0,
      FAULT: 1,
      V_logic: '*1.05',
      R_gs: '*1.01',
      R_gate_read: '*0.99',
      R_gate_invert: '*0.99',
    }),
  ],
  class: [
    ...[44, 57].flatMap((VPORT) => [
      classOf(`open, ${VPORT} V, highest, 50 C`, { VPORT, ...classHigh }, 50),
      classOf(`open, ${VPORT} V, lowest, 0 C`, { VPORT, ...classLow }, 0),
      classOf(`45 mA, ${VPORT} V, highest, 50 C`, { VPORT, I_class: 0.045, ...classHigh }, 50),
      classOf(`45 mA, ${VPORT} V, lowest, 0 C`, { VPORT, I_class: 0.045, ...classLow }, 0),
      classOf(`51 mA, ${VPORT} V, lowest, 50 C`, { VPORT, I_class: 0.051, ...classLow }, 50),
      classOf(`short, ${VPORT} V, highest, 0 C`, { VPORT, R_jack: 0.1, ...classHigh, VBE_spread: '-0.03' }, 0),
      classOf(`short, ${VPORT} V, lowest, 50 C`, { VPORT, R_jack: 0.1, ...classLow }, 50),
    ]),
    ...[0, 4, 9, 12, 17, 20, 26, 30, 36, 44].map((milliamps) =>
      classOf(`${milliamps} mA`, { I_class: milliamps / 1000 }, 25),
    ),
    classOf('AF_CLASS low, 57 V', { VPORT: 57, AF_CLASS: 0, I_class: 0.044 }, 50),
  ],
  alive: [
    plain('nominal'),
    plain(
      'shortest, 0 C',
      { V_FALL: 2.6, C_alive: '*0.8', R_alive_bleed: '*0.99', R_alive: '*1.01', V_logic: '*0.95' },
      0,
    ),
    plain('longest, 50 C', { V_FALL: 0.9, C_alive: '*1.1', R_alive_bleed: '*1.01', V_logic: '*1.05' }, 50),
  ],
  inrush: [
    inrush('180 uF', '80m', { C_phone: '180u' }),
    inrush('470 uF', '100m', { C_phone: '470u' }),
    inrush('180 uF, highest limit, 50 C', '80m', { C_phone: '180u', ...hottestLimit }, 50),
    inrush('470 uF, lowest limit, 0 C', '100m', { C_phone: '470u', ...coldestLimit }, 0),
    inrush('180 uF at 44 V', '80m', { C_phone: '180u', VPORT: 44 }),
    inrush('180 uF, weakest gate', '80m', { C_phone: '180u', ...weakestGate }),
    inrush('1 ohm for 60 ms, highest limit, 50 C', '61m', { R_phone: 1, ...hottestLimit }, 50),
    inrush('1 ohm for 200 ms, highest limit, 50 C', '201m', { R_phone: 1, ...hottestLimit }, 50),
  ],
  short: [
    plain('1 m'),
    plain('100 m', { LEN: 100 }),
    plain('1 m, slowest, 50 C', { LEN: 1, ...slowestOff }, 50),
    plain('100 m, slowest, 50 C', { LEN: 100, ...slowestOff }, 50),
    plain('100 m at 44 V', { LEN: 100, VPORT: 44 }),
    plain('1 m, 0 C', { LEN: 1 }, 0),
  ],
  turnoff: [
    bridged('command', 'rectifier'),
    bridged('command, worst', 'schottky_rectifier', { R_bleed: '*1.01', C_jack: '*1.1', ...slowestOff }, 50),
    bridged('own capacitor only', 'rectifier', { C_port: '10n' }),
    bridged('e-stop', 'rectifier', { STOPS: 1 }),
    bridged('e-stop, slowest, 50 C', 'rectifier', { STOPS: 1, ...slowestOff, C_vgate: '*1.2', R_vgate: '*1.01' }, 50),
  ],
  pins: [
    plain('gate supply first'),
    plain('lowest threshold, 50 C', { VTH_fet: 2.0, QGD_fet: '77n', C_gate: '*0.9' }, 50),
    plain('no gate supply, 50 C', { VTH_fet: 2.0, QGD_fet: '77n', C_gate: '*0.9', GMAX: 0 }, 50),
    plain(
      'gate supply creeps up, 50 C',
      { VTH_fet: 2.0, VTH_small: 1.5, T_GATE: '9m', RISE_GATE: '40m', QGD_fet: '77n', C_gate: '*0.9' },
      50,
    ),
    plain('gate supply creeps up, 0 C', { VTH_fet: 2.0, VTH_small: 1.6, T_GATE: '9m', RISE_GATE: '40m' }, 0),
  ],
  pump: [
    plain('nominal'),
    plain('longest, 50 C', { VTH_small: 0.75, C_hold: '*1.2', R_hold: '*1.01', C_pump: '*1.1', V_logic: '*1.05' }, 50),
    plain('shortest, 0 C', { VTH_small: 1.6, C_hold: '*0.8', R_hold: '*0.99', C_pump: '*0.9', V_logic: '*0.9' }, 0),
    plain('PUMP stuck high', { LEVEL: 1 }),
    plain('passes of 320 us', { T_PASS: '320u', VTH_small: 1.6, C_pump: '*0.9', V_logic: '*0.9' }, 0),
  ],
  signature: [15, 19, 25, 26.5, 33].flatMap((kilohms) => [
    bridged(`${kilohms} kohm`, 'rectifier', { R_pd: kilohms * 1000 }),
    bridged(`${kilohms} kohm, 0 C`, 'rectifier', { R_pd: kilohms * 1000 }, 0),
    bridged(`${kilohms} kohm, Schottky bridge, 50 C`, 'schottky_rectifier', { R_pd: kilohms * 1000 }, 50),
  ]),
};
