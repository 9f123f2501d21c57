import { decoupling, lowSide, pullDown, toGround } from '../blocks.mjs';
import { provenValue } from '../parts.mjs';

const limitMilliamps = Math.round(
  (provenValue('V_ref') * 1000 * provenValue('R_limit')) /
    (provenValue('R_limit') + provenValue('R_limit_top')) /
    provenValue('R_sense'),
);

export const hotSwap = {
  name: 'hot-swap-and-second-switch',
  number: 6,
  title: 'Hot-swap and second switch',
  draw(s) {
    // Path of the current: VEE48 - shunt - Q_hotswap - safety relay - NEG_OUT
    const q = s.place('NMOS_POWER', 190, 110, { part: 'FET' });
    const shunt = s.place('R_D', 190, 136, { part: 'SHUNT', fn: 'R_sense' });
    s.wire(q.p('S'), shunt.p(1));
    s.power('VEE48', shunt.p(2));
    const k = s.place('SR2M', 225, 76, {});
    s.wire(q.p('D'), '|', k.p('13'));
    s.label('FET_DRAIN', [196, 70]);
    s.wire(k.p('14'), [310, 70]);
    s.label('NEG_OUT', [236, 70]);
    s.port('NEG_OUT', 'output', [310, 70], 'R');
    s.power('+5V', k.p('21'), [-6, 0]);
    s.wire(k.p('22'), [233, k.p('22')[1]]);
    s.label('SWITCH2_OPEN', [233, k.p('22')[1]]);
    s.note('First switch: FET with analogue limit', [194, 100], { size: 1.3, bold: true });
    s.note('Second switch: guided contacts', [200, 62], { size: 1.3, bold: true });

    // Across the jack
    s.wire([256, 44], [292, 44]);
    s.power('RTN', [256, 44]);
    const bleed = s.place('R_D', 256, 57, { part: 'BLEEDER', fn: 'R_bleed' });
    const cj = s.place('C_D', 272, 57, { part: 'C_100V', fn: 'C_jack' });
    const tvs = s.place('TVS_U', 292, 57, { part: 'SMBJ58A' });
    for (const [x, top, bottom] of [
      [256, bleed.p(1), bleed.p(2)],
      [272, cj.p(1), cj.p(2)],
      [292, tvs.p(2), tvs.p(1)],
    ]) {
      s.wire([x, 44], top);
      s.wire([x, 70], bottom);
    }
    s.note('bleeder, capacitor and TVS\nstand behind both switches', [262, 36], { size: 1.3 });

    // Safety relay's coil
    s.power('+12V_SAFE', k.p('A1'), [-6, 0]);
    const qr = lowSide(s, 240, 104);
    s.wire(k.p('A2'), '-', qr.p('D'));
    const fly = s.place('D_U', 254, 91, { part: 'D4148' });
    const zener = s.place('DZ_D', 254, 83, { part: 'Z24' });
    s.wire([240, 94], fly.p(1));
    s.wire(fly.p(2), zener.p(2));
    s.power('+12V_SAFE', zener.p(1));
    s.wire([206, 104], qr.p('G'));
    s.port('SWITCH2', 'input', [206, 104], 'L');
    pullDown(s, [226, 104], { part: 'R:100k' });
    s.note('24 V across the coil at release:\nthe relay opens in under 10 ms', [262, 80], { size: 1.3 });

    // Gate supply
    s.wire([26, 60], [166, 60]);
    s.port('VGATE', 'input', [26, 60], 'L');
    s.label('VGATE', [70, 60]);
    const load = s.place('R_D', 40, 67, { part: 'R_VGATE', fn: 'R_vgate' });
    s.wire([40, 60], load.p(1));
    s.power('VEE48', load.p(2));
    toGround(s, [54, 60], { fn: 'C_vgate' });
    s.note(
      'Behind the e-stop contact: 100 nF and no more,\nso that it is gone 0.5 ms after the contact opens.',
      [30, 78],
      { size: 1.3 },
    );

    // Limit loop
    s.frame(`Current limit ${limitMilliamps} mA: works with the MCU in reset`, 94, 74, 164, 132);
    const amp = s.place('LM321', 130, 110, {});
    s.power('VEE48', amp.p('V-'));
    s.wire(amp.p('V+'), [128, 60]);
    const lt = s.place('R_D', 100, 99, { fn: 'R_limit_top' });
    const lb = s.place('R_D', 100, 113, { fn: 'R_limit' });
    s.power('VREF', lt.p(1));
    s.wire(lt.p(2), lb.p(1));
    s.power('VEE48', lb.p(2));
    s.wire([100, 108], amp.p('+'));
    const cin = s.place('R_L', 151, 130, { fn: 'R_comp_in' });
    s.wire([190, 130], cin.p(1));
    s.wire(cin.p(2), [118, 130], '|', amp.p('-'));
    const rc = s.place('R_L', 141, 90, { fn: 'R_comp' });
    const cc = s.place('C_L', 123, 90, { fn: 'C_comp', label: { ref: [0, 2.6], value: [0, 4] } });
    s.wire(amp.p(4), [146, 110], '|', [146, 90], rc.p(1));
    s.wire(rc.p(2), cc.p(1));
    s.wire(cc.p(2), [118, 90], '|', [118, 112]);
    const rd = s.place('R_R', 156, 110, { fn: 'R_drive' });
    s.wire([146, 110], rd.p(1));
    s.wire(rd.p(2), q.p('G'));
    s.label('HS_GATE', [180, 110]);
    const df = s.place('D_L', 160, 118, { part: 'D4148', label: { ref: [0, 2.8], value: [0, 4.2] } });
    const rf = s.place('R_L', 151, 118, { fn: 'R_fast', label: { ref: [0, 2.8], value: [0, 4.2] } });
    s.wire([164, 110], [164, 118], df.p(1));
    s.wire(df.p(2), rf.p(1));
    s.wire(rf.p(2), [146, 118], '|', [146, 110]);

    // What both switches say of themselves, as one level: the rest contact and the gate
    s.frame('Read-back of both switches', 20, 86, 92, 132);
    s.label('HS_GATE', [23, 105]);
    const read = s.place('R_R', 36, 105, { fn: 'R_gate_read' });
    s.wire([23, 105], read.p(1));
    const q1 = lowSide(s, 48, 105);
    s.wire(read.p(2), q1.p('G'));
    const invert = s.place('R_D', 48, 96, { fn: 'R_gate_invert' });
    s.power('+5V', invert.p(1));
    s.wire(invert.p(2), q1.p('D'));
    const q2 = lowSide(s, 64, 105);
    s.wire([48, 100], [58, 100], '|', q2.p('G'));
    const level = s.place('R_D', 64, 96, {
      fn: 'R_gate_level',
      label: { ref: [-1.6, -0.8], value: [-1.6, 0.9], justify: 'right' },
    });
    s.power('+5V', level.p(1));
    s.wire(level.p(2), q2.p('D'));
    const sumGate = s.place('R_R', 72, 100, { fn: 'R_sum_gate' });
    s.wire([64, 100], sumGate.p(1));
    s.label('SWITCH2_OPEN', [23, 118]);
    const wet = s.place('R_D', 42, 123, { fn: 'R_contact' });
    s.wire([42, 118], wet.p(1));
    s.power('VEE48', wet.p(2));
    const sumContact = s.place('R_R', 62, 118, { fn: 'R_sum_contact' });
    s.wire([23, 118], sumContact.p(1));
    s.wire(sumContact.p(2), [77, 118], '|', [77, 100], sumGate.p(2));
    const sum = s.place('R_D', 77, 123, { fn: 'R_sum' });
    s.wire([77, 118], sum.p(1));
    s.power('VEE48', sum.p(2));
    s.wire([77, 110], [78, 110]);
    s.port('SWITCH_STATE', 'output', [78, 110], 'R');

    // Gate network
    const rgs = s.place('R_D', 172, 117, { fn: 'R_gs' });
    const cg = s.place('C_D', 181, 117, { fn: 'C_gate' });
    s.wire([172, 110], rgs.p(1));
    s.wire([181, 110], cg.p(1));
    s.power('VEE48', rgs.p(2));
    s.power('VEE48', cg.p(2));
    const dr = s.place('D_U', 166, 102, { part: 'D4148' });
    const rr = s.place('R_D', 166, 92, { fn: 'R_rail' });
    s.wire([166, 110], dr.p(1));
    s.wire(dr.p(2), rr.p(2));
    s.wire(rr.p(1), [166, 60]);

    // Short: comparator and latch, and the transistor that empties the gate
    s.frame('Short: 1.0 A, latch opens the gate within a microsecond', 28, 133, 140, 190);
    const cmp = s.place('AMP', 76, 154, { part: 'TLV3201' });
    const st = s.place('R_D', 44, 145, { fn: 'R_short_top' });
    const sb = s.place('R_D', 44, 159, { fn: 'R_short' });
    s.power('VREF', st.p(1));
    s.wire(st.p(2), sb.p(1));
    s.power('VEE48', sb.p(2));
    s.wire([44, 152], cmp.p('+'));
    const blank = s.place('R_L', 90, 140, { fn: 'R_blank' });
    s.wire([166, 130], '|', [166, 140], blank.p(1));
    s.wire(blank.p(2), [62, 140], '|', cmp.p('-'));
    toGround(s, [62, 156], { fn: 'C_blank' });
    s.power('+5V', cmp.p('V+'));
    s.power('VEE48', cmp.p('V-'));
    const latch = s.place('LVC1G74', 104, 152, { label: { ref: [8.6, -2.4], value: [8.6, -1] } });
    s.wire(cmp.p(1), latch.p('PRE_N'));
    s.wire(latch.p('D'), [94, latch.p('D')[1]], '|', latch.p('CLK'));
    s.wire([94, latch.p('CLK')[1]], [94, 162]);
    s.power('VEE48', [94, 162]);
    s.power('+5V', latch.p('VCC'));
    s.power('VEE48', latch.p('GND'));
    const qc = lowSide(s, 98, 178);
    s.wire(latch.p('CLR_N'), [98, latch.p('CLR_N')[1]], qc.p('D'));
    const rp = s.place('R_U', 86, 171, {
      part: 'R:10k',
      label: { ref: [-1.6, -0.8], value: [-1.6, 0.9], justify: 'right' },
    });
    s.wire(rp.p(1), [98, 174]);
    s.power('+5V', rp.p(2));
    s.wire([34, 178], qc.p('G'));
    s.port('LATCH_CLEAR', 'input', [34, 178], 'L');
    pullDown(s, [70, 178], { part: 'R:100k' });
    s.wire(latch.p('Q_N'), [128, latch.p('Q_N')[1]], '|', [128, 172], [132, 172]);
    s.port('SHORT_N', 'output', [132, 172], 'R');
    const qk = lowSide(s, 150, 164);
    s.wire(latch.p('Q'), [134, latch.p('Q')[1]], '|', qk.p('G'));
    const rk = s.place('R_D', 150, 154, { fn: 'R_kill' });
    s.wire(rk.p(2), qk.p('D'));
    s.wire([186, 110], [186, 148], [150, 148], '|', rk.p(1));
    s.note('Q_kill', [152, 168], { size: 1.2 });

    // Off unless pump and gate
    const qo = lowSide(s, 186, 164);
    const ro = s.place('R_D', 186, 154, { fn: 'R_off_drain' });
    s.wire([186, 148], ro.p(1));
    s.wire(ro.p(2), qo.p('D'));
    s.note('Q_off', [188, 168], { size: 1.2 });
    s.frame('Enable: PUMP alive (monostable < 30 ms) and GATE high', 28, 191, 182, 223);
    const rpump = s.place('R_R', 62, 204, { fn: 'R_pump' });
    const cpump = s.place('C_R', 74, 204, { fn: 'C_pump' });
    const pair = s.place('BAT54S', 86, 204, {});
    s.wire([34, 204], rpump.p(1));
    s.port('PUMP', 'input', [34, 204], 'L');
    pullDown(s, [48, 204], { part: 'R:100k' });
    s.wire(rpump.p(2), cpump.p(1));
    s.wire(cpump.p(2), pair.p('M'));
    s.power('VEE48', pair.p('A'));
    s.wire(pair.p('K'), [86, 196], [142, 196]);
    toGround(s, [100, 196], { fn: 'C_hold' });
    const rh = s.place('R_D', 112, 201, { fn: 'R_hold' });
    s.wire([112, 196], rh.p(1));
    s.power('VEE48', rh.p(2));
    const qp = s.place('NMOS', 146, 196, { part: 'BSS138' });
    const qg = lowSide(s, 146, 210);
    s.wire(qp.p('S'), qg.p('D'));
    s.wire([124, 210], qg.p('G'));
    s.port('GATE', 'input', [124, 210], 'L');
    pullDown(s, [134, 210], { fn: 'R_gate_pulldown' });
    s.wire(qp.p('D'), [146, 184], [176, 184], '|', qo.p('G'));
    const roff = s.place('R_D', 164, 178, { fn: 'R_off' });
    s.wire(roff.p(2), [164, 184]);
    s.wire(roff.p(1), [164, 172]);
    s.label('VGATE', [164, 172]);

    // Current sense
    s.frame('Current: 0..500 mA is 0..2.5 V', 200, 116, 316, 154);
    const ci = s.place('AMP', 240, 132, { part: 'OPA333' });
    const cf = s.place('R_R', 216, 130, { part: 'R:1k' });
    s.wire([190, 130], cf.p(1));
    s.label('SENSE', [194, 130]);
    s.wire(cf.p(2), ci.p('+'));
    s.power('+5V', ci.p('V+'));
    s.power('VEE48', ci.p('V-'));
    const rg = s.place('R_L', 220, 146, { fn: 'R_current_gain' });
    const rfb = s.place('R_R', 246, 146, { fn: 'R_current_gain_top' });
    s.wire(ci.p('-'), [230, ci.p('-')[1]], '|', rg.p(1));
    s.power('VEE48', rg.p(2), [-6, 0]);
    s.wire([230, 146], rfb.p(1));
    s.wire(rfb.p(2), [256, 146], '|', ci.p(1));
    const ro1 = s.place('R_R', 268, 132, { part: 'R:1k' });
    s.wire([256, 132], ro1.p(1));
    s.wire(ro1.p(2), [296, 132]);
    toGround(s, [280, 132], { part: 'C:10n' });
    s.port('CURRENT', 'output', [296, 132], 'R');

    // Jack voltage
    s.frame('Jack: 0..64 V (RTN to NEG_OUT) is 0..2.5 V', 200, 157, 316, 198);
    const jv = s.place('AMP', 258, 178, { part: 'OPA333' });
    s.power('+5V', jv.p('V+'));
    s.power('VEE48', jv.p('V-'));
    const rails = [
      [172, 'RTN'],
      [188, 'NEG_OUT'],
    ];
    const ends = rails.map(([y, net]) => {
      const a = s.place('R_R', 222, y, { part: 'RP:1M' });
      const b = s.place('R_R', 233, y, { part: 'RP:1M' });
      s.wire(a.p(2), b.p(1));
      s.wire(a.p(1), [212, y]);
      if (net === 'RTN') s.power('RTN', [212, y]);
      else s.label('NEG_OUT', [208, y]);
      if (net !== 'RTN') s.wire([208, y], [212, y]);
      return b.p(2);
    });
    s.wire(ends[0], [248, 172], '|', jv.p('+'));
    s.wire(ends[1], [248, 188], '|', jv.p('-'));
    const toVee = s.place('R_D', 240, 178, {
      part: 'RP:78k7',
      label: { ref: [-1.4, -0.8], value: [-1.4, 0.9], justify: 'right' },
    });
    s.wire([240, 172], toVee.p(1));
    s.power('VEE48', toVee.p(2));
    const rfj = s.place('R_R', 260, 194, { part: 'RP:78k7' });
    s.wire([248, 188], [248, 194], rfj.p(1));
    s.wire(rfj.p(2), [270, 194], '|', jv.p(1));
    s.wire([270, 178], [296, 178]);
    toGround(s, [280, 178], { part: 'C:10n' });
    s.port('JACK_VOLTS', 'output', [296, 178], 'R');

    decoupling(s, '+5V', 'VEE48', [208, 20], ['C:100n', 'C:100n', 'C:100n', 'C:100n']);
    s.note(
      'OFF BY CONSTRUCTION. The gate conducts only while VGATE is there (e-stop closed), Q_off is held open by PUMP pulses and GATE, and the short latch is clear.\n' +
        'Every floating pin, a dead supply and a dead MCU leave R_gs, R_off and the 100k pull-downs: off. The charge pump passes no direct current: a stuck PUMP is off.',
      [20, 20],
      { size: 1.6 },
    );
    s.note(
      'Margins at 57 V: FET 100 V; bleeder 200 V, 83 mW of 0.5 W; relay contact 6 A for 0.45 A, opens without current in normal use.\nLinear mode: 57 V x 0.424 A = 24 W for the inrush timer (60 ms); proven against the safe operating area in schematics/spice.',
      [20, 30],
      { size: 1.6 },
    );
  },
};
