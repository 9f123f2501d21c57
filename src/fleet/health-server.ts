/** `/health`, `/ready` and `/metrics` of a process that has no other page. It tells figures and states, so it asks for no token. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BenchError } from '../errors.js';

export interface HealthParts {
  /** Empty: ready. */
  reasons(): readonly { readonly code: string; readonly message: string }[];
  expose(): Promise<{ readonly text: string; readonly contentType: string }>;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Throws BenchError NETWORK_FAILED: nobody can listen there. */
export const openHealthServer = async (
  where: { readonly host: string; readonly port: number },
  parts: HealthParts,
): Promise<HealthServer> => {
  const server = createServer((request, response) => {
    const answer = (status: number, contentType: string, text: string) =>
      response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(text);
    const json = (status: number, body: object) => answer(status, 'application/json', JSON.stringify(body));
    if (request.method !== 'GET' && request.method !== 'HEAD') json(405, { message: 'only GET' });
    else if (request.url === '/health') json(200, { isAlive: true });
    else if (request.url === '/ready') {
      const reasons = parts.reasons();
      json(reasons.length === 0 ? 200 : 503, { isReady: reasons.length === 0, reasons });
    } else if (request.url === '/metrics')
      parts.expose().then(
        ({ text, contentType }) => answer(200, contentType, text),
        (error: Error) => json(500, { message: error.message }),
      );
    else json(404, { message: 'here are /health, /ready and /metrics' });
  });
  server.maxConnections = 64;
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new BenchError('NETWORK_FAILED', `${where.host}:${where.port}: ${error.message}`, { cause: error })),
    );
    server.listen(where.port, where.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
