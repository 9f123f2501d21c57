import { toGround } from '../blocks.mjs';

const GROUNDS = [9, 25, 39, 6, 14, 20, 30, 34];
// The Pi's signal, its header pin, direction seen from this sheet, its resistor if it is not the usual one
const LINES = [
  ['HOST_TXD', 8, 'output'],
  ['HOST_RXD', 10, 'input'],
  ['LOOP_H', 16, 'input'],
  ['PGOOD_H', 18, 'input'],
  ['FAULT_N_H', 22, 'input'],
  ['FLP_START_H', 11, 'output'],
  ['PWR_REQ_H', 13, 'output'],
  ['HEARTBEAT_H', 15, 'output'],
  ['ESTOP_SENSE', 32, 'input', 'R:10k'],
];

export const piHeader = {
  name: 'pi-header',
  number: 1,
  paper: 'A4',
  title: 'Pi header',
  draw(s) {
    s.frame('Raspberry Pi header: everything here belongs to the Pi', 12, 12, 224, 84);
    const j = s.place('PI_HEADER', 108, 28, {});
    s.power('+3V3_PI', j.p(1), [-4, 0]);
    s.flag(j.p(1), [-10, 0]);
    s.wire(j.p(4), j.p(2));
    // 5 V goes through the fuse on the way to the board's converters.
    const fuse = s.place('FUSE_R', 152, 24, { part: 'FUSE_1A5' });
    s.wire(j.p(2), '|', fuse.p(1));
    const tvs = s.place('TVS_U', 200, 30, { part: 'SMAJ5A' });
    s.wire(fuse.p(2), [220, 24]);
    s.wire(tvs.p(2), [200, 24]);
    s.power('GND_PI', tvs.p(1));
    s.power('+5V_PI', [220, 24]);
    s.flag([186, 24]);
    const used = new Set([1, 2, 4, 29, 31, ...GROUNDS, ...LINES.map(([, pin]) => pin)]);
    for (const pin of GROUNDS) {
      const [x, y] = j.p(pin);
      s.wire([x, y], [x < 120 ? 84 : 142, y]);
    }
    for (const [x, top, bottom] of [
      [84, j.p(9)[1], j.p(39)[1]],
      [142, j.p(6)[1], j.p(34)[1]],
    ]) {
      s.wire([x, top], [x, Math.max(bottom, 72)]);
      s.power('GND_PI', [x, 72]);
    }
    s.flag([84, 69], [-3, 0]);
    s.noConnect(
      ...Array.from({ length: 40 }, (_, i) => i + 1)
        .filter((pin) => !used.has(pin))
        .map((pin) => j.p(pin)),
    );
    LINES.forEach(([name, pin, shape, part = 'R:220R'], i) => {
      const [x, y] = j.p(pin);
      const right = x > 120;
      const r = s.place(right ? 'R_R' : 'R_L', (right ? 154 : 56) + (i % 2) * 12, y, {
        part,
        label: { ref: [-2.4, -1.3], value: [2.6, -1.3] },
      });
      s.wire([x, y], r.p(1));
      s.wire(r.p(2), [right ? 178 : 34, y]);
      s.port(name, shape, [right ? 178 : 34, y], right ? 'R' : 'L');
    });
    // Start button on GPIO5 and status light on GPIO6: the operator touches only the Pi's side.
    s.frame('Operator: start button and light, on the Pi side of the barrier', 12, 90, 150, 128);
    const b = s.place('BUTTON_R', 58, 104, { part: 'BUTTON' });
    s.wire(j.p(29), [72, j.p(29)[1]], '|', [72, 104], b.p(2));
    s.power('GND_PI', b.p(1), [-8, 0]);
    const r = s.place('R_R', 92, 112, { part: 'R:470R' });
    const led = s.place('LED_R', 108, 112, { part: 'LED_G' });
    s.wire(j.p(31), [78, j.p(31)[1]], '|', [78, 112], r.p(1));
    s.wire(r.p(2), led.p(1));
    s.power('GND_PI', led.p(2), [8, 0]);
    s.note(
      "GPIO5 has the Pi's own pull-up. 220R in each line: a pin set to output by mistake hurts neither side.\n" +
        '10k in ESTOP_SENSE: nor can it forge what the board is told of the contact.',
      [18, 121],
    );
    s.note(
      "Pi 5 V: 0.6 A at most (both converters, all relays on).\nFuse F101 opens before the Pi's own supply folds.",
      [156, 92],
    );
    toGround(s, [214, 24], { part: 'C:10u' }, 'GND_PI');
  },
};
