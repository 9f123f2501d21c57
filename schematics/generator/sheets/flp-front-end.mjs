import { decoupling, lowSide, pullDown } from '../blocks.mjs';
import { provenValue } from '../parts.mjs';

const thresholdMillivolts = Math.round(
  (provenValue('V_ref') * 1000 * provenValue('R_threshold')) /
    (2 * provenValue('R_threshold') + provenValue('R_threshold_top')),
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

    // Loopback: the driver's pulse without its level, attenuated
    const cl = s.place('C_D', 102, 114, {
      fn: 'C_loop',
      label: { ref: [-2.4, -0.8], value: [-2.4, 0.9], justify: 'right' },
    });
    s.wire([102, 120], cl.p(2));
    const lt = s.place('R_R', 112, 108, { fn: 'R_loop_top' });
    const lb = s.place('R_R', 128, 108, { fn: 'R_loop' });
    s.wire(cl.p(1), [102, 108], lt.p(1));
    s.wire(lt.p(2), lb.p(1));
    s.label('FLP_LOOP', [116, 108]);
    s.wire(lb.p(2), [134, 108]);
    s.label('FLP_MID', [134, 108]);

    // Receive, right to left
    s.frame('Receive on 1,2: either sign, then stretched', 18, 40, 152, 98);
    const term = s.place('R_D', 148, 92, {
      fn: 'R_term',
      label: { ref: [-1.4, -0.8], value: [-1.4, 0.9], justify: 'right' },
    });
    const lead = s.place('R_L', 139, 88, { fn: 'R_lead' });
    const leadC = s.place('C_L', 139, 80, { fn: 'C_lead' });
    const shunt = s.place('R_D', 131, 92, { fn: 'R_shunt' });
    const rx = s.place('R_L', 124, 88, { fn: 'R_rx' });
    const mux = s.place('LVC1G3157_M', 112, 84, { label: { ref: [-6.4, -2.4], value: [-6.4, -1], justify: 'left' } });
    s.wire(t.p(1), lead.p(1));
    s.wire([148, 88], term.p(1));
    s.wire([142, 88], leadC.p(1));
    s.wire([136, 88], leadC.p(2));
    s.wire(lead.p(2), rx.p(1));
    s.wire([131, 88], shunt.p(1));
    s.wire(rx.p(2), mux.p('B1'));
    s.wire(mux.p('B2'), [119, mux.p('B2')[1]], [119, 78]);
    s.label('FLP_LOOP', [119, 78]);
    s.wire(mux.p('S'), [117, mux.p('S')[1]], [117, 94]);
    s.label('FLP_LOOPBACK', [117, 94], { right: true });
    s.power('+5V', mux.p('VCC'));
    s.power('VEE48', mux.p('GND'));
    // The middle, to which the winding's other end and the comparators' capacitor go
    const crx = s.place('C_D', 92, 91, {
      fn: 'C_rx',
      label: { ref: [-2.4, -0.8], value: [-2.4, 0.9], justify: 'right' },
    });
    s.wire(t.p(3), [122, 96]);
    s.wire(crx.p(2), [92, 96]);
    s.label('FLP_MID', [92, 96]);
    s.wire(term.p(2), [148, 96]);
    s.wire(shunt.p(2), [131, 96]);
    s.label('FLP_MID', [122, 96]);
    const u = s.place('TLV3502_M', 80, 62, { label: { ref: [-2, -11.4], value: [-2, 12.6], justify: 'right' } });
    s.wire(mux.p('A'), [92, mux.p('A')[1]], '|', u.p(1));
    s.wire([92, 86], crx.p(1));
    s.wire([92, u.p(4)[1]], u.p(4));
    // Thresholds: VREF, the middle, as much below it again; none of them hangs on the 5 V
    const r1 = s.place('R_D', 116, 54, { fn: 'R_threshold' });
    const r2 = s.place('R_D', 116, 62, { fn: 'R_threshold' });
    const r3 = s.place('R_D', 116, 70, { fn: 'R_threshold_top' });
    const cm = s.place('C_D', 128, 63, { fn: 'C_mid' });
    s.power('VREF', [116, 50]);
    s.wire([116, 50], r1.p(1));
    s.wire(r1.p(2), r2.p(1));
    s.wire(r2.p(2), r3.p(1));
    s.power('VEE48', r3.p(2));
    s.wire([116, 50], [100, 50], '|', u.p(2));
    s.wire([116, 66], [100, 66], u.p(3));
    s.wire([116, 58], [128, 58], cm.p(1));
    s.wire([128, 58], [132, 58]);
    s.label('FLP_MID', [132, 58]);
    s.power('VEE48', cm.p(2));
    s.power('+5V', u.p('V+'));
    s.power('VEE48', u.p('V-'));
    const or = s.place('OR_M', 62, 62, {});
    s.wire(u.p(7), [70, u.p(7)[1]], '|', or.p('A'));
    s.wire(u.p(6), [70, u.p(6)[1]], '|', or.p('B'));
    s.power('+5V', or.p('VCC'));
    s.power('VEE48', or.p('GND'));
    const mono = s.place('LVC1G123_M', 34, 58, { label: { ref: [10, -4.4], value: [10, -3], justify: 'left' } });
    s.wire(or.p('Y'), mono.p('B'));
    s.power('+5V', mono.p('CLR_N'), [3, 0]);
    s.wire(mono.p('A_N'), [55, mono.p('A_N')[1]], [55, 68]);
    s.power('VEE48', [55, 68]);
    s.power('+5V', mono.p('VCC'));
    s.power('VEE48', mono.p('GND'));
    s.wire(mono.p('Q'), [26, mono.p('Q')[1]]);
    s.port('FLP_RX', 'output', [26, mono.p('Q')[1]], 'L');
    const rt = s.place('R_D', 28, 51, { part: 'R:3k6' });
    const ct = s.place('C_R', 34, 82, { part: 'C:100p', label: { ref: [7.4, -1], value: [7.4, 1], justify: 'left' } });
    s.power('+5V', rt.p(1));
    s.wire(rt.p(2), '|', [28, 62], mono.p('REXT/CEXT'));
    s.wire([28, 62], [28, 82], ct.p(1));
    s.wire(mono.p('CEXT'), [30, mono.p('CEXT')[1]], [30, 78], [40, 78], '|', ct.p(2));
    s.wire([29, 140], [26, 140]);
    s.port('FLP_LOOPBACK', 'input', [26, 140], 'L');
    s.label('FLP_LOOPBACK', [29, 140]);
    decoupling(s, '+5V', 'VEE48', [268, 178], ['C:100n', 'C:100n', 'C:100n', 'C:100n', 'C:100n']);
    s.note(
      'The relays rest at pass-through (Pi <-> phone); energised they join the FLP front end to the phone. This sheet is on the board\n' +
        "side of the PoE magnetics (sheet polarity-and-pairs) and never sees the jack's common mode. T501 is rated 1500 Vrms.\n" +
        `Thresholds +- ${thresholdMillivolts} mV about FLP_MID; R 3k6 x C 100p stretches to about 0.36 us. ` +
        'FLP_LOOPBACK: the comparators hear the driver instead of the\nwinding; nothing of it reaches a relay contact.',
      [70, 184],
      { size: 1.3 },
    );
  },
};
