import { describe, expect, it } from 'vitest';
import type { UdpPeer, UdpPort } from '../../src/network/ip-attachment.js';
import { fileInMemory, type StoredFile } from '../../src/services/stored-file.js';
import { negotiate } from '../../src/services/tftp-options.js';
import { TftpTransfer } from '../../src/services/tftp-transfer.js';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../src/wire/tftp.js';
import { ManualClock } from './manual-clock.js';

const peer: UdpPeer = { address: '10.110.0.100', port: 49_152 };

/** A port in memory: what the transfer sends waits in `sent`. */
const memoryPort = () => {
  const sent: TftpPacket[] = [];
  let listener: (data: Uint8Array, from: UdpPeer) => void = () => {};
  let closed = false;
  const port: UdpPort = {
    port: 40_000,
    onMessage: (given) => {
      listener = given;
    },
    send: (data) => {
      const packet = decodeTftp(data);
      if (packet !== undefined) sent.push(packet);
    },
    onError: () => {},
    close: () => {
      closed = true;
    },
  };
  return {
    port,
    sent,
    isClosed: () => closed,
    ack: (block: number) => listener(encodeTftp({ opcode: 'ACK', block }), peer),
  };
};

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const start = (file: StoredFile, options: Readonly<Record<string, string>>) => {
  const clock = new ManualClock();
  const wire = memoryPort();
  const transfer = new TftpTransfer({
    file,
    negotiated: negotiate(options, file.size, 500),
    port: wire.port,
    peer,
    retries: 2,
    clock,
    onGaveUp: () => {},
    onEnd: () => {},
  });
  transfer.start();
  return { clock, wire };
};

describe('TFTP transfer', () => {
  it('goes on past block 65535 with block 0 and ends after the last short one', async () => {
    const size = 65_537 * 8 + 3;
    const { wire } = start(fileInMemory('long.bin', new Uint8Array(size)), { blksize: '8' });
    wire.ack(0);
    let bytes = 0;
    for (let count = 1; !wire.isClosed(); count += 1) {
      await nextTurn();
      const packet = wire.sent.at(-1);
      if (packet?.opcode !== 'DATA') throw new Error(`no block ${count}`);
      expect(packet.block).toBe(count % 65_536);
      bytes += packet.data.length;
      wire.ack(packet.block);
    }
    expect(bytes).toBe(size);
  });

  it.each([0, 512, 1024])('ends a file of %i bytes with an empty block', async (size) => {
    const { wire } = start(fileInMemory('even.bin', new Uint8Array(size)), {});
    for (let block = 1; block <= size / 512 + 1; block += 1) {
      await nextTurn();
      expect(wire.sent.at(-1)).toMatchObject({ opcode: 'DATA', block });
      wire.ack(block);
    }
    expect(wire.isClosed()).toBe(true);
    expect(wire.sent.at(-1)).toMatchObject({ data: new Uint8Array() });
  });

  it('ends with error 0 when the file cannot be read any more', async () => {
    const broken: StoredFile = {
      ...fileInMemory('x', new Uint8Array(600)),
      read: () => Promise.reject(new Error('EIO')),
    };
    const { wire, clock } = start(broken, {});
    await nextTurn();
    expect(wire.sent).toMatchObject([{ opcode: 'ERROR', errorCode: 0 }]);
    clock.advance(0);
    expect(wire.isClosed()).toBe(true);
  });

  it('ignores acknowledgements of blocks it has not sent', async () => {
    const { wire } = start(fileInMemory('x', new Uint8Array(2000)), {});
    await nextTurn();
    for (const block of [0, 2, 3, 65_535]) wire.ack(block);
    await nextTurn();
    expect(wire.sent).toHaveLength(1);
  });

  describe('with a window of four (RFC 7440)', () => {
    const blocksSent = (sent: readonly TftpPacket[]) =>
      sent.map((packet) => (packet.opcode === 'DATA' ? packet.block : packet.opcode));
    const begin = async () => {
      const begun = start(fileInMemory('x', new Uint8Array(8 * 9 + 3)), { blksize: '8', windowsize: '4' });
      begun.wire.ack(0);
      await nextTurn();
      return begun;
    };

    it('sends four blocks for each acknowledgement and ends behind the last', async () => {
      const { wire } = await begin();
      for (const block of [4, 8, 10]) wire.ack(block);
      expect(blocksSent(wire.sent)).toEqual(['OACK', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(wire.isClosed()).toBe(true);
    });

    it('goes on behind the last block that came', async () => {
      const { wire } = await begin();
      wire.ack(2);
      expect(blocksSent(wire.sent).slice(5)).toEqual([3, 4, 5, 6]);
    });

    it('sends a window whose first block was lost again, once for any number of acknowledgements', async () => {
      const { wire, clock } = await begin();
      wire.ack(4);
      for (let count = 0; count < 5; count += 1) wire.ack(4);
      expect(blocksSent(wire.sent).slice(5)).toEqual([5, 6, 7, 8, 5, 6, 7, 8]);
      clock.advance(500);
      expect(blocksSent(wire.sent).slice(13)).toEqual([5, 6, 7, 8]);
    });

    it('counts past block 65535', async () => {
      const size = 65_540 * 8 + 3;
      const { wire } = start(fileInMemory('long.bin', new Uint8Array(size)), { blksize: '8', windowsize: '64' });
      wire.ack(0);
      for (let acknowledged = 0; !wire.isClosed(); ) {
        await nextTurn();
        acknowledged = Math.min(acknowledged + 64, 65_541);
        wire.ack(acknowledged % 65_536);
      }
      expect(wire.sent.filter(({ opcode }) => opcode === 'DATA')).toHaveLength(65_541);
    });
  });

  it('never sends the block it stalls at, and gives up in its time', async () => {
    const clock = new ManualClock();
    const wire = memoryPort();
    const file = fileInMemory('x', new Uint8Array(2000));
    const gaveUpAt: number[] = [];
    const options = { port: wire.port, peer, retries: 2, clock, onGaveUp: (at: number) => gaveUpAt.push(at) };
    new TftpTransfer({
      ...options,
      file,
      negotiated: negotiate({}, 2000, 500),
      stallsAtBlock: 3,
      onEnd: () => {},
    }).start();
    await nextTurn();
    wire.ack(1);
    wire.ack(2);
    clock.advance(2000);
    expect(wire.sent.map((packet) => (packet.opcode === 'DATA' ? packet.block : 0))).toEqual([1, 2]);
    expect(gaveUpAt).toEqual([3]);
    expect(wire.isClosed()).toBe(true);
  });
});
