import { decoupling } from '../blocks.mjs';
import { MCU_LEFT, MCU_RIGHT, mcuPinNumber, pinmap } from '../symbols-board.mjs';

const SHAPE = {
  UART_RX: 'input',
  ESTOP_OK: 'input',
  FREE_A2: 'input',
  FREE_A3: 'input',
  FREE_C5: 'input',
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
const SHIFTED = ['AF_CONNECT', 'AF_HIGH', 'AF_CLASS', 'POL_REVERSE', 'LOOP', 'PGOOD', 'FAULT_N'];

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
    for (const [pin, name] of [
      ['19', 'AF_VOLTS'],
      ['22', 'AF_SENSE'],
    ]) {
      s.wire(u.p(pin), [280, u.p(pin)[1]]);
      s.port(name, 'input', [280, u.p(pin)[1]], 'R');
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

    s.frame('Decoupling, one at each supply pin', 24, 18, 110, 44);
    decoupling(s, '+5V', 'VEE48', [40, 28], ['C:100n', 'C:100n', 'C:100n', 'C:10u']);
    s.frame('Reference of ADC, current limit and thresholds: 2.5 V, 0.2 %', 210, 18, 312, 50);
    const ref = s.place('REF3025', 240, 30, {});
    s.power('+5V', ref.p('IN'), [-8, 0]);
    const cref = s.place('C_D', 268, 37, { part: 'C:1u' });
    s.wire(ref.p('OUT'), [282, 32]);
    s.wire([268, 32], cref.p(1));
    s.power('VREF', [282, 32]);
    s.power('VEE48', cref.p(2));
    s.power('VEE48', ref.p('GND'));

    // Serial programming lines: columns that run down to the header and the shift register
    const mosi = u.p(pinOf('SPI_MOSI'));
    const miso = u.p(pinOf('SPI_MISO'));
    const sck = u.p(pinOf('STATUS_LED'));
    const reset = u.p('29');
    const shift = s.place('SN74HC594', 150, 130, { label: { ref: [10, -2.4], value: [10, -1] } });
    const isp = s.place('ISP', 80, 124, {});
    s.wire(mosi, [130, mosi[1]], '|', shift.p('SER'));
    s.label('SPI_MOSI', [136, mosi[1]]);
    s.wire([130, 128], isp.p('MOSI'));
    s.wire(miso, [126, miso[1]], '|', shift.p('RCLK'));
    s.label('SPI_MISO', [136, miso[1]]);
    s.wire([126, 118], [70, 118], '|', isp.p('MISO'));
    s.wire(sck, [122, sck[1]], '|', shift.p('SRCLK'));
    s.label('STATUS_LED', [133, sck[1]]);
    s.wire([122, 116], [66, 116], '|', isp.p('SCK'));
    s.wire(reset, [134, reset[1]], '|', shift.p('SRCLR_N'));
    s.label('RESET_N', [136, reset[1]]);
    s.wire([134, 138], '|', shift.p('RCLR_N'));
    s.wire([134, 112], [62, 112], '|', isp.p('RESET_N'));
    const pull = s.place('R_D', 100, 106, { part: 'R:10k' });
    s.wire(pull.p(2), [100, 112]);
    s.power('+5V', pull.p(1));
    const creset = s.place('C_D', 48, 117, { part: 'C:100n' });
    s.wire([62, 112], [48, 112], creset.p(1));
    s.power('VEE48', creset.p(2));
    s.power('+5V', isp.p('VCC'), [6, 0]);
    s.power('VEE48', isp.p('GND'), [6, 0]);
    s.note(
      'Programming: service only, with the 48 V supply\nunplugged (the header stands on VEE48).\nRESET_N also clears the shift register.',
      [54, 136],
      { size: 1.3 },
    );

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
    s.power('+5V', shift.p('VCC'));
    s.power('VEE48', shift.p('GND'));
    SHIFTED.forEach((name, i) => {
      const at = shift.p(`Q${'ABCDEFGH'[i]}`);
      s.wire(at, [280, at[1]]);
      s.label(name, [210, at[1]]);
      s.port(name, 'output', [280, at[1]], 'R');
    });
    s.noConnect(shift.p('QH'), shift.p("QH'"));
    s.note(
      'Slow outputs only: no safety line is on this register.\nCleared by RESET_N: with the MCU in reset no af source is on.',
      [180, 152],
      { size: 1.3 },
    );

    s.note(
      'Pin names are those of hardware/pinmap.json; a test compares this sheet with it.\n' +
        'All outputs float in reset: each safety line has its pull-down at the part it drives (GATE, PUMP, SWITCH2, LATCH_CLEAR, DISC_RELAY, FLP_TX).\n' +
        'Fuses: brown-out 4.3 V, watchdog always on, no boot loader. ADC full scale is VREF: CURRENT 500 mA, JACK_VOLTS 64 V.\n' +
        'FREE_A2 / FREE_A3 / FREE_C5 carry FLP_START / PWR_REQ / HEARTBEAT of the discrete interface; without it they are free for the host.',
      [24, 170],
      { size: 1.6 },
    );
  },
};
