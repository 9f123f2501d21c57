import type { UdpPeer, UdpPort } from '../network/ip-attachment.js';
import type { Alarm, Clock } from '../timeline/clock.js';
import { decodeTftp, encodeTftp, tftpErrors } from '../wire/tftp.js';
import { BlockSource } from './block-source.js';
import type { StoredFile } from './stored-file.js';
import type { Negotiated } from './tftp-options.js';

const blockNumbers = 0x10000;

export interface TransferOptions {
  readonly file: StoredFile;
  readonly negotiated: Negotiated;
  /** The transfer's own port (RFC 1350 section 4); the transfer closes it. */
  readonly port: UdpPort;
  readonly peer: UdpPeer;
  readonly retries: number;
  readonly clock: Clock;
  /** On purpose: this block and all behind it are never sent; null: all are. */
  readonly stallsAtBlock?: number | null;
  readonly onGaveUp: (block: number) => void;
  readonly onEnd: () => void;
}

/**
 * One read transfer: lock step, or a window of blocks (RFC 7440). In lock step what was sent last is sent again on a
 * time-out only, never because of a repeated acknowledgement (the sorcerer's apprentice, RFC 1123 4.2.3.1). In a window
 * an acknowledgement before its end says what came; the blocks behind it are sent again, and of the same one but once.
 */
export class TftpTransfer {
  readonly #options: TransferOptions;
  readonly #source: BlockSource;
  /** Blocks acknowledged; unlike the numbers on the wire it never wraps. */
  #acknowledged = 0;
  /** Blocks sent and not yet acknowledged. */
  #inFlight = 0;
  /** The OACK waits for its acknowledgement, which is block 0 and is no block (RFC 2347). */
  #isAgreeing = false;
  /** A window is being read or sent. */
  #isBusy = false;
  #lastIsFinal = false;
  /** The window was sent again because of a repeated acknowledgement; a second one changes nothing. */
  #wentBack = false;
  #timeoutsLeft: number;
  #alarm: Alarm | undefined;
  #ended = false;

  constructor(options: TransferOptions) {
    this.#options = options;
    this.#source = new BlockSource(options.file, options.negotiated.blockSize);
    this.#timeoutsLeft = options.retries;
    options.port.onMessage((data, from) => this.#onMessage(data, from));
  }

  /** Nothing was acknowledged yet. */
  get isFresh(): boolean {
    return this.#acknowledged === 0;
  }

  start(): void {
    this.#isAgreeing = Object.keys(this.#options.negotiated.accepted).length > 0;
    this.#send();
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
    if (packet.opcode === 'ACK' && !this.#isBusy) this.#onAck(packet.block);
  }

  #onAck(block: number): void {
    if (this.#isAgreeing) {
      if (block !== 0) return;
      this.#isAgreeing = false;
      this.#goOn();
      return;
    }
    const came = (block - (this.#acknowledged % blockNumbers) + blockNumbers) % blockNumbers;
    if (came > this.#inFlight) return;
    if (came > 0) {
      this.#acknowledged += came;
      if (came === this.#inFlight && this.#lastIsFinal) this.end();
      else this.#goOn();
    } else if (this.#options.negotiated.windowBlocks > 1 && !this.#wentBack) {
      // The window's first block was lost: the client says again what it had before (RFC 7440, 4).
      this.#wentBack = true;
      this.#send();
    }
  }

  #goOn(): void {
    this.#timeoutsLeft = this.#options.retries;
    this.#wentBack = false;
    this.#send();
  }

  /** The OACK, or the window behind what was acknowledged; at once where its blocks are in memory. */
  #send(): void {
    this.#alarm?.cancel();
    const { port, peer, negotiated, clock } = this.#options;
    if (this.#isAgreeing) port.send(encodeTftp({ opcode: 'OACK', options: negotiated.accepted }), peer);
    else {
      const missing = this.#sendWindow();
      if (missing !== undefined) {
        void this.#loadAndSend(missing);
        return;
      }
    }
    this.#alarm = clock.alarm(negotiated.blockTimeoutMs, () => this.#onTimeout());
  }

  /** Returns the first block that must be read first; nothing was sent then. */
  #sendWindow(): number | undefined {
    const { port, peer, negotiated, stallsAtBlock = null } = this.#options;
    const { blockSize, windowBlocks } = negotiated;
    const packets: Uint8Array[] = [];
    this.#lastIsFinal = false;
    while (packets.length < windowBlocks && !this.#lastIsFinal) {
      const index = this.#acknowledged + packets.length;
      const data = this.#source.block(index);
      if (data === undefined) return index;
      packets.push(dataPacket((index + 1) % blockNumbers, data));
      this.#lastIsFinal = data.length < blockSize;
    }
    this.#inFlight = packets.length;
    const sent = stallsAtBlock === null ? packets.length : Math.max(0, stallsAtBlock - 1 - this.#acknowledged);
    for (const packet of packets.slice(0, sent)) port.send(packet, peer);
    return undefined;
  }

  async #loadAndSend(missing: number): Promise<void> {
    this.#isBusy = true;
    try {
      await this.#source.load(missing);
    } catch {
      return this.#fail('The file cannot be read');
    }
    this.#isBusy = false;
    if (!this.#ended) this.#send();
  }

  #onTimeout(): void {
    if (this.#ended) return;
    if (this.#timeoutsLeft === 0) {
      this.#options.onGaveUp(this.#acknowledged + 1);
      this.end();
      return;
    }
    this.#timeoutsLeft -= 1;
    this.#wentBack = false;
    this.#send();
  }

  #fail(reason: string): void {
    if (this.#ended) return;
    const { port, peer, clock } = this.#options;
    port.send(encodeTftp({ opcode: 'ERROR', errorCode: tftpErrors.notDefined, errorMessage: reason }), peer);
    // The port stays for one turn of the loop: a socket closed at once drops what it was just given.
    this.#alarm = clock.alarm(0, () => this.end());
  }
}

const dataOpcode = 3;
const headerBytes = 4;

/** As encodeTftp makes it, in one piece of memory: this is what is sent a hundred thousand times. */
const dataPacket = (block: number, data: Uint8Array): Uint8Array => {
  const packet = Buffer.allocUnsafe(headerBytes + data.length);
  packet.writeUInt16BE(dataOpcode, 0);
  packet.writeUInt16BE(block, 2);
  packet.set(data, headerBytes);
  return packet;
};
