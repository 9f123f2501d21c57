import { decodeTftp, encodeTftp, type TftpPacket, tftpErrors } from '../../wire/tftp.js';
import type { PhoneStack } from '../contracts.js';
import type { Lifetime } from './lifetime.js';
import { Mailbox } from './mailbox.js';
import type { PhoneLog } from './phone-log.js';

const serverPort = 69;
/** RFC 1350: a shorter block is the last one. The phones of this bench ask for no options. */
const blockBytes = 512;
const blockNumbers = 0x10000;
/** Sends of one packet before the transfer is given up. */
const attempts = 4;
/** More than any image of these phones; a server that never ends is given up. */
const maxFileBytes = 16 * 1024 * 1024;

export type TftpOutcome =
  | { readonly kind: 'complete'; readonly data: Uint8Array }
  | { readonly kind: 'error'; readonly errorCode: number; readonly errorMessage: string }
  /** The server stopped answering, or sent more than a phone can hold. */
  | { readonly kind: 'given-up' };

export interface TftpRequest {
  readonly stack: PhoneStack;
  readonly life: Lifetime;
  readonly server: string;
  readonly fileName: string;
  /** Time without an answer after which the last packet is sent again. */
  readonly retryMs: number;
  readonly log: PhoneLog;
}

interface Arrived {
  readonly packet: TftpPacket;
  readonly port: number;
}

/** Reads one file in lock-step (RFC 1350) from a fresh local port; an ERROR is an outcome. Rejects with LifetimeEnded. */
export const fetchFile = async ({ stack, life, server, fileName, retryMs, log }: TftpRequest): Promise<TftpOutcome> => {
  const transfer = life.child();
  try {
    const socket = await life.guard(stack.udp(0));
    transfer.onEnd(() => socket.close());
    const arrivals = new Mailbox<Arrived>(transfer);
    socket.onMessage((bytes, peer) => {
      const packet = peer.address === server ? decodeTftp(bytes) : undefined;
      if (packet !== undefined) arrivals.push({ packet, port: peer.port });
    });
    log('tftp', 'asks', { file: fileName, server });
    const outcome = await receive({ socket, arrivals, server, fileName, retryMs });
    log('tftp', outcome.kind, {
      file: fileName,
      ...(outcome.kind === 'complete' ? { bytes: outcome.data.length } : {}),
      ...(outcome.kind === 'error' ? { code: outcome.errorCode, text: outcome.errorMessage } : {}),
    });
    return outcome;
  } finally {
    transfer.end();
  }
};

const receive = async (options: {
  readonly socket: Awaited<ReturnType<PhoneStack['udp']>>;
  readonly arrivals: Mailbox<Arrived>;
  readonly server: string;
  readonly fileName: string;
  readonly retryMs: number;
}): Promise<TftpOutcome> => {
  const { socket, arrivals, server, fileName, retryMs } = options;
  const blocks: Uint8Array[] = [];
  let bytes = 0;
  let transferPort: number | undefined;
  let unanswered = 0;
  let last: TftpPacket = { opcode: 'RRQ', fileName, mode: 'octet', options: {} };

  const send = (packet: TftpPacket, port = transferPort ?? serverPort): void =>
    socket.send(encodeTftp(packet), server, port);
  const refuse = (errorCode: number, errorMessage: string, port: number): void =>
    send({ opcode: 'ERROR', errorCode, errorMessage }, port);

  send(last);
  for (;;) {
    const arrived = await arrivals.next(retryMs);
    if (arrived === undefined) {
      unanswered += 1;
      if (unanswered >= attempts) return { kind: 'given-up' };
      send(last);
      continue;
    }
    const { packet, port } = arrived;
    if (transferPort !== undefined && port !== transferPort) {
      refuse(tftpErrors.unknownTransfer, 'unknown transfer id', port);
      continue;
    }
    if (packet.opcode === 'ERROR') {
      return { kind: 'error', errorCode: packet.errorCode, errorMessage: packet.errorMessage };
    }
    if (packet.opcode === 'OACK') {
      refuse(tftpErrors.optionRefused, 'no options were asked for', port);
      return { kind: 'given-up' };
    }
    if (packet.opcode !== 'DATA') continue;
    transferPort = port;
    const expected = (blocks.length + 1) % blockNumbers;
    if (packet.block !== expected) {
      // A block seen before: its acknowledgement was lost. Block 1 cannot be one, nothing is acknowledged yet.
      if (blocks.length > 0 && packet.block === blocks.length % blockNumbers) send(last);
      continue;
    }
    bytes += packet.data.length;
    if (bytes > maxFileBytes) {
      refuse(tftpErrors.notDefined, 'file too large', port);
      return { kind: 'given-up' };
    }
    blocks.push(packet.data.slice());
    unanswered = 0;
    last = { opcode: 'ACK', block: packet.block };
    send(last);
    if (packet.data.length < blockBytes) return { kind: 'complete', data: Buffer.concat(blocks) };
  }
};
