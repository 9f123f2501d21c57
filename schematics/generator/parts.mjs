// What is bought: manufacturer numbers and ratings. Passives are made from their value; values that the SPICE decks
// prove come from schematics/spice/values.json by function, so that drawing and proof cannot drift apart.
import { readFileSync } from 'node:fs';

const proven = JSON.parse(readFileSync(new URL('../spice/values.json', import.meta.url), 'utf8')).values;

const SCALES = [
  [1e6, 'M'],
  [1e3, 'k'],
  [1, 'R'],
  [1e-6, 'u'],
  [1e-9, 'n'],
  [1e-12, 'p'],
];

/** 49900 -> '49k9', 1e-7 -> '100n', 42.2 -> '42R2': the letter stands for the point. */
export const engineering = (value) => {
  const [scale, letter] = SCALES.find(([s]) => value >= s * 0.999) ?? SCALES.at(-1);
  const [whole, fraction] = String(Number((value / scale).toPrecision(4))).split('.');
  return `${whole}${letter}${fraction ?? ''}`;
};

const ohms = (text) => {
  const m = /^(\d+)([RkM])(\d*)$/.exec(text);
  if (!m) throw new Error(`not a resistance: ${text}`);
  return Number(`${m[1]}.${m[3] || 0}`) * { R: 1, k: 1e3, M: 1e6 }[m[2]];
};

const resistor = (text) => ({
  value: text,
  description: 'Resistor 1 %',
  mpn: `RC0603FR-07${text.replace('k', 'K')}L`,
  manufacturer: 'Yageo',
  rating: '75 V, 0.1 W, 1 %',
  package: '0603',
});

const E24 = '10 11 12 13 15 16 18 20 22 24 27 30 33 36 39 43 47 51 56 62 68 75 82 91'.split(' ');
/** The maker's code: two digits and the power of ten for a value of the E24 row, else three digits. */
const precision = (text) => {
  const value = ohms(text);
  const exponent = Math.floor(Math.log10(value)) - 2;
  const digits = String(Math.round(value / 10 ** exponent));
  const short = digits.endsWith('0') && E24.includes(digits.slice(0, 2));
  const code = short ? `${digits.slice(0, 2)}${exponent + 1}` : `${digits}${exponent}`;
  return {
    value: text,
    description: 'Thin film resistor 0.1 %',
    mpn: `RG1608P-${code}-B-T5`,
    manufacturer: 'Susumu',
    rating: '100 V, 0.1 W, 0.1 %, 25 ppm/K',
    package: '0603',
  };
};

const CAPACITORS = {
  '10p': ['GRM1885C1H100JA01D', '50 V, C0G, 5 %', '0603'],
  '22p': ['GRM1885C1H220JA01D', '50 V, C0G, 5 %', '0603'],
  '47p': ['GRM1885C1H470JA01D', '50 V, C0G, 5 %', '0603'],
  '100p': ['GRM1885C1H101JA01D', '50 V, C0G, 5 %', '0603'],
  '150p': ['GRM1885C1H151JA01D', '50 V, C0G, 5 %', '0603'],
  '220p': ['GRM1885C1H221JA01D', '50 V, C0G, 5 %', '0603'],
  '330p': ['GRM1885C1H331JA01D', '50 V, C0G, 5 %', '0603'],
  '470p': ['GRM1885C1H471JA01D', '50 V, C0G, 5 %', '0603'],
  '1n': ['GRM1885C1H102JA01D', '50 V, C0G, 5 %', '0603'],
  '10n': ['GRM2195C1H103JA01D', '50 V, C0G, 5 %', '0805'],
  '100n': ['GRM188R71H104KA93D', '50 V, X7R, 10 %', '0603'],
  '1u': ['GRM188R71E105KA12D', '25 V, X7R, 10 %', '0603'],
  '10u': ['GRM31CR71E106KA12L', '25 V, X7R, 10 %', '1206'],
};

const capacitor = (text) => {
  const row = CAPACITORS[text];
  if (!row) throw new Error(`no capacitor ${text}`);
  const [mpn, rating, size] = row;
  return { value: text, description: 'Ceramic capacitor', mpn, manufacturer: 'Murata', rating, package: size };
};

