/**
 * What a serial port looks like before anybody speaks to it. Matching only says whom to ask and in which order: ids that many
 * products share are never enough, and whether it is a Linkpulse board is decided by its handshake alone.
 */
export interface SerialPortLook {
  readonly path: string;
  /** Four hex digits, lower case. */
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
  readonly manufacturer?: string | undefined;
  readonly serialNumber?: string | undefined;
}

export interface Fingerprint {
  readonly name: string;
  readonly vendorId?: string;
  readonly productId?: string;
  readonly path?: RegExp;
  /** Sold in a thousand products. */
  readonly isShared: boolean;
}

/** Adding a kind of board is one row here and one in the test. Ids as `lsusb` prints them. */
export const fingerprints: readonly Fingerprint[] = [
  // The board's own header: /dev/serial0 -> ttyAMA0.
  { name: 'Raspberry Pi UART', path: /^\/dev\/ttyAMA\d+$/, isShared: false },
  // Development boards that carry an ATmega328P: the firmware runs on them without the power path.
  { name: 'Arduino Uno', vendorId: '2341', productId: '0043', isShared: false },
  { name: 'Arduino Uno (arduino.org)', vendorId: '2a03', productId: '0043', isShared: false },
  // USB bridges.
  { name: 'CH340', vendorId: '1a86', productId: '7523', isShared: true },
  { name: 'CP210x', vendorId: '10c4', productId: 'ea60', isShared: true },
  { name: 'FT232R', vendorId: '0403', productId: '6001', isShared: true },
  { name: 'FT230X', vendorId: '0403', productId: '6015', isShared: true },
];

/** Whoever programmed the bridge's own memory wrote this into it. */
const ownManufacturer = /linkpulse/i;
const boardSerial = /^LP\d{6}$/;

const points = { ownManufacturer: 50, ownSerial: 30, particularIds: 20, sharedIds: 10 };

export interface Likeness {
  readonly path: string;
  readonly name: string;
  readonly isShared: boolean;
  readonly score: number;
}

/** undefined: nothing like a board; nobody writes a byte to it. */
export const likenessOf = (port: SerialPortLook): Likeness | undefined => {
  const row = fingerprints.find(
    ({ vendorId, productId, path }) =>
      (vendorId === undefined || vendorId === port.vendorId?.toLowerCase()) &&
      (productId === undefined || productId === port.productId?.toLowerCase()) &&
      (path === undefined || path.test(port.path)),
  );
  const isOwnBridge = ownManufacturer.test(port.manufacturer ?? '');
  if (row === undefined && !isOwnBridge) return undefined;
  const score =
    (isOwnBridge ? points.ownManufacturer : 0) +
    (boardSerial.test(port.serialNumber ?? '') ? points.ownSerial : 0) +
    (row === undefined ? 0 : row.isShared ? points.sharedIds : points.particularIds);
  return {
    path: port.path,
    name: row?.name ?? 'Linkpulse bridge',
    isShared: (row?.isShared ?? false) && !isOwnBridge,
    score,
  };
};

/** Most alike first; equals in the order of their paths, so that the order is always the same. */
export const rankPorts = (ports: readonly SerialPortLook[]): readonly Likeness[] =>
  ports
    .map(likenessOf)
    .filter((likeness) => likeness !== undefined)
    .sort((one, other) => other.score - one.score || one.path.localeCompare(other.path, 'en', { numeric: true }));
