import { connect, type Socket } from 'node:net';
import type { Clock } from '../../timeline/clock.js';
import { sleep } from '../../timeline/wait.js';
import type { PhoneWire } from '../contracts.js';
import { createSocketStack, type Endpoint, type EndpointMap, type SocketStack } from './socket-stack.js';

/** Records on the Unix socket: `u8 type, u16 BE length, bytes`. */
const record = { frame: 1, carrierUp: 2, carrierDown: 3 } as const;
const headerBytes = 3;
/** An Ethernet frame with a tag, and room to spare; a longer record is a broken peer. */
const maxFrameBytes = 1600;
const connectRetryMs = 50;
const connectAttempts = 400;

const loopbackNetwork = 127;
/** Ports below are services and are shifted; ephemeral ones (transfer ids) stay as they are. */
const firstUnshiftedPort = 30_000;

/** Logical a.b.c.d is 127.b.c.d; ports below 30000 are shifted by `portOffset`. */
export const loopbackMap = (ownAddress: string, portOffset: number): EndpointMap => {
  const [ownNetwork = '10'] = ownAddress.split('.');
  /** First octet by what follows it, of every peer spoken to. */
  const networks = new Map<string, string>();
  const ports = new Map<number, number>();
  return {
    toSystem: ({ address, port }: Endpoint) => {
      const [network = ownNetwork, ...rest] = address.split('.');
      const host = rest.join('.');
      networks.set(host, network);
      if (port === 0 || port >= firstUnshiftedPort) return { address: `${loopbackNetwork}.${host}`, port };
      ports.set(port + portOffset, port);
      return { address: `${loopbackNetwork}.${host}`, port: port + portOffset };
    },
    toLogical: ({ address, port }: Endpoint) => {
      const host = address.split('.').slice(1).join('.');
      return { address: `${networks.get(host) ?? ownNetwork}.${host}`, port: ports.get(port) ?? port };
    },
  };
};

/** Records as bytes; `frame` empty for carrier changes. */
export const encodeRecord = (type: number, frame: Uint8Array = new Uint8Array()): Uint8Array => {
  const bytes = new Uint8Array(headerBytes + frame.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint16(1, frame.length);
  bytes.set(frame, headerBytes);
  return bytes;
};

/** Cuts the stream into frames; undefined when it cannot be one of ours (it holds less than one record otherwise). */
export const createRecordReader = (): ((chunk: Uint8Array) => readonly Uint8Array[] | undefined) => {
  let rest: Uint8Array = new Uint8Array();
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const frames: Uint8Array[] = [];
    let at = 0;
    while (bytes.length - at >= headerBytes) {
      const length = view.getUint16(at + 1);
      if (length > maxFrameBytes) return undefined;
      if (bytes.length - at < headerBytes + length) break;
      if (view.getUint8(at) === record.frame) frames.push(bytes.slice(at + headerBytes, at + headerBytes + length));
      at += headerBytes + length;
    }
    rest = bytes.slice(at);
    return frames;
  };
};

const tryConnect = (path: string): Promise<Socket | undefined> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });

const connectPatiently = async (path: string, clock: Clock): Promise<Socket> => {
  for (let attempt = 0; attempt < connectAttempts; attempt += 1) {
    const socket = await tryConnect(path);
    if (socket !== undefined) return socket;
    await sleep(clock, connectRetryMs);
  }
  throw new Error(`nobody listens on ${path}`);
};

/**
 * Frames over the daemon's Unix socket, UDP and TCP over loopback. Where the daemon is not there yet it waits for it;
 * when it is gone the wire is silent.
 */
export const openLimitedWire = async (
  network: { readonly socketPath: string; readonly portOffset: number },
  clock: Clock,
): Promise<PhoneWire> => {
  const socket = await connectPatiently(network.socketPath, clock);
  const listeners = new Set<(frame: Uint8Array) => void>();
  const read = createRecordReader();
  let linkUp = false;
  let stack: SocketStack | undefined;

  socket.on('error', () => {});
  socket.on('data', (chunk: Uint8Array) => {
    const frames = read(chunk);
    if (frames === undefined) socket.destroy();
    if (frames === undefined || !linkUp) return;
    for (const frame of frames) for (const listener of listeners) listener(frame);
  });

  const write = (bytes: Uint8Array): void => {
    if (!socket.destroyed) socket.write(bytes);
  };
  const detach = (): void => {
    stack?.close();
    stack = undefined;
  };

  return {
    kind: 'limited',
    setLink: async (up) => {
      if (up === linkUp) return;
      linkUp = up;
      write(encodeRecord(up ? record.carrierUp : record.carrierDown));
    },
    sendFrame: (frame) => {
      if (linkUp) write(encodeRecord(record.frame, frame));
    },
    onFrame: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    attachIp: async ({ address }) => {
      detach();
      stack = createSocketStack(address, loopbackMap(address, network.portOffset), clock);
      return stack;
    },
    detachIp: async () => detach(),
    close: async () => {
      detach();
      listeners.clear();
      socket.destroy();
    },
  };
};
