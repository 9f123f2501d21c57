import { lowSide, pullDown } from '../blocks.mjs';

// Board port, magnetics' board pin, cable pin, column, jack pin
const LINES = [
  ['BRD12_P', 2, 23, 210, 1],
  ['BRD12_N', 3, 22, 206, 2],
  ['BRD36_P', 5, 20, 202, 3],
  ['BRD36_N', 6, 19, 198, 6],
];

export const polarityAndPairs = {
  name: 'polarity-and-pairs',
  number: 7,
  title: 'Polarity and pairs',
  draw(s) {
    const t = s.place('POE_MAG', 150, 70, {});
    const j = s.place('RJ45_R', 236, 56, {});
    s.note('phone (device under test)', [236, 76.5], { size: 1.3 });
    for (const [port, board, cable, column, pin] of LINES) {
      s.wire([40, t.p(board)[1]], t.p(board));
      s.port(port, 'bidirectional', [40, t.p(board)[1]], 'L');
      s.wire(t.p(cable), [column, t.p(cable)[1]], '|', j.p(pin));
    }
    s.noConnect(...[1, 4, 24, 21, 8, 7, 9, 17, 18, 16, 11, 10, 12, 14, 15, 13].map((n) => t.p(n)));
    s.note('centre taps 24 and 21 stay open:\nrevision A feeds spare pairs only', [160, 31], { size: 1.3 });
    s.note('third and fourth channel unused', [160, 88], { size: 1.3 });

    const k = s.place('G6S', 130, 140, {});
    s.wire([40, k.p(3)[1]], k.p(3));
    s.port('JACK_N', 'input', [40, k.p(3)[1]], 'L');
    s.wire([40, k.p(10)[1]], k.p(10));
    s.port('JACK_P', 'input', [40, k.p(10)[1]], 'L');
    s.wire([106, k.p(10)[1]], '|', [106, k.p(5)[1]], k.p(5));
    s.wire([96, k.p(3)[1]], '|', [96, k.p(8)[1]], k.p(8));
    s.wire(k.p(4), [214, k.p(4)[1]], '|', j.p(5));
    s.wire([214, j.p(4)[1]], j.p(4));
    s.wire([214, j.p(5)[1]], [214, j.p(4)[1]]);
    s.label('PAIR45', [150, k.p(4)[1]]);
    s.wire(k.p(9), [220, k.p(9)[1]], '|', j.p(7));
    s.wire([220, j.p(8)[1]], j.p(8));
    s.label('PAIR78', [150, k.p(9)[1]]);
    s.power('+5V', k.p(1), [-6, 0]);
    const q = lowSide(s, 148, 164);
    s.wire(k.p(12), '-', q.p('D'));
    const d = s.place('D_R', 158, 151, { part: 'D4148', label: { ref: [0, 2.8], value: [0, 4.2] } });
    s.wire([148, 151], d.p(1));
    s.power('+5V', d.p(2), [6, 0]);
    s.wire([40, 164], q.p('G'));
    s.port('POL_REVERSE', 'input', [40, 164], 'L');
    pullDown(s, [80, 164]);

    s.frame('Pairs and polarity', 184, 150, 316, 184);
    const table = [
      ['pairs', 'polarity', 'name', 'this board'],
      ['spare 4,5- 7,8+', 'K701 at rest', 'prestandard default', 'yes'],
      ['spare 4,5+ 7,8-', 'K701 on', '802.3af B', 'yes'],
      ['data 1,2- 3,6+', '-', '802.3af A, MDI-X', 'revision B'],
      ['data 1,2+ 3,6-', '-', '802.3af A, MDI', 'revision B'],
    ];
    table.forEach((cells, i) => {
      cells.forEach((cell, c) => {
        s.note(cell, [187 + [0, 32, 60, 96][c], 156 + i * 3], { size: 1.5, bold: i === 0 });
      });
    });
    s.note('Changed only while the jack reads below 2.8 V; anything else is refused.', [187, 174]);
    s.note(
      'T701 is rated for PoE and 1500 Vrms between its sides: to its left is the board side (no common mode of the jack), to its right the cable.\n' +
        "The spare pairs end at K701 and never reach the Pi's jack (sheet flp-front-end).\n" +
        'Creepage: cable side of T701, J701, K701 and PAIR45/PAIR78 keep 1.5 mm from the board side, 8 mm from GND_PI; K701 contacts 220 V DC for 57 V.',
      [40, 14],
      { size: 1.6 },
    );
  },
};