const row = (value, mpn, manufacturer, rating, pack, description) => ({
  value,
  mpn,
  manufacturer,
  rating,
  package: pack,
  description,
});
const PARTS = {
  // supply and barrier
  ITX0505: row(
    'ITX0505SA-H',
    'ITX0505SA-H',
    'XP Power',
    '5 V 1.2 A out, 4.5-9 V in, 3000 VDC',
    'SIP-8',
    'Isolated DC/DC, regulated',
  ),
  ITX0512: row(
    'ITX0512SA-H',
    'ITX0512SA-H',
    'XP Power',
    '12 V 0.5 A out, 4.5-9 V in, 3000 VDC',
    'SIP-8',
    'Isolated DC/DC, regulated',
  ),
  ISO7741F: row(
    'ISO7741FDW',
    'ISO7741FDW',
    'Texas Instruments',
    '5000 Vrms, 8 mm creepage, default low',
    'SOIC-16W',
    'Digital isolator 3/1',
  ),
  ISO7742F: row(
    'ISO7742FDW',
    'ISO7742FDW',
    'Texas Instruments',
    '5000 Vrms, 8 mm creepage, default low',
    'SOIC-16W',
    'Digital isolator 2/2',
  ),
  ISO7721F: row(
    'ISO7721FDWV',
    'ISO7721FDWV',
    'Texas Instruments',
    '5000 Vrms, 8.5 mm creepage, default low',
    'SOIC-8 DWV',
    'Digital isolator 1/1',
  ),
  AQY212EH: row(
    'AQY212EH',
    'AQY212EH',
    'Panasonic',
    '60 V 0.55 A, 5000 Vrms',
    'DIP-4',
    'PhotoMOS relay, normally open',
  ),
  FUSE_1A: row('1 A T', '0452001.MRL', 'Littelfuse', '1 A slow, 125 V DC', 'Nano2', 'Fuse'),
  FUSE_1A5: row('1.5 A T', '045201.5MRL', 'Littelfuse', '1.5 A slow, 125 V DC', 'Nano2', 'Fuse'),
  SMBJ58A: row('SMBJ58A', 'SMBJ58A', 'Littelfuse', '58 V standoff, 93.6 V at 6.4 A', 'DO-214AA', 'TVS diode'),
  SMAJ5A: row('SMAJ5.0A', 'SMAJ5.0A', 'Littelfuse', '5 V standoff, 9.2 V at 43 A', 'DO-214AC', 'TVS diode'),
  SMAJ24A: row('SMAJ24A', 'SMAJ24A', 'Littelfuse', '24 V standoff, 38.9 V at 10 A', 'DO-214AC', 'TVS diode'),
  SS14: row('SS14', 'SS14', 'onsemi', '40 V, 1 A', 'DO-214AC', 'Schottky diode'),
  SS3H10: row('SS3H10', 'SS3H10-E3/57T', 'Vishay', '100 V, 3 A', 'DO-214AB', 'Schottky diode'),
  C_BULK: row('22u 100V', 'EEE-FK2A220P', 'Panasonic', '100 V, 105 C', 'SMD D8', 'Electrolytic capacitor'),
  C_100V: row('100n 100V', 'GRM188R72A104KA35D', 'Murata', '100 V, X7R, 10 %', '0603', 'Ceramic capacitor'),
  TERM2: row('MSTBA 2.5/2-G-5.08', '1757242', 'Phoenix Contact', '320 V, 12 A', 'pitch 5.08 mm', 'Terminal, two pole'),
  // Pi side
  PI_HEADER: row(
    'Raspberry Pi 2x20',
    'SSQ-120-03-T-D',
    'Samtec',
    '3 A per pin',
    '2x20, 2.54 mm',
    'Socket for the Pi header',
  ),
  ESTOP: row(
    'XB5AS8442',
    'XB5AS8442',
    'Schneider Electric',
    '1 NC positively opening, Ui 600 V, DC-13 0.55 A 125 V',
    'panel 22 mm',
    'Emergency stop, trigger action',
  ),
  BUTTON: row('Start', 'B3F-1000', 'Omron', '24 V, 50 mA', '6x6 mm', 'Push button'),
  LED_G: row('green', 'LTST-C190GKT', 'Lite-On', '30 mA', '0603', 'LED'),
  LED_R: row('red', 'LTST-C190KRKT', 'Lite-On', '30 mA', '0603', 'LED'),
  // MCU
  ATMEGA328P: row(
    'ATmega328P-AU',
    'ATMEGA328P-AU',
    'Microchip',
    '5.5 V, 20 MHz, -40..85 C',
    'TQFP-32',
    'Microcontroller',
  ),
  XTAL16: row('16 MHz', 'ABM3B-16.000MHZ-10-1-U-T', 'Abracon', '10 pF, 20 ppm', '5x3.2 mm', 'Crystal'),
  REF3025: row(
    'REF3025',
    'REF3025AIDBZR',
    'Texas Instruments',
    '2.5 V 0.2 %, 50 ppm/K, 25 mA',
    'SOT-23',
    'Voltage reference',
  ),
  HC594: row(
    'SN74HC594D',
    'SN74HC594D',
    'Texas Instruments',
    '6 V, 35 mA',
    'SOIC-16',
    'Shift register, both registers cleared by reset',
  ),
  ISP: row('ISP 2x3', '61300621121', 'Wurth Elektronik', '3 A, 250 V', '2x3, 2.54 mm', 'Pin header'),
  TESTPADS: row('service', '61300211121', 'Wurth Elektronik', '3 A, 250 V', '1x2, 2.54 mm', 'Pin header'),
  BUZZER: row('5 V, own drive', 'CMI-1295-0585T', 'CUI Devices', '5 V, 30 mA, 85 dB', 'THT, 12 mm', 'Buzzer'),
  // link pulses
  LVC1G34: row('SN74LVC1G34DBV', 'SN74LVC1G34DBVR', 'Texas Instruments', '5.5 V, 32 mA', 'SOT-23-5', 'Buffer'),
  LVC1G17: row('SN74LVC1G17DBV', 'SN74LVC1G17DBVR', 'Texas Instruments', '5.5 V, 32 mA', 'SOT-23-5', 'Schmitt buffer'),
  LVC1G32: row('SN74LVC1G32DBV', 'SN74LVC1G32DBVR', 'Texas Instruments', '5.5 V, 32 mA', 'SOT-23-5', 'OR gate'),
  LVC1G3157: row(
    'SN74LVC1G3157',
    'SN74LVC1G3157DBVR',
    'Texas Instruments',
    '5.5 V, 6 ohm',
    'SOT-23-6',
    'Analogue switch, two to one',
  ),
  LVC1G123: row(
    'SN74LVC1G123DCT',
    'SN74LVC1G123DCTR',
    'Texas Instruments',
    '5.5 V, 32 mA',
    'SM8',
    'Monostable, retriggerable',
  ),
  TLV3502: row('TLV3502AID', 'TLV3502AIDR', 'Texas Instruments', '5.5 V, 4.5 ns', 'SOIC-8', 'Dual fast comparator'),
  HX1188: row(
    'HX1188NL',
    'HX1188NL',
    'Pulse Electronics',
    '1500 Vrms, 1CT:1CT twice, 350 uH',
    'SMD-16',
    'LAN transformer',
  ),
  POE_MAG: row(
    '7490220123',
    '7490220123',
    'Wurth Elektronik',
    '1500 Vrms, 4PPoE centre taps',
    'SMD-24',
    'LAN transformer with PoE centre taps',
  ),
  RJ45: row(
    'RJ45',
    '615008144221',
    'Wurth Elektronik',
    '125 V, 1.5 A per contact, 1000 VAC',
    'THT, unshielded',
    'RJ45 jack without magnetics',
  ),
  BAT54S: row('BAT54S', 'BAT54S,215', 'Nexperia', '30 V, 0.2 A', 'SOT-23', 'Schottky diode pair'),
  // power path
  FET: row(
    'PSMN3R7-100BSE',
    'PSMN3R7-100BSEJ',
    'Nexperia',
    '100 V, linear-mode safe operating area',
    'D2PAK',
    'Hot-swap N-channel FET',
  ),
  BSS138: row('BSS138', 'BSS138LT1G', 'onsemi', '50 V, 0.2 A, Vth 0.5-1.5 V', 'SOT-23', 'N-channel FET'),
  BSP296: row('BSP296N', 'BSP296NH6327XTSA1', 'Infineon', '100 V, 1.2 A, Vth 0.8-1.8 V', 'SOT-223', 'N-channel FET'),
  LM321: row('LM321MF', 'LM321MF/NOPB', 'Texas Instruments', '32 V, 1 MHz', 'SOT-23-5', 'Operational amplifier'),
  OPA333: row(
    'OPA333',
    'OPA333AIDBVR',
    'Texas Instruments',
    '5.5 V, 10 uV offset, rail to rail',
    'SOT-23-5',
    'Zero-drift amplifier',
  ),
  OPA197: row(
    'OPA197',
    'OPA197IDBVR',
    'Texas Instruments',
    '36 V, 0.25 mV offset, rail to rail',
    'SOT-23-5',
    'Operational amplifier',
  ),
  TLV3201: row('TLV3201', 'TLV3201AIDBVR', 'Texas Instruments', '5.5 V, 40 ns', 'SOT-23-5', 'Comparator'),
  LVC1G74: row(
    'SN74LVC1G74DCT',
    'SN74LVC1G74DCTR',
    'Texas Instruments',
    '5.5 V, 32 mA',
    'SM8',
    'Flip-flop with preset and clear',
  ),
  SHUNT: row(
    '1R0 0.1%',
    'Y16071R00000B9W',
    'Vishay Foil Resistors',
    '1 W, 0.1 %, 25 ppm/K',
    '2512',
    'Current sense resistor',
  ),
  BLEEDER: row('39k', 'CRCW121039K0FKEA', 'Vishay', '200 V, 0.5 W, 1 %', '1210', 'Bleeder resistor'),
  R_VGATE: row('1k5', 'CRCW12061K50FKEA', 'Vishay', '200 V, 0.25 W, 1 %', '1206', 'Resistor 1 %'),
  D4148: row('1N4148W', '1N4148W-7-F', 'Diodes Inc.', '100 V, 0.3 A', 'SOD-123', 'Switching diode'),
  Z24: row('24V', 'BZT52C24-7-F', 'Diodes Inc.', '24 V 5 %, 0.5 W', 'SOD-123', 'Zener diode'),
  ATL431: row(
    'ATL431B',
    'ATL431BIDBZR',
    'Texas Instruments',
    '36 V, 2.5 V 0.5 %, from 35 uA',
    'SOT-23',
    'Shunt reference',
  ),
  BC846: row('BC846B', 'BC846B,215', 'Nexperia', '65 V, 0.1 A', 'SOT-23', 'NPN transistor'),
  SR2M: row(
    'V23047-A1012-A501',
    'V23047-A1012-A501',
    'TE Connectivity (Schrack SR2M)',
    '6 A 250 V, coil 12 V 0.7 W, guided contacts EN 61810-3',
    'THT',
    'Safety relay 1 NO + 1 NC',
  ),
  G6K: row(
    'G6K-2F-Y DC5',
    'G6K-2F-Y DC5',
    'Omron',
    '1 A, 60 V DC, coil-contact 1500 VAC',
    'SMD-8',
    'Signal relay DPDT',
  ),
  G6S12: row('G6S-2 DC12', 'G6S-2 DC12', 'Omron', '2 A, 220 V DC, coil-contact 2000 VAC', 'THT', 'Telecom relay DPDT'),
  G6S: row('G6S-2 DC5', 'G6S-2 DC5', 'Omron', '2 A, 220 V DC, coil-contact 2000 VAC', 'THT', 'Telecom relay DPDT'),
  R_CLASS: row('7R5', 'RC1206FR-077R5L', 'Yageo', '200 V, 0.25 W, 1 %', '1206', 'Resistor 1 %'),
  R_DROP: row('270R', 'CRCW2512270RFKEG', 'Vishay', '500 V, 1 W, 1 %', '2512', 'Resistor 1 %'),
  R_SENSE10: row(
    '10R',
    'TNPW060310R0BEEA',
    'Vishay',
    '75 V, 0.1 W, 0.1 %, 25 ppm/K',
    '0603',
    'Thin film resistor 0.1 %',
  ),
};

/** What stands behind a symbol; undefined for power symbols. 'R:10k', 'RP:49k9' (0.1 %), 'C:100n' or a name of the table. */
export const partOf = (key) => {
  if (!key) return undefined;
  if (key.startsWith('R:')) return resistor(key.slice(2));
  if (key.startsWith('RP:')) return precision(key.slice(3));
  if (key.startsWith('C:')) return capacitor(key.slice(2));
  if (!PARTS[key]) throw new Error(`no part ${key}`);
  return PARTS[key];
};

/** A proven value in SI units, for notes on the sheets. */
export const provenValue = (name) => proven[name].value;

/** The part for a function that a SPICE deck proves. */
export const provenPart = (name) => {
  const entry = proven[name];
  if (!entry) throw new Error(`schematics/spice/values.json has no ${name}`);
  const text = engineering(entry.value);
  if (entry.unit === 'F') return `C:${text}`;
  return entry.tolerance <= 0.002 ? `RP:${text}` : `R:${text}`;
};
