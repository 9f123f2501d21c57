import { decoupling, follower, lowSide, pullDown, toGround } from '../blocks.mjs';
import { provenValue } from '../parts.mjs';

const gateVolts = (
  provenValue('V_class_ref') *
  (1 + provenValue('R_class_set_top') / provenValue('R_class_set'))
).toFixed(1);

export const afDetection = {
  name: 'af-detection',
  number: 8,
  title: '802.3af detection and classification',
  draw(s) {
    // The relay that takes the jack away from the power path and gives it to the sources
    const k = s.place('G6S', 230, 104, { part: 'G6S12' });
    s.wire(k.p(4), [292, k.p(4)[1]]);
    s.port('JACK_P', 'output', [292, k.p(4)[1]], 'R');
    s.wire(k.p(9), [292, k.p(9)[1]]);
    s.port('JACK_N', 'output', [292, k.p(9)[1]], 'R');
    s.power('RTN', k.p(3), [-12, 0]);
    s.wire(k.p(10), [208, k.p(10)[1]]);
    s.port('NEG_OUT', 'input', [208, k.p(10)[1]], 'L');
    s.power('+12V_SAFE', k.p(1), [-5, 0]);
    const q = lowSide(s, 248, 128);
    s.wire(k.p(12), '-', q.p('D'));
    const d = s.place('D_R', 258, 115, { part: 'D4148' });
    s.wire([248, 115], d.p(1));
    s.power('+12V_SAFE', d.p(2), [8, 0]);
    s.wire([208, 128], q.p('G'));
    s.port('AF_CONNECT', 'input', [208, 128], 'L');
    s.label('AF_CONNECT', [214, 128]);
    pullDown(s, [234, 128]);

    s.frame('Detection: 4.4 and 9.4 V behind 3.9 kohm (2.4 mA into a short)', 20, 40, 184, 102);
    const a = s.place('AMP', 110, 62, { part: 'OPA197' });
    s.power('VREF', a.p('+'), [-10, 0]);
    s.power('+12V_SAFE', a.p('V+'));
    s.power('VEE48', a.p('V-'));
    const rf = s.place('R_R', 112, 78, { part: 'RP:20k' });
    s.wire(a.p('-'), [96, 64], '|', [96, 78], rf.p(1));
    s.wire(rf.p(2), [122, 78], '|', a.p(1));
    const rg1 = s.place('R_D', 96, 85, { part: 'RP:26k1' });
    s.wire([96, 78], rg1.p(1));
    s.power('VEE48', rg1.p(2));
    const rg2 = s.place('R_D', 78, 83, { part: 'RP:10k' });
    s.wire([96, 78], [78, 78], rg2.p(1));
    const qh = lowSide(s, 78, 92);
    s.wire(rg2.p(2), qh.p('D'));
    s.wire([34, 92], qh.p('G'));
    s.port('AF_HIGH', 'input', [34, 92], 'L');
    pullDown(s, [60, 92]);
    const det = s.place('R_R', 142, 62, { fn: 'R_detect' });
    s.wire([122, 62], det.p(1));
    s.wire(a.p(1), [122, 62]);
    s.wire(det.p(2), [189, 62], '|', k.p(5));
    s.label('AF_SOURCE', [148, 62]);
    // Equal dividers at both ends of the 3.9 kohm
    for (const [x, name] of [
      [130, 'SOURCE_QUARTER'],
      [158, 'JACK_QUARTER'],
    ]) {
      const top = s.place('R_D', x, 70, { fn: 'R_detect_div_top' });
      const bottom = s.place('R_D', x, 90, { fn: 'R_detect_div' });
      s.wire([x, 62], top.p(1));
      s.wire(top.p(2), bottom.p(1));
      s.power('VEE48', bottom.p(2));
      s.wire([x, 80], [x + 3, 80]);
      s.label(name, [x + 3, 80]);
    }
    const tvs = s.place('TVS_U', 171, 70, { part: 'SMAJ24A' });
    s.wire([171, 62], tvs.p(2));
    s.power('VEE48', tvs.p(1));

    s.frame(
      `Classification: gate at ${gateVolts} V, 16.8-19.4 V at the jack, limited to 83-91 mA; off unless AF_CLASS`,
      20,
      104,
      184,
      164,
    );
    const f = s.place('NMOS_POWER', 134, 132, { part: 'BSP296' });
    const drop = s.place('R_D', 134, 120, { part: 'R_DROP', fn: 'R_class_drop' });
    s.power('RTN', drop.p(1), [0, -2]);
    s.wire(drop.p(2), f.p('D'));
    const rs = s.place('R_R', 146, 146, { part: 'R_CLASS', fn: 'R_class_limit' });
    const out = s.place('D_R', 168, 146, { part: 'SS14' });
    s.wire(f.p('S'), '|', rs.p(1));
    s.wire(rs.p(2), out.p(1));
    s.wire(out.p(2), [189, 146], [189, 98]);
    const lim = s.place('NPN', 154, 136, { part: 'BC846' });
    s.wire([134, 146], [143, 146]);
    s.wire([141, 146], [141, 136], lim.p('B'));
    s.wire(lim.p('E'), [154, 146]);
    s.wire(lim.p('C'), [154, 126], [122, 126]);
    const rg = s.place('R_D', 122, 120, {
      fn: 'R_class_pull',
      label: { ref: [-1.6, -0.8], value: [-1.6, 0.9], justify: 'right' },
    });
    s.power('RTN', rg.p(1), [0, -2]);
    s.wire(rg.p(2), [122, 132], f.p('G'));
    const z = s.place('ATL431', 98, 144, {});
    const setTop = s.place('R_D', 110, 138, { fn: 'R_class_set_top' });
    const setBottom = s.place('R_D', 110, 150, { fn: 'R_class_set' });
    s.wire([122, 132], [98, 132], z.p('K'));
    s.wire([110, 132], setTop.p(1));
    s.wire(setTop.p(2), setBottom.p(1));
    s.power('VEE48', setBottom.p(2));
    s.wire(z.p('REF'), [110, 144]);
    s.power('VEE48', z.p('A'));
    const qc = lowSide(s, 82, 138);
    s.wire([98, 132], [82, 132], qc.p('D'));
    const pull = s.place('R_D', 72, 129, { part: 'R:10k' });
    s.power('+5V', pull.p(1));
    const qi = lowSide(s, 62, 150);
    s.wire(pull.p(2), [72, 138], qc.p('G'));
    s.wire([72, 138], [62, 138], qi.p('D'));
    s.wire([34, 150], qi.p('G'));
    s.port('AF_CLASS', 'input', [34, 150], 'L');
    s.label('AF_CLASS', [36, 150]);
    pullDown(s, [50, 150]);

    s.frame('Class current: 10 ohm, times 5.02: 0..49.8 mA is 0..2.5 V', 200, 140, 316, 190);
    const sense = s.place('R_D', 212, 161, { part: 'R_SENSE10', fn: 'R_class_sense' });
    s.wire(k.p(8), [212, k.p(8)[1]], sense.p(1));
    s.power('VEE48', sense.p(2));
    const amp = s.place('AMP', 256, 156, { part: 'OPA333' });
    s.wire([212, 154], amp.p('+'));
    s.power('+5V', amp.p('V+'));
    s.power('VEE48', amp.p('V-'));
    const g1 = s.place('R_L', 236, 174, { fn: 'R_class_gain' });
    const g2 = s.place('R_R', 260, 174, { fn: 'R_class_gain_top' });
    s.wire(amp.p('-'), [246, 158], '|', g1.p(1));
    s.power('VEE48', g1.p(2), [-6, 0]);
    s.wire([246, 174], g2.p(1));
    s.wire(g2.p(2), [270, 174], '|', amp.p(1));
    s.wire([270, 156], [272, 156]);
    s.label('CLASS_CURRENT', [272, 156]);

    // READBACK: the jack's end of the 3.9 kohm while AF_CONNECT is high, else what the switches say. AF_SENSE: its other end, or the class current.
    s.frame('To the ADC: followers and selectors', 200, 18, 316, 88);
    const selector = (y, { quarter, place, other, select, port }) => {
      const u = follower(s, 222, y, 'OPA333');
      s.wire([206, y - 2], u.p('+'));
      s.label(quarter, [203, y - 2]);
      s.wire([203, y - 2], [206, y - 2]);
      const mux = s.place('LVC1G3157', 256, place === 'B2' ? y - 2 : y - 4, {});
      s.power('+5V', mux.p('VCC'));
      s.power('VEE48', mux.p('GND'));
      s.wire(u.p(1), mux.p(place));
      const [, otherY] = mux.p(place === 'B2' ? 'B1' : 'B2');
      const from = place === 'B2' ? y + 14 : y - 8;
      s.wire([236, from], [249, from], [249, otherY], [253, otherY]);
      s.label(other, [236, from]);
      s.wire(mux.p('S'), [251, mux.p('S')[1]], [251, y + 17], [236, y + 17]);
      s.label(select, [236, y + 17]);
      const r = s.place('R_R', 282, mux.p('A')[1], { part: 'R:1k' });
      s.wire(mux.p('A'), r.p(1));
      s.wire(r.p(2), [304, mux.p('A')[1]]);
      toGround(s, [292, mux.p('A')[1]], { fn: 'C_readback' });
      s.port(port, 'output', [304, mux.p('A')[1]], 'R');
    };
    selector(32, {
      quarter: 'JACK_QUARTER',
      place: 'B2',
      other: 'SWITCH_STATE',
      select: 'AF_CONNECT',
      port: 'READBACK',
    });
    selector(68, {
      quarter: 'SOURCE_QUARTER',
      place: 'B1',
      other: 'CLASS_CURRENT',
      select: 'AF_CLASS',
      port: 'AF_SENSE',
    });
    s.wire([184, 34], [187, 34]);
    s.label('SWITCH_STATE', [187, 34]);
    s.port('SWITCH_STATE', 'input', [184, 34], 'L');

    decoupling(s, '+5V', 'VEE48', [32, 186], ['C:100n', 'C:100n', 'C:100n', 'C:100n', 'C:100n']);
    decoupling(s, '+12V_SAFE', 'VEE48', [96, 186], ['C:100n']);
    s.note(
      'At rest K801 gives the jack to the power path. Energised it opens both of its leads (bleeder too) and joins the two sources: they never meet the 48 V.\n' +
        'Its coil hangs on +12V_SAFE: with the e-stop open it rests, and no source reaches the jack. Changed only with both switches open and the jack\n' +
        'below 2.8 V. Signature: slope between the two points, 17.0-29.5 kohm accepted (15 and 33 rejected).',
      [20, 18],
      { size: 1.6 },
    );
    s.note(
      'A short for 75 ms (firmware) at 57 V: 2.8 W, 0.21 J in the BSP296N, the rest in the 270 ohm above it (schematics/spice, deck class).\nThe followers draw nothing: the divider alone loads the jack with 400 kohm (the firmware takes that off), and leakage of a selector or the ADC moves no reading.',
      [20, 170],
      { size: 1.6 },
    );
  },
};
