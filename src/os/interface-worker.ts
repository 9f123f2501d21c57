/** The thread of `interface-thread.ts`. */
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { BenchError, isBenchError } from '../errors.js';
import { openChangeSocket } from './interface-changes.js';
import type { InterfaceReply, InterfaceRequest } from './interface-thread.js';
import { closeDescriptor } from './libc.js';

const port = parentPort;
if (port === null) throw new Error('interface-worker.ts is a thread');

const socket = openChangeSocket();
const closing: number[] = [];

const reply = (message: InterfaceReply) => port.postMessage(message);

const make = (request: InterfaceRequest & { readonly kind: 'make' }) => {
  try {
    reply({ id: request.id, refusal: socket.make(request.changes) });
  } catch (error) {
    const known = isBenchError(error) ? error : new BenchError('INTERNAL', String(error));
    reply({ id: request.id, refusal: { code: known.code, words: known.detail } });
  }
};

/** Each close waits for the other processors; what is asked meanwhile goes before the next one. */
const closeNext = () => {
  const descriptor = closing.shift();
  if (descriptor === undefined) return;
  closeDescriptor(descriptor);
  if (closing.length > 0) setImmediate(closeNext);
};

port.on('message', (first: InterfaceRequest) => {
  const requests = [first];
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
    requests.push(next.message);
  const leaving: (InterfaceRequest & { readonly kind: 'remove' })[] = [];
  for (const request of requests) {
    if (request.kind === 'make') make(request);
    else if (request.kind === 'remove') leaving.push(request);
    else if (closing.push(request.descriptor) === 1) setImmediate(closeNext);
  }
  // One wait for all that go.
  if (leaving.length === 0) return;
  socket.remove(leaving.flatMap(({ names }) => names));
  for (const { id } of leaving) reply({ id, refusal: undefined });
});
