import type { UdpPeer, UdpPort } from '../network/ip-attachment.js';
import { decodeTftp, encodeTftp, type TftpPacket, tftpErrors } from '../wire/tftp.js';
import { createFactTeller } from './fact-teller.js';
import { createFileStore, type Lookup } from './file-store.js';
import { benchAddresses, type Service, type ServiceContext } from './service.js';
import { fileInMemory, type StoredFile } from './stored-file.js';
import { negotiate } from './tftp-options.js';
import { TftpTransfer } from './tftp-transfer.js';

const requestPort = 69;
const anyFreePort = 0;
/** Each holds three chunks of its file at most. */
const maxTransfers = 128;
/** Text that is converted to netascii stands in memory as a whole. */
const maxNetasciiBytes = 256 * 1024;
/** Bytes of a file name that are told; the rest of a longer one is cut. */
const maxToldName = 128;

type Request = Extract<TftpPacket, { opcode: 'RRQ' | 'WRQ' }>;
type ErrorCode = (typeof tftpErrors)[keyof typeof tftpErrors];

interface Refusal {
  readonly errorCode: ErrorCode;
  readonly reason: string;
}

interface Running {
  readonly request: string;
  /** null while the file is being opened. */
  transfer: TftpTransfer | null;
}

/** RFC 764 line ends: LF as CR LF, a CR of its own as CR NUL. */
const toNetascii = (bytes: Uint8Array): Uint8Array =>
  Buffer.from(
    Buffer.from(bytes)
      .toString('latin1')
      .replace(/\r\n|\r|\n/g, (end) => (end === '\r' ? '\r\0' : '\r\n')),
    'latin1',
  );

const inMode = async (file: StoredFile, mode: string): Promise<StoredFile | undefined> => {
  if (mode === 'octet') return file;
  if (mode !== 'netascii' || file.size > maxNetasciiBytes) return undefined;
  return fileInMemory(file.name, toNetascii(await file.read(0, file.size)));
};

/** Of `tftp-stalls`, where the plan names none. */
const usualStallBlock = 2;

const readableName = (name: string): string => name.slice(0, maxToldName);

/**
 * TFTP, read only: RFC 1350 with options (2347), block size (2348), time-out and transfer size (2349), window (7440).
 * What is missing is refused at once, because a phone waits long for silence. Refusals leave from one port that is neither 69 nor a
 * transfer's.
 */
