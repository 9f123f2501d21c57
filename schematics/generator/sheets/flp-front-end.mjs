import { decoupling, lowSide, pullDown } from '../blocks.mjs';
import { provenValue } from '../parts.mjs';

const thresholdMillivolts = Math.round(
  (provenValue('V_ref') * 1000 * provenValue('R_threshold')) /
    (provenValue('R_threshold') + provenValue('R_threshold_top')),
);

// Line, the Pi-side jack's pin, column that carries it to its relay, port
const LINES = [
  ['BRD12_P', 1, 205],
  ['BRD12_N', 2, 200],
  ['BRD36_P', 3, 196],
  ['BRD36_N', 6, 192],
];

export const flpFrontEnd = {
  name: 'flp-front-end',
  number: 5,
  title: 'FLP front end',
  draw(s) {
    // Four relays, one line each on pole 1; pole 2 of each is the read-back chain.
    const relays = LINES.map((_, i) => s.place('G6K', 225, 40 + 36 * i, {}));
    const jack = s.place('RJ45_L', 30, 16, {});
    s.note("to the Pi's port; pins 4,5,7,8 stay open: no common mode of the phone's jack comes here", [48, 31], {
      size: 1.3,
    });
    LINES.forEach(([port, pin, column], i) => {
      s.wire(jack.p(pin), [column, jack.p(pin)[1]], '|', relays[i].p(2));
      s.wire(relays[i].p(3), [292, relays[i].p(3)[1]]);
      s.port(port, 'bidirectional', [292, relays[i].p(3)[1]], 'R');
      s.noConnect(relays[i].p(5));
    });
    s.noConnect(...[4, 5, 7, 8].map((n) => jack.p(n)));

    // Coils together, one transistor
    s.wire([212, 24], [212, relays[3].p(1)[1]]);
    s.power('+5V', [212, 24]);
    relays.forEach((k) => {
      s.wire(k.p(1), [212, k.p(1)[1]]);
      s.wire(k.p(8), [242, k.p(8)[1]]);
    });
    const q = lowSide(s, 242, 178);
    s.wire([242, relays[0].p(8)[1]], q.p('D'));
    const d = s.place('D_U', 254, 165, { part: 'D4148' });
    s.wire(d.p(1), '|', [242, 170]);
    s.power('+5V', d.p(2));
    s.wire([26, 178], q.p('G'));
    s.port('DISC_RELAY', 'input', [26, 178], 'L');
    pullDown(s, [60, 178]);

    // Read-back: rest contacts in series
    s.wire(relays[0].p(7), [212, relays[0].p(7)[1]]);
    for (let i = 0; i < 3; i += 1) {
      const from = relays[i].p(6);
      s.wire(from, [236, from[1]], '|', [208, from[1] + 18], '|', relays[i + 1].p(7));
    }
    const last = relays[3].p(6);
    s.wire(last, [236, last[1]], '|', [206, 164], '|', [206, 198], [26, 198]);
    s.port('DISC_READBACK', 'output', [26, 198], 'L');
    pullDown(s, [60, 198]);
    s.note('High only while all four relays stand at pass-through.', [70, 199], { size: 1.3 });

    // Transformer between the board's ground and the line
    const t = s.place('HX1188', 160, 100, {});
    s.wire(t.p(16), [184, t.p(16)[1]], '|', relays[0].p(4));
    s.wire(t.p(14), [188, t.p(14)[1]], '|', relays[1].p(4));
    s.wire(t.p(11), [188, t.p(11)[1]], '|', relays[2].p(4));
    s.wire(t.p(9), [184, t.p(9)[1]], '|', relays[3].p(4));
    s.noConnect(t.p(15), t.p(10), t.p(2), t.p(7));

    // Transmit
    s.frame("Transmit on 3,6 (the phone's receive pair)", 18, 100, 148, 146);
    const drive = s.place('BUFFER', 90, 120, {});
    s.wire([26, 120], drive.p('A'));
    s.port('FLP_TX', 'input', [26, 120], 'L');
    pullDown(s, [60, 120]);
    s.power('+5V', drive.p('VCC'));
    s.power('VEE48', drive.p('GND'));
    const tx1 = s.place('R_R', 112, 120, { fn: 'R_tx' });
    const tx2 = s.place('R_R', 112, 136, { fn: 'R_tx' });
    s.wire(drive.p('Y'), tx1.p(1));
    s.power('VEE48', tx2.p(1), [-6, 0]);
    s.wire(tx1.p(2), [142, 120], '|', t.p(6));
    s.wire(tx2.p(2), [146, 136], '|', t.p(8));
    const ctx = s.place('C_D', 126, 128, { fn: 'C_tx' });
    s.wire([126, 120], ctx.p(1));
    s.wire(ctx.p(2), [126, 136]);

    // Receive, right to left
    s.frame("Receive on 1,2 (the phone's transmit pair): either sign, then stretched to 250..500 ns", 18, 40, 152, 98);
    const term = s.place('R_D', 144, 92, {
      fn: 'R_term',
      label: { ref: [-1.4, -0.8], value: [-1.4, 0.9], justify: 'right' },
    });
    const rx1 = s.place('R_L', 128, 88, { fn: 'R_rx' });
    const rx2 = s.place('R_L', 128, 96, { fn: 'R_rx' });
    s.wire(t.p(1), [144, 88], rx1.p(1));
    s.wire(t.p(3), [144, 96], rx2.p(1));
    s.wire([144, 88], term.p(1));
    s.wire([144, 96], term.p(2));
    const u = s.place('TLV3502_M', 100, 70, {});
    s.wire(rx1.p(2), [118, 88], '|', u.p(1));
    s.wire([118, u.p(4)[1]], u.p(4));
    const crx = s.place('C_D', 121, 92, {
      fn: 'C_rx',
      label: { ref: [-2.4, -0.8], value: [-2.4, 0.9], justify: 'right' },
    });
    s.wire([121, 88], crx.p(1));
    s.wire(crx.p(2), [121, 96], rx2.p(2));
    s.power('VREF', [112, 96]);
    s.wire([112, 96], [121, 96]);
    const hiTop = s.place('R_D', 136, 52, { fn: 'R_threshold_top' });
    const hi = s.place('R_D', 136, 61, { fn: 'R_threshold' });
    const lo = s.place('R_D', 136, 71, { fn: 'R_threshold' });
    const loTop = s.place('R_D', 136, 80, { fn: 'R_threshold_top' });
    s.power('+5V', hiTop.p(1));
    s.wire(hiTop.p(2), hi.p(1));
    s.wire(hi.p(2), lo.p(1));
    s.wire(lo.p(2), loTop.p(1));
    s.power('VEE48', loTop.p(2));
    s.wire([136, 66], [146, 66]);
    s.power('VREF', [146, 66]);
    s.wire([136, 56], [114, 56], '|', u.p(2));
    s.wire([136, 75], '-', [114, 75], '|', u.p(3));
    s.power('+5V', u.p('V+'));
    s.power('VEE48', u.p('V-'));
    const or = s.place('OR_M', 78, 70, {});
    s.wire(u.p(7), [88, u.p(7)[1]], '|', or.p('A'));
    s.wire(u.p(6), [88, u.p(6)[1]], '|', or.p('B'));
    s.power('+5V', or.p('VCC'));
    s.power('VEE48', or.p('GND'));
    const mono = s.place('LVC1G123_M', 42, 66, { label: { ref: [7, -2.4], value: [7, -1], justify: 'right' } });
    s.wire(or.p('Y'), mono.p('B'));
    s.power('+5V', mono.p('CLR_N'), [3, 0]);
    s.wire(mono.p('A_N'), [64, mono.p('A_N')[1]], [64, 76]);
    s.power('VEE48', [64, 76]);
    s.power('+5V', mono.p('VCC'));
    s.power('VEE48', mono.p('GND'));
    s.wire(mono.p('Q'), [26, mono.p('Q')[1]]);
    s.port('FLP_RX', 'output', [26, mono.p('Q')[1]], 'L');
    const rt = s.place('R_D', 34, 59, { part: 'R:3k6' });
    const ct = s.place('C_R', 38, 86, { part: 'C:100p', label: { ref: [5, -1], value: [5, 1], justify: 'left' } });
    s.power('+5V', rt.p(1));
    s.wire(rt.p(2), '|', [34, 70], mono.p('REXT/CEXT'));
    s.wire([34, 70], [34, 86], ct.p(1));
    s.wire(mono.p('CEXT'), [37, mono.p('CEXT')[1]], [37, 82], [44, 82], [44, 86], '|', ct.p(2));
    decoupling(s, '+5V', 'VEE48', [270, 178], ['C:100n', 'C:100n', 'C:100n', 'C:100n']);
    s.note(
      'The relays rest at pass-through (Pi <-> phone); energised they join the FLP front end to the phone. This sheet is on the board\n' +
        "side of the PoE magnetics (sheet polarity-and-pairs) and never sees the jack's common mode. T501 is rated 1500 Vrms.\n" +
        `Thresholds VREF +- ${thresholdMillivolts} mV (heard at the comparator, either sign); ` +
        'R 3k6 x C 100p gives about 0.36 us.',
      [70, 184],
      { size: 1.3 },
    );
  },
};
