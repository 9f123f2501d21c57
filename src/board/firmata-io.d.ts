/** firmata-io 2.3.0 ships no types: what we use of it. */
declare module 'firmata-io' {
  import type { EventEmitter } from 'node:events';

  export interface FirmataTransport extends EventEmitter {
    write(bytes: Uint8Array | readonly number[]): void;
  }

  export class Firmata extends EventEmitter {
    constructor(transport: FirmataTransport, options?: { reportVersionTimeout?: number });
    readonly firmware: { name?: string; version?: { major: number; minor: number } };
    readonly isReady: boolean;
    /** Handlers live in one table for all boards; `this` is the board that heard the message. */
    sysexResponse(command: number, handler: (this: Firmata, data: number[]) => void): this;
    sysexCommand(message: readonly number[]): this;
    reportVersion(callback: () => void): void;
    queryFirmware(callback: () => void): void;
  }

  const exported: { readonly Firmata: typeof Firmata };
  export default exported;
}
