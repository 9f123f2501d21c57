import { lowSide, pullDown } from '../blocks.mjs';

// Register output, where its transistor stands, and the light's part; without one: the buzzer
const OUTPUTS = [
  ['LAMP_GREEN', 62, 'LED_G'],
  ['LAMP_RED', 122, 'LED_R'],
  ['BUZZER', 182],
];

export const furniture = {
  name: 'furniture',
  number: 9,
  paper: 'A4',
  title: 'Lamps and buzzer',
  draw(s) {
    s.frame("The host's lamps and buzzer, on the PSE side: behind plastic, never in reach", 16, 20, 218, 96);
    OUTPUTS.forEach(([name, x, light]) => {
      const q = lowSide(s, x, 74);
      s.wire([x - 28, 74], q.p('G'));
      s.port(name, 'input', [x - 28, 74], 'L');
      pullDown(s, [x - 16, 74], { part: 'R:100k' });
      if (light) {
        const r = s.place('R_D', x, 47, { part: 'R:470R' });
        const led = s.place('LED_D', x, 59, {
          part: light,
          label: { ref: [-2, -0.8], value: [-2, 0.9], justify: 'right' },
        });
        s.power('+5V', r.p(1));
        s.wire(r.p(2), led.p(1));
        s.wire(led.p(2), q.p('D'));
        return;
      }
      const buzzer = s.place('BUZZER', x, 55, {});
      const d = s.place('D_U', x + 18, 57, { part: 'D4148' });
      s.power('+5V', buzzer.p(1));
      s.wire(buzzer.p(2), q.p('D'));
      s.wire([x, 64], [x + 18, 64], d.p(1));
      s.power('+5V', d.p(2));
    });
    s.note(
      "These parts stand at the supply's -48 V, as everything on the PSE side. They sit on the board, inside the closed enclosure: the lamps shine\n" +
        'through plastic light pipes, the buzzer sounds through the closed plastic. No wire and no metal of theirs leaves the board; a lamp or buzzer in\n' +
        "a panel or on a lead belongs to the Pi's side (GPIO6 and the header).\n" +
        'Bits 8 to 10 of the shift registers: off after a reset and when the MCU is dead. The bench must not rely on them for safety.',
      [20, 102],
      { size: 1.5 },
    );
  },
};
