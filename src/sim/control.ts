/**
 * The simulator's control socket: one JSON object a line in, `{"command": name}` and what that command wants to know beside
 * it; one answer a line out, in order.
 */
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { BenchError } from '../errors.js';

export type ControlAnswer = Readonly<Record<string, unknown>>;
export type ControlRequest = Readonly<Record<string, unknown>>;
/** A command that cannot make sense of its request throws; the answer says why. */
export type ControlCommands = Readonly<
  Record<string, (request: ControlRequest) => ControlAnswer | Promise<ControlAnswer>>
>;

export interface Control {
  /** Connections open now. */
  readonly holders: number;
  close(): void;
}

const longestLine = 4096;

const answerTo = async (line: string, commands: ControlCommands): Promise<ControlAnswer> => {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch {
    return { ok: false, error: 'not JSON' };
  }
  const name = typeof request === 'object' && request !== null && 'command' in request ? request.command : undefined;
  const command = typeof name === 'string' && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) return { ok: false, error: `unknown command; known: ${Object.keys(commands).join(', ')}` };
  try {
    return { ok: true, ...(await command(request as ControlRequest)) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
};

const serve = (socket: Socket, commands: ControlCommands) => {
  let text = '';
  let answered: Promise<unknown> = Promise.resolve();
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      answered = answered.then(async () => socket.write(`${JSON.stringify(await answerTo(line, commands))}\n`));
    }
    if (text.length > longestLine) socket.destroy();
  });
};

/** @throws BenchError SIMULATOR_FAILED when the socket cannot be made. */
export const startControl = async (path: string, commands: ControlCommands): Promise<Control> => {
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve(socket, commands);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new BenchError('SIMULATOR_FAILED', `no control socket at ${path}: ${cause.message}`, { cause })),
    );
    server.listen(path, resolve);
  });
  return {
    get holders() {
      return sockets.size;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      rmSync(path, { force: true });
    },
  };
};
