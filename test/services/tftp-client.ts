import { decodeTftp, encodeTftp, type TftpPacket } from '../../src/wire/tftp.js';
import { UdpClient } from './udp-client.js';

export interface Heard {
  readonly packet: TftpPacket;
  readonly port: number;
}

/** A TFTP client on a real socket that does one thing at a time, right or wrong. */
export class TftpClient {
  readonly #udp: UdpClient;

  static async open(): Promise<TftpClient> {
    return new TftpClient(await UdpClient.open());
  }

  private constructor(udp: UdpClient) {
    this.#udp = udp;
  }

  get unread(): number {
    return this.#udp.unread;
  }

  raw(bytes: Uint8Array, port: number): Promise<void> {
    return this.#udp.send(bytes, port);
  }

  send(packet: TftpPacket, port: number): Promise<void> {
    return this.#udp.send(encodeTftp(packet), port);
  }

  read(fileName: string, port: number, options: Readonly<Record<string, string>> = {}, mode = 'octet'): Promise<void> {
    return this.send({ opcode: 'RRQ', fileName, mode, options }, port);
  }

  ack(block: number, port: number): Promise<void> {
    return this.send({ opcode: 'ACK', block }, port);
  }

  async next(): Promise<Heard> {
    const { data, port } = await this.#udp.next();
    const packet = decodeTftp(data);
    if (packet === undefined) throw new Error('no TFTP packet');
    return { packet, port };
  }

  async nextData(): Promise<{ readonly block: number; readonly data: Uint8Array; readonly port: number }> {
    const { packet, port } = await this.next();
    if (packet.opcode !== 'DATA') throw new Error(`${packet.opcode} instead of DATA: ${JSON.stringify(packet)}`);
    return { block: packet.block, data: packet.data, port };
  }

  /** A whole file in lock step. */
  async fetch(fileName: string, port: number, options: Readonly<Record<string, string>> = {}, mode = 'octet') {
    await this.read(fileName, port, options, mode);
    const parts: Uint8Array[] = [];
    let blockSize = 512;
    let accepted: Readonly<Record<string, string>> = {};
    for (;;) {
      const { packet, port: tid } = await this.next();
      if (packet.opcode === 'ERROR')
        return { error: packet, accepted, bytes: Buffer.concat(parts), blocks: parts.length };
      if (packet.opcode === 'OACK') {
        accepted = packet.options;
        blockSize = Number(accepted.blksize ?? blockSize);
        await this.ack(0, tid);
        continue;
      }
      if (packet.opcode !== 'DATA') throw new Error(packet.opcode);
      parts.push(packet.data);
      await this.ack(packet.block, tid);
      if (packet.data.length < blockSize) {
        return { error: null, accepted, bytes: Buffer.concat(parts), blocks: parts.length };
      }
    }
  }

  close(): void {
    this.#udp.close();
  }
}
