import { decoupling } from '../blocks.mjs';

const BARRIER = 160;

export const supplyAndBarrier = {
  name: 'supply-and-barrier',
  number: 3,
  title: 'Supply and barrier',
  draw(s) {
    s.note('PI SIDE (GND_PI)', [60, 14], { size: 3, bold: true });
    s.note("PSE SIDE (VEE48, the supply's -48 V)", [200, 14], { size: 3, bold: true });
    s.note('1500 Vrms, 8 mm', [163, 14], { size: 1.5, bold: true });
    s.line(BARRIER, 12, BARRIER, 26);
    for (const [a, b] of [
      [51, 58],
      [79, 88],
      [101, 112],
      [121, 132],
      [141, 152],
      [166, 176],
    ])
      s.line(BARRIER, a, BARRIER, b);

    const isolate = (symbol, y, lines) => {
      const u = s.place(symbol, BARRIER - 11, y, { label: { ref: [2, -1], value: [13, -1] } });
      const sides = [
        { rail: '+3V3_PI', ground: 'GND_PI', x: 142, names: ['VCC1', 'EN1'], grounds: ['2', '8'] },
        { rail: '+5V', ground: 'VEE48', x: 178, names: ['VCC2', 'EN2'], grounds: ['9', '15'] },
      ];
      if (symbol !== 'ISO7721F')
        for (const { rail, ground, x, names, grounds } of sides) {
          s.wire(u.p(names[1]), '-', [x, u.p(names[0])[1]], u.p(names[0]));
          s.power(rail, [x, u.p(names[0])[1]]);
          s.wire(u.p(grounds[0]), '-', [x, u.p(grounds[1])[1]], u.p(grounds[1]));
          s.power(ground, [x, u.p(grounds[1])[1]]);
        }
      for (const [host, hostPin, board, boardPin, inward] of lines) {
        s.wire(u.p(hostPin), [34, u.p(hostPin)[1]]);
        s.port(host, inward ? 'input' : 'output', [34, u.p(hostPin)[1]], 'L');
        s.wire(u.p(boardPin), [290, u.p(boardPin)[1]]);
        s.port(board, inward ? 'output' : 'input', [290, u.p(boardPin)[1]], 'R');
      }
      return u;
    };
    isolate('ISO7742F', 30, [
      ['HOST_TXD', 'INA', 'UART_RX', 'OUTA', true],
      ['ESTOP_SENSE', 'INB', 'ESTOP_OK', 'OUTB', true],
      ['HOST_RXD', 'OUTC', 'UART_TX', 'INC', false],
      ['PGOOD_H', 'OUTD', 'PGOOD', 'IND', false],
    ]);
    isolate('ISO7741F', 60, [
      ['HEARTBEAT_H', 'INA', 'HEARTBEAT', 'OUTA', true],
      ['PWR_REQ_H', 'INB', 'PWR_REQ', 'OUTB', true],
      ['FLP_START_H', 'INC', 'FLP_START', 'OUTC', true],
      ['FAULT_N_H', 'OUTD', 'FAULT_N', 'IND', false],
    ]);
    const small = isolate('ISO7721F', 89, [['LOOP_H', 'OUTA', 'LOOP', 'INA', false]]);
    s.power('+3V3_PI', small.p('VCC1'), [-4, 0]);
    s.power('+5V', small.p('VCC2'), [4, 0]);
    s.wire(small.p('INB'), [142, small.p('INB')[1]], [142, small.p('GND1')[1]], small.p('GND1'));
    s.power('GND_PI', [142, small.p('GND1')[1]]);
    s.power('VEE48', small.p('GND2'), [4, 0]);
    s.noConnect(small.p('OUTB'));

    const logic = s.place('ITX0505', BARRIER - 11, 114, { label: { ref: [2, -1], value: [13, -1] } });
    s.power('+5V_PI', logic.p('+VIN'), [-6, 0]);
    s.power('GND_PI', logic.p('-VIN'), [-6, 0]);
    s.power('+5V', logic.p('+VOUT'), [6, 0]);
    s.power('VEE48', logic.p('-VOUT'), [6, 0]);
    const safe = s.place('ITX0512', BARRIER - 11, 134, { label: { ref: [2, -1], value: [13, -1] } });
    const d = s.place('D_R', 110, 136, { part: 'SS14' });
    s.wire([34, 136], d.p(1));
    s.port('ESTOP_5V', 'input', [34, 136], 'L');
    s.wire(d.p(2), safe.p('+VIN'));
    s.flag([132, 136]);
    s.power('GND_PI', safe.p('-VIN'), [-6, 0]);
    const cin = s.place('C_D', 124, 141, { part: 'C:1u' });
    s.wire([124, 136], cin.p(1));
    s.power('GND_PI', cin.p(2));
    s.power('+12V_SAFE', safe.p('+VOUT'), [6, 0]);
    s.power('VEE48', safe.p('-VOUT'), [6, 0]);

    const photo = s.place('AQY212EH', BARRIER, 159, {});
    const r = s.place('R_R', 110, 157, { part: 'R:330R' });
    s.wire([80, 136], '|', [80, 157], r.p(1));
    s.wire(r.p(2), photo.p('A'));
    s.power('GND_PI', photo.p('K'), [-6, 0]);
    s.power('+12V_SAFE', photo.p(4), [14, 0]);
    s.wire(photo.p(3), [208, photo.p(3)[1]]);
    s.flag([196, photo.p(3)[1]]);
    s.port('VGATE', 'output', [208, photo.p(3)[1]], 'R');
    s.note(
      "Gate supply through the PhotoMOS: opens in about 0.1 ms\nwhen the e-stop contact takes ESTOP_5V away, long before\nthe converter's stored energy is gone.",
      [178, 166],
      { size: 1.3 },
    );

    s.frame('48 V supply in', 212, 108, 316, 152);
    const j = s.place('CONN2', 220, 122, { part: 'TERM2' });
    const fuse = s.place('FUSE_R', 242, 124, { part: 'FUSE_1A' });
    const reverse = s.place('D_R', 256, 124, { part: 'SS3H10' });
    s.wire(j.p(1), fuse.p(1));
    s.wire(fuse.p(2), reverse.p(1));
    s.wire(reverse.p(2), [306, 124]);
    s.wire(j.p(2), [234, j.p(2)[1]], '|', [234, 142], [306, 142]);
    const tvs = s.place('TVS_U', 270, 133, { part: 'SMBJ58A' });
    const bulk = s.place('CP_D', 284, 133, { part: 'C_BULK' });
    const c = s.place('C_D', 298, 133, { part: 'C_100V' });
    for (const [p, top, bottom] of [
      [270, tvs.p(2), tvs.p(1)],
      [284, bulk.p(1), bulk.p(2)],
      [298, c.p(1), c.p(2)],
    ]) {
      s.wire([p, 124], top);
      s.wire([p, 142], bottom);
    }
    s.power('RTN', [306, 124]);
    s.power('VEE48', [306, 142]);
    s.flag([264, 124]);
    s.flag([252, 142]);

    s.frame('Decoupling, one at each isolator', 20, 164, 134, 190);
    decoupling(s, '+3V3_PI', 'GND_PI', [32, 174], ['C:100n', 'C:100n', 'C:100n']);
    decoupling(s, '+5V_PI', 'GND_PI', [68, 174], ['C:10u']);
    decoupling(s, '+5V', 'VEE48', [86, 174], ['C:100n', 'C:100n', 'C:100n', 'C:10u']);
    s.note(
      'BARRIER. Only U301-U303, PS301, PS302 and U304 stand across it; every other part lies wholly on one side. Creepage and clearance 8 mm on all layers,\n' +
        'slot under each isolator, no copper, text or mounting hole in the strip. Hipot 1500 Vrms 60 s (2121 V DC) between GND_PI and VEE48.\n' +
        'F suffix: an isolator whose input side has no supply gives LOW: UART_RX break, ESTOP_OK = stop, PWR_REQ = no, HEARTBEAT stands still; towards the Pi LOOP and PGOOD = no, FAULT_N = fault.\n' +
        'F301 1 A slow, in the positive lead: the only one of several boards on one supply that opens for a fault of its own board.\n' +
        'Supply: 44-57 V DC, SELV, isolated from earth and from the Pi; several boards may share it.',
      [20, 194],
      { size: 1.5 },
    );
  },
};
