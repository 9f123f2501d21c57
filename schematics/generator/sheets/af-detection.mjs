import { lowSide, pullDown } from '../blocks.mjs';

export const afDetection = {
  name: 'af-detection',
  number: 8,
  title: '802.3af detection and classification',
  draw(s) {
    // The relay that takes the jack away from the power path and gives it to the sources
    const k = s.place('G6S', 230, 100, {});
    s.wire(k.p(4), [292, k.p(4)[1]]);
    s.port('JACK_P', 'output', [292, k.p(4)[1]], 'R');
    s.wire(k.p(9), [292, k.p(9)[1]]);
    s.port('JACK_N', 'output', [292, k.p(9)[1]], 'R');
    s.power('RTN', k.p(3), [-12, 0]);
    s.wire(k.p(10), [208, k.p(10)[1]]);
    s.port('NEG_OUT', 'input', [208, k.p(10)[1]], 'L');
    s.power('+5V', k.p(1), [-6, 0]);
    const q = lowSide(s, 248, 124);
    s.wire(k.p(12), '-', q.p('D'));
    const d = s.place('D_R', 258, 111, { part: 'D4148' });
    s.wire([248, 111], d.p(1));
    s.power('+5V', d.p(2), [6, 0]);
    s.wire([208, 124], q.p('G'));
    s.port('AF_CONNECT', 'input', [208, 124], 'L');
    pullDown(s, [234, 124]);

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
    s.label('AF_CLASS', [38, 146]);
    s.wire(a.p(1), [122, 62]);
    s.wire(det.p(2), [189, 62], '|', k.p(5));
    s.label('AF_SOURCE', [148, 62]);
    const dt = s.place('R_D', 164, 70, { fn: 'R_detect_div_top' });
    const db = s.place('R_D', 164, 84, { fn: 'R_detect_div' });
    s.wire([164, 62], dt.p(1));
    s.wire(dt.p(2), db.p(1));
    s.power('VEE48', db.p(2));
    s.wire([164, 77], [146, 77]);
    s.port('AF_VOLTS', 'output', [146, 77], 'L');
    const tvs = s.place('TVS_U', 176, 72, { part: 'SMAJ24A' });
    s.wire([176, 62], tvs.p(2));
    s.power('VEE48', tvs.p(1));

    s.frame('Classification: 17.6-19.6 V, limited to 95 mA; off unless AF_CLASS', 20, 104, 184, 160);
    const f = s.place('NMOS_POWER', 130, 128, { part: 'BSP296' });
    s.power('RTN', f.p('D'), [0, -4]);
    const rs = s.place('R_R', 144, 140, { part: 'R_CLASS' });
    const out = s.place('D_R', 164, 140, { part: 'SS14' });
    s.wire(f.p('S'), '|', rs.p(1));
    s.wire(rs.p(2), out.p(1));
    s.wire(out.p(2), [189, 140], [189, 94]);
    const lim = s.place('NPN', 150, 130, { part: 'BC846' });
    s.wire([137, 140], [137, 130], lim.p('B'));
    s.wire(lim.p('E'), [150, 140]);
    s.wire(lim.p('C'), [150, 122], [118, 122]);
    const rg = s.place('R_D', 118, 115, { part: 'R:100k' });
    s.power('RTN', rg.p(1));
    s.wire(rg.p(2), [118, 128], f.p('G'));
    const z = s.place('DZ_U', 106, 135, { part: 'Z20' });
    s.wire([118, 128], [106, 128], z.p(2));
    s.power('VEE48', z.p(1));
    const qc = lowSide(s, 90, 134);
    s.wire([106, 128], [90, 128], qc.p('D'));
    const pull = s.place('R_D', 78, 125, { part: 'R:10k' });
    s.power('+5V', pull.p(1));
    const qi = lowSide(s, 70, 146);
    s.wire(pull.p(2), [78, 134], qc.p('G'));
    s.wire([78, 134], [70, 134], qi.p('D'));
    s.wire([34, 146], qi.p('G'));
    s.port('AF_CLASS', 'input', [34, 146], 'L');
    pullDown(s, [54, 146]);

    s.frame('Class current: 10 ohm, times 5: 0..50 mA is 0..2.5 V', 200, 138, 316, 190);
    const sense = s.place('R_D', 216, 159, { part: 'RP:10R' });
    s.wire(k.p(8), [216, k.p(8)[1]], sense.p(1));
    s.power('VEE48', sense.p(2));
    const amp = s.place('AMP', 256, 154, { part: 'OPA333' });
    s.wire([216, 152], amp.p('+'));
    s.power('+5V', amp.p('V+'));
    s.power('VEE48', amp.p('V-'));
    const g1 = s.place('R_L', 236, 172, { part: 'RP:10k' });
    const g2 = s.place('R_R', 260, 172, { part: 'RP:40k2' });
    s.wire(amp.p('-'), [246, 156], '|', g1.p(1));
    s.power('VEE48', g1.p(2), [-6, 0]);
    s.wire([246, 172], g2.p(1));
    s.wire(g2.p(2), [270, 172], '|', amp.p(1));
    // ADC7 reads the class current while AF_CLASS is high, else the detection source's own voltage.
    const mux = s.place('LVC1G3157', 284, 148, {});
    s.power('+5V', mux.p('VCC'));
    s.power('VEE48', mux.p('GND'));
    s.wire([270, 154], [270, mux.p('B2')[1]], mux.p('B2'));
    s.wire(mux.p('B1'), [276, mux.p('B1')[1]], [276, 168]);
    s.label('SOURCE_QUARTER', [276, 168]);
    s.wire(mux.p('S'), [279, mux.p('S')[1]], [279, 164]);
    s.label('AF_CLASS', [279, 164]);
    s.wire(mux.p('A'), [303, mux.p('A')[1]]);
    const st = s.place('R_D', 130, 69, { fn: 'R_detect_div_top' });
    const sb = s.place('R_D', 130, 90, { fn: 'R_detect_div' });
    s.wire([130, 62], st.p(1));
    s.wire(st.p(2), sb.p(1));
    s.power('VEE48', sb.p(2));
    s.wire([130, 83], [134, 83]);
    s.label('SOURCE_QUARTER', [134, 83]);
    s.port('AF_SENSE', 'output', [303, 150], 'R');

    s.note(
      'At rest K801 gives the jack to the power path. Energised it opens both of its leads (bleeder too) and joins the two sources: they can never meet the 48 V.\n' +
        'Changed only with both switches open and the jack below 2.8 V. Signature: slope between the two points, 17.0-29.5 kohm accepted (15 and 33 rejected).',
      [20, 18],
      { size: 1.6 },
    );
    s.note(
      'The sources work from RTN and +12V_SAFE: with the e-stop open there is no detection either.\nBSP296N: 57 V - 18 V at 44 mA is 1.7 W for 75 ms at most (firmware); the limit holds it at 95 mA.',
      [20, 168],
      { size: 1.6 },
    );
  },
};
