import { describe, expect, it } from 'vitest';
import { fingerprints, likenessOf, rankPorts, type SerialPortLook } from '../../src/board/fingerprints.js';

/** What udev says of each kind of port. */
const looks: Readonly<Record<string, SerialPortLook>> = {
  'Raspberry Pi UART': { path: '/dev/ttyAMA0' },
  'Arduino Uno': { path: '/dev/ttyACM0', vendorId: '2341', productId: '0043', serialNumber: '75830303934351D0A1C1' },
  'Arduino Uno (arduino.org)': { path: '/dev/ttyACM1', vendorId: '2a03', productId: '0043' },
  CH340: { path: '/dev/ttyUSB0', vendorId: '1a86', productId: '7523', manufacturer: '1a86' },
  CP210x: { path: '/dev/ttyUSB1', vendorId: '10c4', productId: 'EA60', manufacturer: 'Silicon_Labs' },
  FT232R: { path: '/dev/ttyUSB2', vendorId: '0403', productId: '6001', manufacturer: 'FTDI', serialNumber: 'A50285BI' },
  FT230X: { path: '/dev/ttyUSB3', vendorId: '0403', productId: '6015', manufacturer: 'FTDI' },
};
const ourBridge: SerialPortLook = {
  ...looks.FT230X,
  path: '/dev/ttyUSB9',
  manufacturer: 'Linkpulse',
  serialNumber: 'LP000042',
};

describe('fingerprints', () => {
  it('each row has a port that matches it, and each port its row', () => {
    expect(Object.keys(looks)).toEqual(fingerprints.map(({ name }) => name));
    for (const [name, look] of Object.entries(looks)) expect(likenessOf(look)?.name).toBe(name);
  });

  it.each<[string, SerialPortLook]>([
    ['an old-fashioned port', { path: '/dev/ttyS0' }],
    ['a modem', { path: '/dev/ttyACM5', vendorId: '12d1', productId: '1001', manufacturer: 'Huawei' }],
    ['half of the ids', { path: '/dev/ttyUSB0', vendorId: '1a86', productId: '55d4' }],
  ])('%s is nothing like a board', (_, look) => {
    expect(likenessOf(look)).toBeUndefined();
  });

  it('ids that many products share come last, and say so; a bridge programmed by us comes first', () => {
    const ranked = rankPorts([...Object.values(looks), ourBridge]);
    expect(ranked[0]).toEqual({ path: '/dev/ttyUSB9', name: 'FT230X', isShared: false, score: 90 });
    expect(ranked.slice(-4).map(({ isShared }) => isShared)).toEqual([true, true, true, true]);
    expect(ranked.slice(1, 4).map(({ isShared }) => isShared)).toEqual([false, false, false]);
  });

  it('equals stand in the order of their paths, 9 before 10', () => {
    const paths = ['/dev/ttyUSB10', '/dev/ttyUSB9'].map((path) => ({ ...looks.CH340, path }));
    expect(rankPorts(paths).map(({ path, score }) => [path, score])).toEqual([
      ['/dev/ttyUSB9', 10],
      ['/dev/ttyUSB10', 10],
    ]);
  });
});
