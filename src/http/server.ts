/**
 * What every HTTP side of ours has, a station's and a plant's: the page's files, tokens, an OpenAPI document, limits on how often
 * somebody may ask. No cross-origin requests.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import rateLimit from '@fastify/rate-limit';
import fastifyStatic from '@fastify/static';
import swagger from '@fastify/swagger';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { BenchError, isBenchError } from '../errors.js';
import type { Clock } from '../timeline/clock.js';
import type { Audit } from './audit.js';
import { strangerIn } from './doors.js';
import { registerSession } from './session.js';
import { apiVersion } from './shapes.js';
import { loadTls, type TlsFiles } from './tls.js';
import { type Identity, mayAct, type Role, type Tokens } from './tokens.js';

/** A folder and the path it is served under; with `files` nothing but these. */
export interface PageFolder {
  readonly prefix: string;
  readonly folder: string;
  readonly files?: readonly string[];
}

export interface ServerParts {
  /** Of the OpenAPI document. */
  readonly title: string;
  readonly version: string;
  readonly clock: Clock;
  readonly tokens: Tokens;
  readonly audit: Audit;
  /** The page's own files first, then those of its libraries. */
  readonly pageFolders: readonly PageFolder[];
  readonly tls?: TlsFiles | undefined;
  /** In small letters: besides this machine's own, by which a proxy with TLS shows it. */
  readonly hostNames?: readonly string[];
  log(text: string, note: { readonly level: 'error' }): void;
  /** HTTP status of each error code that is no fault of ours, besides those that are alike everywhere. */
  readonly statusOf: Readonly<Record<string, number>>;
  /** Requests that are taken however many knock. */
  isAlwaysTaken?(request: { readonly method: string; readonly url: string }): boolean;
  /** Called once: the routes besides session and OpenAPI document. */
  register(routes: FastifyInstance, guard: Guarded): void;
}

export interface HttpSide {
  readonly app: FastifyInstance;
  /** A descriptor of a listening socket, or an address of one's own. */
  listen(where: { readonly descriptor: number } | { readonly host: string; readonly port: number }): Promise<void>;
  close(): Promise<void>;
}

export interface Guarded {
  /** Throws BenchError UNAUTHORISED or FORBIDDEN; told to the audit. `token`: the request's own, where left out. */
  need(request: FastifyRequest, role: Role, token?: string): Identity;
}

const requestsPerMinute = 600;
/** The page has no build step: each load asks for some fifty files, and must not use up what scans need. */
const pageFilesPerMinute = 6_000;
const isOfApi = (url: string): boolean => url.startsWith('/api/') || url === '/metrics';
const wrongTokensPerMinute = 20;
const longestBodyBytes = 64 * 1024;

const statusEverywhere: Readonly<Record<string, number>> = { UNAUTHORISED: 401, FORBIDDEN: 403, USAGE: 400 };

