import type { UdpPeer, UdpPort } from '../network/ip-attachment.js';
import type { Alarm, Clock } from '../timeline/clock.js';
import { decodeTftp, encodeTftp, tftpErrors } from '../wire/tftp.js';
import type { StoredFile } from './stored-file.js';

/** RFC 2348 and 2349 bounds; `servedBlockSize` fits an Ethernet frame, so that no block is ever fragmented. */
const optionLimits = {
  minBlockSize: 8,
  maxBlockSize: 65464,
  servedBlockSize: 1428,
  minTimeoutSeconds: 1,
  maxTimeoutSeconds: 255,
} as const;
const plainBlockSize = 512;
const blockNumbers = 0x10000;
const millisecondsPerSecond = 1000;

export interface Negotiated {
  readonly blockSize: number;
  readonly blockTimeoutMs: number;
  /** What the OACK says; empty: no OACK, block 1 follows the request at once (RFC 2347). */
  readonly accepted: Readonly<Record<string, string>>;
}

const integerIn = (text: string | undefined, min: number, max: number): number | undefined => {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
};

/** Options that are unknown or out of bounds are left out, as if they had not been asked for (RFC 2347). */
export const negotiate = (
  options: Readonly<Record<string, string>>,
  fileSize: number,
  planTimeoutMs: number,
): Negotiated => {
  const { blksize, timeout, tsize } = options;
  const blockSize = integerIn(blksize, optionLimits.minBlockSize, optionLimits.maxBlockSize);
  const timeoutSeconds = integerIn(timeout, optionLimits.minTimeoutSeconds, optionLimits.maxTimeoutSeconds);
  const served = blockSize === undefined ? plainBlockSize : Math.min(blockSize, optionLimits.servedBlockSize);
  return {
    blockSize: served,
    blockTimeoutMs: timeoutSeconds === undefined ? planTimeoutMs : timeoutSeconds * millisecondsPerSecond,
    accepted: {
      ...(blockSize === undefined ? {} : { blksize: String(served) }),
      ...(timeoutSeconds === undefined ? {} : { timeout: String(timeoutSeconds) }),
      ...(tsize === undefined ? {} : { tsize: String(fileSize) }),
    },
  };
};

export interface TransferOptions {
  readonly file: StoredFile;
  readonly negotiated: Negotiated;
  /** The transfer's own port (RFC 1350 section 4); the transfer closes it. */
  readonly port: UdpPort;
  readonly peer: UdpPeer;
  readonly retries: number;
  readonly clock: Clock;
  readonly onGaveUp: (block: number) => void;
  readonly onEnd: () => void;
}

/**
 * One read transfer, lock step. What was sent last is sent again on a time-out only, never because of a repeated
 * acknowledgement (the sorcerer's apprentice, RFC 1123 4.2.3.1). Holds one block, whatever the file's size.
 */
export class TftpTransfer {
  readonly #options: TransferOptions;
  /** Blocks acknowledged, and so the offset in blocks of the one under way; unlike the number on the wire it never wraps. */
  #acknowledged = 0;
  /** Number whose acknowledgement carries the transfer on; null while a block is being read. */
  #awaited: number | null = null;
  #last: Uint8Array = new Uint8Array();
  #lastIsFinal = false;
  #timeoutsLeft: number;
  #alarm: Alarm | undefined;
  #ended = false;

  constructor(options: TransferOptions) {
    this.#options = options;
    this.#timeoutsLeft = options.retries;
    options.port.onMessage((data, peer) => this.#onMessage(data, peer));
    options.port.onError(() => {});
  }

  /** True until the peer has acknowledged anything: a repeated request then changes nothing. */
  get isFresh(): boolean {
    return this.#acknowledged === 0;
  }

  start(): void {
    const { accepted } = this.#options.negotiated;
    if (Object.keys(accepted).length === 0) {
      void this.#sendBlock();
      return;
    }
    this.#send(encodeTftp({ opcode: 'OACK', options: accepted }), 0);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#alarm?.cancel();
    this.#options.port.close();
    this.#options.file.close().catch(() => {});
    this.#options.onEnd();
  }

  #onMessage(data: Uint8Array, from: UdpPeer): void {
    if (this.#ended) return;
    const { peer, port } = this.#options;
    const packet = decodeTftp(data);
    if (packet === undefined) return;
    if (from.address !== peer.address || from.port !== peer.port) {
      // A stranger is told so and disturbs nobody; an ERROR is never answered.
      if (packet.opcode === 'ERROR') return;
      port.send(
        encodeTftp({ opcode: 'ERROR', errorCode: tftpErrors.unknownTransfer, errorMessage: 'Unknown transfer ID' }),
        from,
      );
      return;
    }
    if (packet.malformed !== undefined) return;
    if (packet.opcode === 'ERROR') this.end();
    if (packet.opcode === 'ACK' && packet.block === this.#awaited) this.#onAwaited(packet.block);
  }

  #onAwaited(block: number): void {
    this.#awaited = null;
    this.#alarm?.cancel();
    this.#timeoutsLeft = this.#options.retries;
    // The OACK is acknowledged as block 0, and is no block (RFC 2347); a wrapped block 0 comes later.
    if (block !== 0 || this.#acknowledged > 0) this.#acknowledged += 1;
    if (this.#lastIsFinal) this.end();
    else void this.#sendBlock();
  }

  async #sendBlock(): Promise<void> {
    const { file, negotiated } = this.#options;
    const { blockSize } = negotiated;
    const number = (this.#acknowledged + 1) % blockNumbers;
    let data: Uint8Array;
    try {
      data = await file.read(this.#acknowledged * blockSize, blockSize);
    } catch {
      return this.#fail('The file cannot be read');
    }
    if (this.#ended) return;
    this.#lastIsFinal = data.length < blockSize;
    this.#send(encodeTftp({ opcode: 'DATA', block: number, data }), number);
  }

  #send(packet: Uint8Array, awaited: number): void {
    this.#last = packet;
    this.#awaited = awaited;
    this.#transmit();
  }

  #transmit(): void {
    const { port, peer, clock, negotiated } = this.#options;
    port.send(this.#last, peer);
    this.#alarm = clock.alarm(negotiated.blockTimeoutMs, () => this.#onTimeout());
  }

  #onTimeout(): void {
    if (this.#ended) return;
    if (this.#timeoutsLeft === 0) {
      this.#options.onGaveUp(this.#acknowledged + 1);
      this.end();
      return;
    }
    this.#timeoutsLeft -= 1;
    this.#transmit();
  }

  #fail(reason: string): void {
    if (this.#ended) return;
    const { port, peer, clock } = this.#options;
    port.send(encodeTftp({ opcode: 'ERROR', errorCode: tftpErrors.notDefined, errorMessage: reason }), peer);
    // The port stays for one turn of the loop: a socket closed at once drops what it was just given.
    this.#alarm = clock.alarm(0, () => this.end());
  }
}
