export const eStop = {
  name: 'e-stop',
  number: 2,
  paper: 'A4',
  title: 'E-stop',
  draw(s) {
    s.frame('Emergency stop loop, Pi side (SELV that an operator may touch)', 16, 20, 218, 96);
    const button = s.place('NC_CONTACT_R', 74, 44, { part: 'ESTOP' });
    const jack = s.place('CONN2', 40, 62, { part: 'TERM2', label: { ref: [0, 7.4], value: [0, 8.9] } });
    s.power('+5V_PI', [32, 44]);
    s.wire([32, 44], button.p(1));
    s.note('in the panel; its pair of wires\nends at the terminal J201', [60, 49], { size: 1.2 });
    // The terminal is electrically across the contact's two wires.
    s.wire(jack.p(1), [56, jack.p(1)[1]], '|', [56, 44]);
    s.wire(jack.p(2), [96, jack.p(2)[1]], '|', [96, 44]);
    s.wire(button.p(2), [190, 44]);
    s.port('ESTOP_5V', 'output', [190, 44], 'R');
    const top = s.place('R_D', 130, 52, { part: 'R:2k' });
    const bottom = s.place('R_D', 130, 66, { part: 'R:3k3' });
    s.wire([130, 44], top.p(1));
    s.wire(top.p(2), bottom.p(1));
    s.power('GND_PI', bottom.p(2));
    s.wire([130, 59], [190, 59]);
    s.port('ESTOP_SENSE', 'output', [190, 59], 'R');
    const r = s.place('R_D', 112, 52, { part: 'R:470R' });
    const led = s.place('LED_D', 112, 64, {
      part: 'LED_G',
      label: { ref: [-2, -0.8], value: [-2, 0.9], justify: 'right' },
    });
    s.wire([112, 44], r.p(1));
    s.wire(r.p(2), led.p(1));
    s.power('GND_PI', led.p(2));
    s.note(
      'ESTOP_5V feeds, besides its light and its read-back:\n  1. the LED of the PhotoMOS that passes the gate supply (VGATE),\n  2. the converter that makes +12V_SAFE: coils of the safety relay and the af relay, gate supply behind the PhotoMOS.\nOpening the contact removes both directly: no MCU, no logic, no firmware in the path. A broken wire is a stop.',
      [20, 78],
    );
    s.note(
      "ESTOP_SENSE (3.1 V closed) crosses the barrier as ESTOP_OK and reaches the Pi's GPIO12 through 10k; it stands before the\nconverter's diode, so that no stored charge delays it. Its divider is low enough that a pin of the Pi driven by mistake,\nhigh or low, does not change what the isolator reads. Firmware only reads it. Release does not restart: the guard latches\nESTOP and wants a fresh discovery.\nThe contact must be normally closed and positively opening (EN 60947-5-1 annex K).",
      [20, 102],
    );
  },
};