const securityHeaders = (inlineScripts: readonly string[]) => ({
  'content-security-policy': `default-src 'none'; script-src 'self' ${inlineScripts.join(' ')}; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
});

/** Of each inline script of the page (its import map), as a content security policy names it. */
const hashesOfInlineScripts = (folder: string | undefined): readonly string[] => {
  const path = join(folder ?? '', 'index.html');
  if (folder === undefined || !existsSync(path)) return [];
  const scripts = [...readFileSync(path, 'utf8').matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)];
  return scripts.map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
};

const tokenOf = (request: FastifyRequest): string | undefined => {
  const [, bearer] = /^Bearer ([A-Za-z0-9_-]+)$/.exec(request.headers.authorization ?? '') ?? [];
  if (bearer !== undefined) return bearer;
  // A browser's EventSource can send no header.
  const [, cookie] = /(?:^|;\s*)linkpulse=([A-Za-z0-9_-]+)/.exec(request.headers.cookie ?? '') ?? [];
  return cookie;
};

export const createServer = async (parts: ServerParts): Promise<HttpSide> => {
  const { clock, audit } = parts;
  const statusOf: Readonly<Record<string, number>> = { ...statusEverywhere, ...parts.statusOf };
  const https = parts.tls === undefined ? null : loadTls(parts.tls);
  // biome-ignore format: one option a line reads worse
  const app = fastify({ bodyLimit: longestBodyBytes, forceCloseConnections: true, ...(https === null ? {} : { https }) }) as unknown as FastifyInstance;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  const headers = securityHeaders(hashesOfInlineScripts(parts.pageFolders[0]?.folder));
  const wrongTokens = new Map<string, number>();
  const forgetting = clock.every(60_000, () => wrongTokens.clear());

  const need: Guarded['need'] = (request, role, token = tokenOf(request)) => {
    const wrong = wrongTokens.get(request.ip) ?? 0;
    if (wrong >= wrongTokensPerMinute)
      throw new BenchError('UNAUTHORISED', 'too many wrong tokens from here; wait a minute');
    const identity = token === undefined ? undefined : parts.tokens.identify(token);
    if (identity !== undefined && mayAct(identity.role, role)) return identity;
    if (token !== undefined) {
      wrongTokens.set(request.ip, wrong + 1);
      audit({
        action: 'refused',
        who: identity?.name ?? 'nobody',
        from: request.ip,
        detail: { what: request.url, needs: role },
      });
    }
    if (identity !== undefined)
      throw new BenchError('FORBIDDEN', `${identity.name} is ${identity.role}; this needs ${role}`);
    throw new BenchError(
      'UNAUTHORISED',
      token === undefined ? 'no token came with the request' : 'nobody has this token',
    );
  };

  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    void reply.headers(headers);
    const stranger = strangerIn(request.headers, https !== null, parts.hostNames);
    if (stranger !== undefined) throw new BenchError('FORBIDDEN', stranger);
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (isBenchError(error)) {
      return reply
        .status(statusOf[error.code] ?? 500)
        .send({ code: error.code, message: error.message, remedy: error.remedy });
    }
    const status = error.statusCode ?? 500;
    if (status >= 500) parts.log(`HTTP: ${error.stack ?? error.message}`, { level: 'error' });
    const code = status === 429 ? 'TOO_MANY_REQUESTS' : status >= 500 ? 'INTERNAL' : 'USAGE';
    return reply.status(status).send({ code, message: error.message, remedy: 'See /api/v1/openapi.json.' });
  });

  await app.register(rateLimit, {
    max: ({ url }) => (isOfApi(url) ? requestsPerMinute : pageFilesPerMinute),
    keyGenerator: ({ ip, url }) => `${ip} ${isOfApi(url) ? 'API' : 'page'}`,
    timeWindow: '1 minute',
    allowList: (request) => parts.isAlwaysTaken?.(request) ?? false,
  });
  await app.register(swagger, {
    openapi: {
      info: { title: parts.title, version: parts.version },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
  });
  for (const [index, { prefix, folder, files }] of parts.pageFolders.entries()) {
    const allowedPath = (path: string) => files === undefined || files.includes(path.replace(/^\//, ''));
    await app.register(fastifyStatic, {
      root: folder,
      prefix,
      decorateReply: index === 0,
      cacheControl: false,
      allowedPath,
    });
  }
  await app.register(async (routes) => {
    registerSession(routes, parts, { need });
    routes.get(`/api/${apiVersion}/openapi.json`, { schema: { hide: true } }, async (_request, reply) =>
      reply.send(app.swagger()),
    );
    parts.register(routes, { need });
  });

  return {
    app,
    listen: async (where) => {
      if (!('descriptor' in where)) {
        await app.listen({ host: where.host, port: where.port });
        return;
      }
      await app.ready();
      await new Promise<void>((resolve, reject) => {
        app.server.once('error', reject);
        app.server.listen({ fd: where.descriptor }, resolve);
      });
    },
    close: async () => {
      forgetting.cancel();
      // A viewer that does not read, or that has not asked yet, would hold the station up.
      for (const socket of sockets) socket.destroy();
      await app.close();
      // Of a descriptor of ours fastify does not know that it listens.
      if (app.server.listening) await new Promise((resolve) => app.server.close(resolve));
    },
  };
};
