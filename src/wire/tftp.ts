/** TFTP: RFC 1350 packets, RFC 2347 options. */
import { ByteReader, ByteWriter, type Malformed, malformedOf } from './cursor.js';

export type TftpPacket =
  | {
      readonly opcode: 'RRQ' | 'WRQ';
      readonly fileName: string;
      readonly mode: string;
      /** Names in lower case. */
      readonly options: Readonly<Record<string, string>>;
      readonly malformed?: Malformed;
    }
  | { readonly opcode: 'DATA'; readonly block: number; readonly data: Uint8Array; readonly malformed?: Malformed }
  | { readonly opcode: 'ACK'; readonly block: number; readonly malformed?: Malformed }
  | {
      readonly opcode: 'ERROR';
      readonly errorCode: number;
      readonly errorMessage: string;
      readonly malformed?: Malformed;
    }
  | { readonly opcode: 'OACK'; readonly options: Readonly<Record<string, string>>; readonly malformed?: Malformed };

type Opcode = TftpPacket['opcode'];

const opcodes = { RRQ: 1, WRQ: 2, DATA: 3, ACK: 4, ERROR: 5, OACK: 6 } as const satisfies Record<Opcode, number>;
const opcodeNames: ReadonlyMap<number, Opcode> = new Map(
  Object.entries(opcodes).map(([name, value]) => [value, name as Opcode]),
);

export const tftpErrors = {
  notDefined: 0,
  fileNotFound: 1,
  accessViolation: 2,
  illegalOperation: 4,
  unknownTransfer: 5,
  optionRefused: 8,
} as const;

/** undefined: not TFTP at all (unknown opcode or shorter than 2 bytes). Never throws. */
export function decodeTftp(bytes: Uint8Array): TftpPacket | undefined {
  if (bytes.length < 2) return undefined;
  const reader = new ByteReader(bytes);
  const opcode = opcodeNames.get(reader.u16('opcode'));
  return opcode && readers[opcode](reader);
}

const readers: { readonly [Name in Opcode]: (reader: ByteReader) => TftpPacket } = {
  RRQ: (reader) => readRequest('RRQ', reader),
  WRQ: (reader) => readRequest('WRQ', reader),
  DATA(reader) {
    let block = 0;
    const malformed = malformedOf(() => {
      block = reader.u16('block');
    });
    return { opcode: 'DATA', block, data: reader.rest(), ...(malformed && { malformed }) };
  },
  ACK(reader) {
    let block = 0;
    const malformed = malformedOf(() => {
      block = reader.u16('block');
    });
    return { opcode: 'ACK', block, ...(malformed && { malformed }) };
  },
  /** Some servers leave the message's NUL out; that is read as if it were there. */
  ERROR(reader) {
    let errorCode = 0;
    let errorMessage = '';
    const malformed = malformedOf(() => {
      errorCode = reader.u16('error code');
      errorMessage = reader.paddedText(reader.remaining, 'error message');
    });
    return { opcode: 'ERROR', errorCode, errorMessage, ...(malformed && { malformed }) };
  },
  OACK(reader) {
    const { options, malformed } = readOptions(reader);
    return { opcode: 'OACK', options, ...(malformed && { malformed }) };
  },
};

function readRequest(opcode: 'RRQ' | 'WRQ', reader: ByteReader): TftpPacket {
  let fileName = '';
  let mode = '';
  const malformedNames = malformedOf(() => {
    fileName = reader.nulText('file name');
    mode = reader.nulText('mode');
  });
  if (malformedNames) return { opcode, fileName, mode, options: {}, malformed: malformedNames };
  const { options, malformed } = readOptions(reader);
  return { opcode, fileName, mode, options, ...(malformed && { malformed }) };
}

function readOptions(reader: ByteReader): { options: Readonly<Record<string, string>>; malformed?: Malformed } {
  const pairs: [string, string][] = [];
  const malformed = malformedOf(() => {
    while (reader.remaining > 0) {
      const name = reader.nulText('option name').toLowerCase();
      pairs.push([name, reader.nulText('option value')]);
    }
  });
  // fromEntries defines own properties, so that an option named __proto__ is an option.
  return { options: Object.fromEntries(pairs), ...(malformed && { malformed }) };
}

export function encodeTftp(packet: TftpPacket): Uint8Array {
  const writer = new ByteWriter().u16(opcodes[packet.opcode]);
  switch (packet.opcode) {
    case 'RRQ':
    case 'WRQ':
      return writeOptions(writer.nulText(packet.fileName).nulText(packet.mode), packet.options);
    case 'DATA':
      return writer.u16(packet.block).bytes(packet.data).finish();
    case 'ACK':
      return writer.u16(packet.block).finish();
    case 'ERROR':
      return writer.u16(packet.errorCode).nulText(packet.errorMessage).finish();
    case 'OACK':
      return writeOptions(writer, packet.options);
  }
}

function writeOptions(writer: ByteWriter, options: Readonly<Record<string, string>>): Uint8Array {
  for (const [name, value] of Object.entries(options)) writer.nulText(name).nulText(value);
  return writer.finish();
}
