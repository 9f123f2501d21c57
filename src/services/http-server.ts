import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createFactTeller } from './fact-teller.js';
import { createFileStore, type FileStore } from './file-store.js';
import type { Service, ServiceContext } from './service.js';
import type { StoredFile } from './stored-file.js';

/** A client that is slower than this with its request or its reading is let go. */
const timeouts = { headersMs: 5_000, requestMs: 10_000, idleMs: 15_000, checkEveryMs: 1_000 } as const;
const maxConnections = 128;
const maxHeaderBytes = 8 * 1024;
const chunkBytes = 64 * 1024;
const maxToldName = 128;

const nameOf = (url: string): string | undefined => {
  try {
    return decodeURIComponent(url.split('?', 1)[0] ?? '');
  } catch {
    return undefined;
  }
};

/** One chunk after the other, none before the one before it has left. False: the client went away. */
const sendFile = async (file: StoredFile, response: ServerResponse): Promise<boolean> => {
  for (let offset = 0; offset < file.size && !response.destroyed; ) {
    const chunk = await file.read(offset, Math.min(chunkBytes, file.size - offset));
    if (chunk.length === 0) break;
    offset += chunk.length;
    if (!response.write(chunk)) await new Promise<void>((resolve) => onceDrained(response, resolve));
  }
  response.end();
  return !response.destroyed;
};

const onceDrained = (response: ServerResponse, done: () => void): void => {
  const settle = () => {
    response.off('drain', settle);
    response.off('close', settle);
    done();
  };
  response.on('drain', settle);
  response.on('close', settle);
};

/** The files of the TFTP server over HTTP, read only: newer loads ask here first. Nothing is kept of a request. */
export const startHttpServer = async ({ plan, inForce, ip, faults, tell }: ServiceContext): Promise<Service> => {
  const { httpPort } = plan.tftp;
  if (httpPort === null) return { close: async () => {} };
  const teller = createFactTeller('tftp', tell);
  const store: FileStore = createFileStore(plan, faults, inForce);
  /** With the address at the other end. */
  const connections = new Map<Duplex, string>();
  /** Those with a whole request that is being answered. */
  const answering = new Set<Duplex>();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refuse = (status: number, words: string): void => {
      response.writeHead(status, { 'Content-Type': 'text/plain' });
      response.end(`${words}\n`);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'Read only');
    const name = nameOf(request.url ?? '/');
    if (name === undefined) return refuse(400, 'No readable name');
    const lookup = await store.open(name);
    if (lookup.kind === 'outside') return refuse(403, 'Outside the files directory');
    const asked = name.replace(/^\/+/, '').slice(0, maxToldName);
    const client = connections.get(request.socket) ?? 'unknown';
    if (lookup.kind !== 'found') {
      teller.once('file-missing', asked, { file: asked, over: 'HTTP', client });
      return refuse(404, 'File not found');
    }
    if (lookup.onPurpose !== null) teller.once('lies-on-purpose', asked, { file: asked, fault: lookup.onPurpose });
    if (lookup.caseDiffers) teller.once('name-differs', asked, { asked, served: lookup.file.name });
    try {
      response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': lookup.file.size });
      if (request.method === 'HEAD') response.end();
      else if (await sendFile(lookup.file, response))
        teller.once('file-served', `${client} ${asked}`, {
          file: asked,
          bytes: lookup.file.size,
          over: 'HTTP',
          client,
        });
    } finally {
      await lookup.file.close();
    }
  };

  const server = createServer(
    {
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      connectionsCheckingInterval: timeouts.checkEveryMs,
      maxHeaderSize: maxHeaderBytes,
    },
    (request, response) => {
      answering.add(request.socket);
      answer(request, response)
        .catch((reason: unknown) => {
          teller.once('transfer-failed', 'http', { reason: String(reason) });
          response.destroy();
        })
        .finally(() => answering.delete(request.socket));
    },
  );
  server.timeout = timeouts.idleMs;
  server.on('clientError', (_, socket) => socket.destroy());

  const listener = await ip.listenTcp({ address: plan.network.benchAddress, port: httpPort }, (socket, { address }) => {
    if (connections.size >= maxConnections) {
      // Whoever has not asked yet makes room, the oldest first.
      const idle = [...connections.keys()].find((other) => !answering.has(other));
      (idle ?? socket).destroy();
      if (idle === undefined) return;
      connections.delete(idle);
    }
    connections.set(socket, address);
    socket.on('close', () => connections.delete(socket));
    socket.on('error', () => {});
    // Any stream will do for Node's server, whatever its type says; in limited mode it is a mirrored one.
    server.emit('connection', socket as Socket);
  });
  return {
    close: async () => {
      for (const socket of connections.keys()) socket.destroy();
      await listener.close();
      server.close();
    },
  };
};
