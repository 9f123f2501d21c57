import type { Malformed } from './cdp.js';
export type TftpPacket =
  | {
      readonly opcode: 'RRQ' | 'WRQ';
      readonly fileName: string;
      readonly mode: string;
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
/** undefined: not TFTP at all (unknown opcode or shorter than 2 bytes). Never throws. */
export declare function decodeTftp(bytes: Uint8Array): TftpPacket | undefined;
export declare function encodeTftp(packet: TftpPacket): Uint8Array;
export declare const tftpErrors: {
  readonly notDefined: 0;
  readonly fileNotFound: 1;
  readonly accessViolation: 2;
  readonly illegalOperation: 4;
  readonly unknownTransfer: 5;
  readonly optionRefused: 8;
};