export const startTftpServer = ({ plan, inForce, ip, clock, faults, tell }: ServiceContext): Service => {
  const teller = createFactTeller('tftp', tell);
  const store = createFileStore(plan, faults, inForce);
  const running = new Map<string, Running>();
  const own = new Set(benchAddresses(plan));
  const addresses = [...new Set([plan.network.benchAddress, ...plan.network.tftpServers])].filter((each) =>
    own.has(each),
  );
  const ports: UdpPort[] = [];
  const stallsAtBlock = plan.tftp.stallAtBlock ?? (faults.has('tftp-stalls') ? usualStallBlock : null);
  let closed = false;

  const bind = (address: string, port: number): UdpPort => {
    const bound = ip.bindUdp({ address, port });
    bound.onError((error) => teller.once('socket-error', error.message, { reason: error.message }));
    return bound;
  };

  const refuse = (port: UdpPort, peer: UdpPeer, errorCode: ErrorCode, errorMessage: string): void => {
    if (!closed) port.send(encodeTftp({ opcode: 'ERROR', errorCode, errorMessage }), peer);
  };

  /** Tells what a frame cannot show of a refusal; says what the frame is to say. */
  const refusalOf = (asked: string, lookup: Exclude<Lookup, { kind: 'found' }>): Refusal => {
    const file = readableName(asked);
    if (lookup.kind === 'outside') {
      teller.once('path-escape-refused', file, { file });
      return { errorCode: tftpErrors.accessViolation, reason: 'Outside the files directory' };
    }
    if (lookup.kind === 'forbidden') {
      teller.once('refuses-on-purpose', file, { file, reason: 'signed files are never served' });
    } else if (lookup.onPurpose !== null) {
      const near = lookup.nearMiss === null ? {} : { nearMiss: lookup.nearMiss };
      teller.once('refuses-on-purpose', file, { file, fault: lookup.onPurpose, ...near });
    } else {
      teller.once('file-missing', file, { file, ...(lookup.nearMiss === null ? {} : { nearMiss: lookup.nearMiss }) });
    }
    return { errorCode: tftpErrors.fileNotFound, reason: 'File not found' };
  };

  /** Opens what is asked for, in the mode asked for. */
  const open = async (request: Request): Promise<StoredFile | Refusal> => {
    const lookup = await store.open(request.fileName);
    if (lookup.kind !== 'found') return refusalOf(request.fileName, lookup);
    const asked = readableName(request.fileName);
    if (lookup.onPurpose !== null) teller.once('lies-on-purpose', asked, { file: asked, fault: lookup.onPurpose });
    if (lookup.caseDiffers) teller.once('name-differs', asked, { asked, served: lookup.file.name });
    const file = await inMode(lookup.file, request.mode.toLowerCase());
    if (file !== lookup.file) await lookup.file.close();
    return file ?? { errorCode: tftpErrors.notDefined, reason: 'Only octet mode here' };
  };

  /** Requests without any acknowledgement are worth least: many of them (spoofed ones) must not shut a phone out. */
  const endOneHalfOpen = (): void => {
    const halfOpen = [...running.values()].find(({ transfer }) => transfer?.isFresh);
    halfOpen?.transfer?.end();
  };

  const startTransfer = (request: Request, file: StoredFile, address: string, peer: UdpPeer, onEnd: () => void) => {
    const transfer = new TftpTransfer({
      file,
      negotiated: negotiate(request.options, file.size, plan.tftp.blockTimeoutMs),
      port: bind(address, anyFreePort),
      peer,
      retries: plan.tftp.retries,
      clock,
      stallsAtBlock,
      onGaveUp: (block) => {
        const name = readableName(request.fileName);
        teller.once('gave-up', name, { file: name, block });
      },
      onEnd,
    });
    transfer.start();
    return transfer;
  };

  const onRead = async (request: Request, peer: UdpPeer, address: string, refusals: UdpPort): Promise<void> => {
    const key = `${address} ${peer.address} ${peer.port}`;
    const asText = JSON.stringify([request.fileName, request.mode, request.options]);
    const before = running.get(key);
    // The same request once more, before anything was acknowledged: our time-out repeats the answer.
    if (before?.request === asText && before.transfer?.isFresh !== false) return;
    before?.transfer?.end();
    if (running.size >= maxTransfers) endOneHalfOpen();
    if (running.size >= maxTransfers) {
      teller.once('too-many-transfers', 'transfers', { limit: maxTransfers });
      return refuse(refusals, peer, tftpErrors.notDefined, 'Too many transfers');
    }
    const mine: Running = { request: asText, transfer: null };
    running.set(key, mine);
    const forget = (): void => {
      if (running.get(key) === mine) running.delete(key);
    };
    try {
      const opened = await open(request);
      if ('reason' in opened) {
        forget();
        refuse(refusals, peer, opened.errorCode, opened.reason);
      } else if (running.get(key) === mine) {
        mine.transfer = startTransfer(request, opened, address, peer, forget);
      } else {
        await opened.close();
      }
    } catch (error) {
      forget();
      teller.once('transfer-failed', request.fileName, { file: readableName(request.fileName), reason: String(error) });
      refuse(refusals, peer, tftpErrors.notDefined, 'The file cannot be served');
    }
  };

  const onRequest = (data: Uint8Array, peer: UdpPeer, address: string, refusals: UdpPort): void => {
    const packet = decodeTftp(data);
    if (packet === undefined || packet.opcode === 'ERROR' || packet.opcode === 'OACK') return;
    if (packet.malformed !== undefined || packet.opcode === 'DATA' || packet.opcode === 'ACK') {
      refuse(refusals, peer, tftpErrors.illegalOperation, 'Illegal TFTP operation');
    } else if (packet.opcode === 'WRQ') {
      teller.once('write-refused', packet.fileName, { file: readableName(packet.fileName) });
      refuse(refusals, peer, tftpErrors.accessViolation, 'Read only');
    } else {
      void onRead(packet, peer, address, refusals);
    }
  };

  for (const address of addresses) {
    const refusals = bind(address, anyFreePort);
    const requests = bind(address, requestPort);
    ports.push(refusals, requests);
    requests.onMessage((data, peer) => onRequest(data, peer, address, refusals));
  }

  return {
    close: async () => {
      closed = true;
      for (const { transfer } of running.values()) transfer?.end();
      running.clear();
      for (const port of ports) port.close();
    },
  };
};
