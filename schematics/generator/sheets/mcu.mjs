import { decoupling, pullDown } from '../blocks.mjs';
import {
  analogOnly,
  analogPad,
  MCU_LEFT,
  MCU_RIGHT,
  mcuPinNumber,
  pinmap,
  registerOutputs,
} from '../symbols-board.mjs';

const SHAPE = {
  UART_RX: 'input',
  ESTOP_OK: 'input',
  FLP_START: 'input',
  PWR_REQ: 'input',
  HEARTBEAT: 'input',
  UART_TX: 'output',
  FLP_TX: 'output',
  FLP_RX: 'input',
  DISC_RELAY: 'output',
  DISC_READBACK: 'input',
  GATE: 'output',
  PUMP: 'output',
  LATCH_CLEAR: 'output',
  SHORT_N: 'input',
  SWITCH2: 'output',
  CURRENT: 'input',
  JACK_VOLTS: 'input',
};

const pinOf = (name) => mcuPinNumber(pinmap.find((p) => p.name === name));

export const mcu = {
  name: 'mcu',
  number: 4,
  title: 'MCU',
  draw(s) {
    const u = s.place('ATMEGA328P', 148, 60, { label: { ref: [26, -2.4], value: [26, -1] } });
    for (const name of MCU_LEFT.slice(0, 7).filter(Boolean)) {
      const at = u.p(pinOf(name));
      s.wire(at, [34, at[1]]);
      s.label(name, [60, at[1]]);
      s.port(name, SHAPE[name], [34, at[1]], 'L');
    }
    for (const name of MCU_RIGHT.filter(Boolean)) {
      const at = u.p(pinOf(name));
      s.wire(at, [280, at[1]]);
      s.label(name, [210, at[1]]);
      s.port(name, SHAPE[name], [280, at[1]], 'R');
    }
    for (const entry of analogOnly) {
      const at = u.p(analogPad(entry));
      s.wire(at, [280, at[1]]);
      s.label(entry.name, [210, at[1]]);
      s.port(entry.name, 'input', [280, at[1]], 'R');
    }
    // Supplies of the MCU
    for (const pin of ['4', '6', '18']) s.wire(u.p(pin), [u.p(pin)[0], 50], [160, 50]);
    s.power('+5V', [160, 50]);
    for (const pin of ['3', '5', '21']) s.wire(u.p(pin), [u.p(pin)[0], 98], [160, 98]);
    s.power('VEE48', [160, 98]);
    const aref = s.place('C_D', 184, 51, { part: 'C:100n' });
    s.wire(u.p('20'), '|', [184, 46], aref.p(1));
    s.power('VREF', [184, 46]);
    s.power('VEE48', aref.p(2));

    s.frame('Decoupling, one at each supply pin', 24, 18, 116, 44);
    decoupling(s, '+5V', 'VEE48', [40, 28], ['C:100n', 'C:100n', 'C:100n', 'C:100n', 'C:100n', 'C:100n', 'C:10u']);
    s.frame('Reference of ADC, current limit and thresholds: 2.5 V, 0.2 %', 210, 18, 312, 50);
    const ref = s.place('REF3025', 240, 30, {});
    s.power('+5V', ref.p('IN'), [-8, 0]);
    const cref = s.place('C_D', 268, 37, { part: 'C:1u' });
    s.wire(ref.p('OUT'), [282, 32]);
    s.wire([268, 32], cref.p(1));
    s.power('VREF', [282, 32]);
    s.power('VEE48', cref.p(2));
    s.power('VEE48', ref.p('GND'));

    // Serial programming lines: columns that run down to the header and the shift registers
    const mosi = u.p(pinOf('SHIFT_DATA'));
    const miso = u.p(pinOf('SHIFT_LATCH'));
    const sck = u.p(pinOf('STATUS_LED'));
    const reset = u.p('29');
    const registers = [0, 1].map((i) =>
      s.place('SN74HC594', 150, 130 + i * 40, { label: { ref: [10, -2.4], value: [10, -1] } }),
    );
    const isp = s.place('ISP', 80, 124, {});
    s.wire(mosi, [130, mosi[1]], '|', registers[0].p('SER'));
    s.label('SHIFT_DATA', [135, mosi[1]]);
    s.wire([130, 128], isp.p('MOSI'));
    s.wire(registers[0].p("QH'"), [176, registers[0].p("QH'")[1]], [176, 159], [142, 159], '|', registers[1].p('SER'));
    s.wire(miso, [126, miso[1]], '|', registers[0].p('RCLK'));
    s.label('SHIFT_LATCH', [134, miso[1]]);
    s.wire([126, 118], [70, 118], '|', isp.p('MISO'));
    s.wire(sck, [122, sck[1]], '|', registers[0].p('SRCLK'));
    s.label('STATUS_LED', [133, sck[1]]);
    s.wire([122, 116], [66, 116], '|', isp.p('SCK'));
    s.wire([126, registers[0].p('RCLK')[1]], '|', registers[1].p('RCLK'));
    s.wire([122, registers[0].p('SRCLK')[1]], '|', registers[1].p('SRCLK'));
    s.wire(reset, [134, reset[1]], [134, 112]);
    s.label('RESET_N', [136, reset[1]]);
    s.wire([134, 112], [62, 112], '|', isp.p('RESET_N'));
    const pull = s.place('R_D', 100, 106, { part: 'R:10k' });
    s.wire(pull.p(2), [100, 112]);
    s.power('+5V', pull.p(1));
    const creset = s.place('C_D', 48, 117, { part: 'C:100n' });
    s.wire([62, 112], [48, 112], creset.p(1));
    s.power('VEE48', creset.p(2));
    s.power('+5V', isp.p('VCC'), [6, 0]);
    s.power('VEE48', isp.p('GND'), [6, 0]);
    s.note('Programming: service only, with the 48 V supply\nunplugged (the header stands on VEE48).', [54, 136], {
      size: 1.3,
    });

    // Cleared by RESET_N and by pins that float
    s.frame('Registers: cleared by RESET_N, and 4..19 ms after the pins begin to float', 24, 146, 118, 186);
    const pair = s.place('BAT54S_M', 66, 166, { label: { ref: [-2.2, -1], value: [-2.2, 0.8], justify: 'right' } });
    s.wire([40, 156], [66, 156], pair.p('K'));
    s.label('RESET_N', [40, 156]);
    const charge = s.place('R_R', 54, 174, { fn: 'R_alive' });
    s.wire([34, 174], charge.p(1));
    s.label('UART_TX', [34, 174]);
    s.wire(charge.p(2), [66, 174], pair.p('A'));
    pullDown(s, [44, 174]);
    const schmitt = s.place('SCHMITT', 102, 166, { label: { ref: [1.4, -4.2], value: [1, 4.4] } });
    s.wire(pair.p('M'), schmitt.p('A'));
    s.label('ALIVE', [71, 166]);
    const store = s.place('C_D', 78, 171, { fn: 'C_alive' });
    const bleed = s.place('R_D', 90, 171, { fn: 'R_alive_bleed' });
    for (const part of [store, bleed]) {
      s.wire([part.p(1)[0], 166], part.p(1));
      s.power('VEE48', part.p(2));
    }
    s.power('+5V', schmitt.p('VCC'));
    s.power('VEE48', schmitt.p('GND'));
    s.wire(schmitt.p('Y'), [138, 166]);
    s.label('CLEAR_N', [112, 166]);
    for (const register of registers) {
      s.wire([138, 166], '|', register.p('SRCLR_N'));
      s.wire([138, 166], '|', register.p('RCLR_N'));
    }
    s.note(
      'UART_TX idles high while the firmware runs and floats in every reset, its own too\n(watchdog, brown-out): a dead MCU leaves no lamp, line or source on.',
      [52, 180],
      { size: 1.3 },
    );

    s.frame('What floats in reset and stands at no part of its own', 24, 189, 118, 206);
    ['SHIFT_DATA', 'SHIFT_LATCH', 'STATUS_LED'].forEach((name, i) => {
      const x = 40 + i * 26;
      s.wire([x - 6, 194], [x, 194]);
      s.label(name, [x - 6, 194]);
      pullDown(s, [x, 194], { part: 'R:100k' });
    });

    // Crystal
    const y = s.place('XTAL_D', 108, 93, { part: 'XTAL16' });
    const c1 = s.place('C_L', 95, 88, { part: 'C:10p' });
    const c2 = s.place('C_L', 95, 98, { part: 'C:10p' });
    s.wire(u.p('7'), [108, 88], y.p(1));
    s.wire([108, 88], c1.p(1));
    s.wire(u.p('8'), [114, 90], '|', [108, 98], c2.p(1));
    s.wire(y.p(2), [108, 98]);
    s.wire(c1.p(2), [88, 88], [88, 98], c2.p(2));
    s.power('VEE48', [88, 98]);

    // Status light
    const r = s.place('R_L', 85, 82, { part: 'R:1k' });
    const led = s.place('LED_L', 70, 82, { part: 'LED_G' });
    s.wire([122, 82], r.p(1));
    s.wire(r.p(2), led.p(1));
    s.power('VEE48', led.p(2), [-6, 0]);

    // Slow outputs
    registers.forEach((register, i) => {
      s.power('+5V', register.p('VCC'));
      s.power('VEE48', register.p('GND'));
      registerOutputs(i).forEach((name, bit) => {
        const at = register.p(`Q${'ABCDEFGH'[bit]}`);
        if (!name) {
          s.noConnect(at);
          return;
        }
        s.wire(at, [280, at[1]]);
        s.label(name, [210, at[1]]);
        s.port(name, 'output', [280, at[1]], 'R');
      });
    });
    s.noConnect(registers[1].p("QH'"));
    s.note('Slow outputs only: no safety line is on these registers.', [186, 152], { size: 1.3 });

    s.note(
      'Pin and bit names are those of hardware/pinmap.json; a test compares this sheet with it.\n' +
        'Outputs float in reset: each has its pull-down at the part it drives (GATE, PUMP, SWITCH2, LATCH_CLEAR, DISC_RELAY, FLP_TX).\n' +
        'Fuses: brown-out 4.3 V, watchdog always on, no boot loader. ADC full scale is VREF: CURRENT 500 mA, JACK_VOLTS 64 V.',
      [24, 211],
      { size: 1.6 },
    );
  },
};
