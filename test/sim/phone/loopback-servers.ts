import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { encodeSccp, SccpFramer } from '../../../src/wire/sccp.js';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../../src/wire/tftp.js';
import { testPortOffset } from './memory-wire.js';

const blockBytes = 512;

/** Where a logical address of a test lies on loopback. */
export const onLoopback = (logical: string): string => `127.${logical.split('.').slice(1).join('.')}`;

/** A second octet of this process's own, so that test files may run side by side. */
export const testNetwork = `10.${(process.pid % 200) + 20}.7`;

export interface TestTftpServer {
  readonly asked: string[];
  readonly files: Map<string, Uint8Array>;
  close(): void;
}

/** RFC 1350 without time-outs: what it has it sends, anything else is ERROR 1. */
export const startTftpServer = (logicalAddress: string, files: Map<string, Uint8Array>): Promise<TestTftpServer> =>
  new Promise((resolve, reject) => {
    const asked: string[] = [];
    const transfers = new Set<UdpSocket>();
    const address = onLoopback(logicalAddress);
    const main = createSocket('udp4');
    main.on('error', reject);
    main.on('message', (bytes, peer) => {
      const request = decodeTftp(bytes);
      if (request?.opcode !== 'RRQ') return;
      asked.push(request.fileName);
      const data = files.get(request.fileName);
      const transfer = createSocket('udp4');
      transfers.add(transfer);
      const send = (packet: TftpPacket) => transfer.send(encodeTftp(packet), peer.port, peer.address);
      transfer.bind(0, address, () => {
        if (data === undefined) return send({ opcode: 'ERROR', errorCode: 1, errorMessage: 'File not found' });
        send({ opcode: 'DATA', block: 1, data: data.subarray(0, blockBytes) });
      });
      transfer.on('message', (ack) => {
        const packet = decodeTftp(ack);
        if (packet?.opcode !== 'ACK' || data === undefined) return;
        const from = packet.block * blockBytes;
        if (from <= data.length) {
          send({ opcode: 'DATA', block: packet.block + 1, data: data.subarray(from, from + blockBytes) });
        }
      });
    });
    main.bind(69 + testPortOffset, address, () =>
      resolve({
        asked,
        files,
        close: () => {
          main.close();
          for (const transfer of transfers) transfer.close();
        },
      }),
    );
  });

export type CallManagerBehaviour = 'serve' | 'reject' | 'silent';

export interface TestCallManager {
  /** Message names in the order heard; `connected` for each connection. */
  readonly heard: string[];
  readonly firstBytes: Uint8Array[];
  readonly sockets: Set<Socket>;
  behaviour: CallManagerBehaviour;
  send(name: string, fields?: Readonly<Record<string, string | number>>): void;
  close(): Promise<void>;
}

export const startCallManager = (
  logicalAddress: string,
  options: {
    behaviour?: CallManagerBehaviour;
    keepaliveSeconds?: number;
    secondaryKeepaliveSeconds?: number;
    grantsToken?: boolean;
  } = {},
): Promise<TestCallManager> =>
  new Promise((resolve, reject) => {
    const { keepaliveSeconds = 30, secondaryKeepaliveSeconds = 60 } = options;
    const sockets = new Set<Socket>();
    const heard: string[] = [];
    const firstBytes: Uint8Array[] = [];
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      heard.push('connected');
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      const framer = new SccpFramer();
      socket.once('data', (chunk: Uint8Array) => firstBytes.push(chunk));
      socket.on('data', (chunk: Uint8Array) => {
        for (const { messageName } of framer.push(chunk)) {
          heard.push(messageName);
          if (manager.behaviour === 'silent') continue;
          if (messageName === 'KeepAlive') socket.write(encodeSccp('KeepAliveAck'));
          if (messageName === 'RegisterTokenReq' && options.grantsToken) socket.write(encodeSccp('RegisterTokenAck'));
          if (messageName !== 'Register') continue;
          if (manager.behaviour === 'reject') {
            socket.write(encodeSccp('RegisterReject', { text: 'not here' }));
            continue;
          }
          socket.write(encodeSccp('RegisterAck', { keepaliveSeconds, secondaryKeepaliveSeconds, protocolVersion: 11 }));
          socket.write(encodeSccp('CapabilitiesReq'));
        }
      });
    });
    const manager: TestCallManager = {
      heard,
      firstBytes,
      sockets,
      behaviour: options.behaviour ?? 'serve',
      send: (name, fields) => {
        for (const socket of sockets) socket.write(encodeSccp(name, fields));
      },
      close: () =>
        new Promise((done) => {
          for (const socket of sockets) socket.destroy();
          server.close(() => done());
        }),
    };
    server.on('error', reject);
    server.listen(2000 + testPortOffset, onLoopback(logicalAddress), () => resolve(manager));
  });
