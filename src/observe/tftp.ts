import type { FactOf, ObserveFact, ServedConfig } from '../timeline/events.js';
import { prepareXml, readConfig } from '../wire/cnf-xml.js';
import type { Ipv4Packet, UdpDatagram } from '../wire/ipv4.js';
import { decodeTftp, type TftpPacket } from '../wire/tftp.js';
import type { TellMalformed } from './malformed.js';
import { wellKnownPorts } from './ports.js';
import { clip, clipFields, type Seen, type Sighting } from './sighting.js';

const bounds = {
  /** Transfers followed at a time; the oldest is given up for a new one. */
  transfers: 32,
  /** Bytes kept of a configuration file. */
  configBytes: 64 * 1024,
  /** CallManagers told of a configuration file; phones know five. */
  callManagers: 8,
  /** A transfer nobody spoke of for so long is given up. */
  idleUs: 30_000_000,
  progressUs: 1_000_000,
} as const;
/** RFC 1350; RFC 2348 allows 8..65464. */
const blockSizes = { plain: 512, min: 8, max: 65464 } as const;
const blockNumbers = 0x10000;
const halfOfBlockNumbers = 0x8000;

type Request = Extract<TftpPacket, { opcode: 'RRQ' | 'WRQ' }>;
type Outcome = Pick<FactOf<'tftp-end'>, 'outcome' | 'errorCode' | 'errorMessage'>;

/** One read transfer, from its request to its end. Lives in the tracker only. */
interface Transfer {
  readonly id: number;
  readonly client: string;
  readonly clientAddress: string;
  readonly file: string;
  readonly startedUs: number;
  /** The server's transfer id; null until it answers. */
  serverPort: number | null;
  blockSize: number;
  lastBlock: number;
  bytes: number;
  /** Number of the short block that ends the file, once seen. */
  finalBlock: number | null;
  /** What came of a configuration file; null: not one, too large, or a block was missed. */
  content: Uint8Array[] | null;
  toldUs: number | null;
  lastUs: number;
  lastSpeaker: Seen;
}

export interface TftpTracker {
  packet(ipv4: Ipv4Packet, udp: UdpDatagram, sighting: Sighting): readonly ObserveFact[];
  /** Gives up what has been silent too long; to be called with every frame. */
  tick(atUs: number): readonly ObserveFact[];
  end(): readonly ObserveFact[];
}

/**
 * Follows transfers by their ids (RFC 1350 section 4): a request to port 69 opens one for the client's port, whatever
 * port the server answers from. Retransmissions count once, block numbers wrap.
 */
export const createTftpTracker = (parts: {
  readonly tellMalformed: TellMalformed;
  readonly onConfig: (config: ServedConfig) => void;
}): TftpTracker => {
  prepareXml();
  const open = new Map<string, Transfer>();
  let transfers = 0;

  const end = (transfer: Transfer, seen: Seen, atUs: number, outcome: Outcome): ObserveFact => {
    open.delete(transfer.client);
    const config = outcome.outcome === 'complete' ? configOf(transfer) : null;
    if (config !== null) parts.onConfig(config);
    const { id, file, bytes, startedUs } = transfer;
    const durationMs = Math.max(0, Math.round((atUs - startedUs) / 1000));
    return { kind: 'tftp-end', ...seen, transfer: id, file, bytes, durationMs, ...outcome, config };
  };
  const giveUp = (transfer: Transfer, outcome = gaveUp): ObserveFact =>
    end(transfer, transfer.lastSpeaker, transfer.lastUs, outcome);

  const request = (packet: Request, client: string, clientAddress: string, sighting: Sighting): ObserveFact[] => {
    const { seen, atUs } = sighting;
    const file = clip(packet.fileName);
    const facts: ObserveFact[] = [];
    const before = open.get(client);
    if (before !== undefined) {
      if (before.file === file && before.lastBlock <= 1) {
        // Sent again before the first block was heard; a server may take it for another transfer, from another port.
        before.serverPort = null;
        touch(before, sighting);
        return [];
      }
      facts.push(giveUp(before, before.file === file ? askedAgain : gaveUp));
    }
    // The same file from another port: the client has given the first try up.
    for (const other of open.values())
      if (other.clientAddress === clientAddress && other.file === file) facts.push(giveUp(other, askedAgain));
    const oldest = open.size >= bounds.transfers ? open.values().next().value : undefined;
    if (oldest !== undefined) facts.push(giveUp(oldest));
    transfers += 1;
    open.set(client, {
      id: transfers,
      client,
      clientAddress,
      file,
      startedUs: atUs,
      serverPort: null,
      blockSize: blockSizes.plain,
      lastBlock: 0,
      bytes: 0,
      finalBlock: null,
      content: isConfigName(file) ? [] : null,
      toldUs: null,
      lastUs: atUs,
      lastSpeaker: seen,
    });
    const options = clipFields(packet.options);
    facts.push({ kind: 'tftp-request', ...seen, transfer: transfers, file, mode: clip(packet.mode), options });
    return facts;
  };

  const fromServer = (transfer: Transfer, packet: TftpPacket, port: number, sighting: Sighting): ObserveFact[] => {
    if (transfer.serverPort !== null && transfer.serverPort !== port) return [];
    transfer.serverPort = port;
    touch(transfer, sighting);
    const { seen, atUs } = sighting;
    switch (packet.opcode) {
      case 'OACK':
        transfer.blockSize = blockSizeOf(packet.options.blksize);
        return [];
      case 'ERROR':
        return [end(transfer, seen, atUs, errorOf(packet))];
      case 'DATA':
        return takeBlock(transfer, packet.block, packet.data) ? progress(transfer, seen, atUs) : [];
      default:
        return [];
    }
  };

  const fromClient = (transfer: Transfer, packet: TftpPacket, port: number, sighting: Sighting): ObserveFact[] => {
    if (transfer.serverPort !== port) return [];
    touch(transfer, sighting);
    const { seen, atUs } = sighting;
    if (packet.opcode === 'ERROR') return [end(transfer, seen, atUs, errorOf(packet))];
    const isWhole = packet.opcode === 'ACK' && packet.block === transfer.finalBlock;
    return isWhole ? [end(transfer, seen, atUs, complete)] : [];
  };

  return {
    packet: (ipv4, udp, sighting) => {
      const source = `${ipv4.source}:${udp.sourcePort}`;
      const destination = `${ipv4.destination}:${udp.destinationPort}`;
      const isRequest = udp.destinationPort === wellKnownPorts.tftp && !open.has(destination);
      const toClient = open.get(destination);
      const byClient = open.get(source);
      if (!isRequest && toClient === undefined && byClient === undefined) return [];
      const packet = decodeTftp(udp.payload);
      if (packet === undefined) return parts.tellMalformed('tftp', notTftp, sighting.seen);
      if (packet.malformed !== undefined) return parts.tellMalformed('tftp', packet.malformed, sighting.seen);
      if (packet.opcode === 'RRQ') return isRequest ? request(packet, source, ipv4.source, sighting) : [];
      if (packet.opcode === 'WRQ') return [];
      if (toClient !== undefined && packet.opcode !== 'ACK')
        return fromServer(toClient, packet, udp.sourcePort, sighting);
      return byClient === undefined ? [] : fromClient(byClient, packet, udp.destinationPort, sighting);
    },
    tick: (atUs) => {
      if (open.size === 0) return [];
      return [...open.values()].filter(({ lastUs }) => atUs - lastUs > bounds.idleUs).map((each) => giveUp(each));
    },
    end: () => [...open.values()].map((each) => giveUp(each)),
  };
};

const complete: Outcome = { outcome: 'complete', errorCode: null, errorMessage: null };
const gaveUp: Outcome = { outcome: 'gaveUp', errorCode: null, errorMessage: null };
const askedAgain: Outcome = { ...gaveUp, outcome: 'askedAgain' };
const notTftp = { offset: 0, reason: 'no TFTP packet' } as const;

const errorOf = ({ errorCode, errorMessage }: Extract<TftpPacket, { opcode: 'ERROR' }>): Outcome => ({
  outcome: 'error',
  errorCode,
  errorMessage: clip(errorMessage),
});

const touch = (transfer: Transfer, { seen, atUs }: Sighting) => {
  transfer.lastUs = atUs;
  transfer.lastSpeaker = seen;
};

const isConfigName = (file: string): boolean => /\.(xml|cnf)$/i.test(file);

const blockSizeOf = (text: string | undefined): number => {
  const size = Number(text);
  return Number.isInteger(size) && size >= blockSizes.min && size <= blockSizes.max ? size : blockSizes.plain;
};

/** False: seen before, or behind the end. */
const takeBlock = (transfer: Transfer, block: number, data: Uint8Array): boolean => {
  if (transfer.finalBlock !== null) return false;
  // Behind 65535 comes 0, with some servers 1: either is ahead.
  const ahead = (block - transfer.lastBlock + blockNumbers) % blockNumbers;
  if (ahead === 0 || ahead >= halfOfBlockNumbers) return false;
  transfer.lastBlock = block;
  transfer.bytes += data.length;
  if (data.length < transfer.blockSize) transfer.finalBlock = block;
  const fits = transfer.bytes <= bounds.configBytes;
  // A copy: the frame's buffer is not ours.
  if (ahead === 1 && fits) transfer.content?.push(data.slice());
  else transfer.content = null;
  return true;
};

const progress = (transfer: Transfer, seen: Seen, atUs: number): ObserveFact[] => {
  if (transfer.toldUs !== null && atUs - transfer.toldUs < bounds.progressUs) return [];
  transfer.toldUs = atUs;
  return [{ kind: 'tftp-progress', ...seen, transfer: transfer.id, file: transfer.file, bytes: transfer.bytes }];
};

const configOf = ({ content }: Transfer): ServedConfig | null => {
  const config = content === null ? undefined : readConfig(new TextDecoder().decode(Buffer.concat(content)));
  if (config === undefined) return null;
  const callManagers = config.callManagers
    .slice(0, bounds.callManagers)
    .map((manager) => ({ ...manager, address: clip(manager.address) }));
  const { loadInformation, versionStamp, sipTransport } = config;
  return {
    loadInformation: loadInformation === null ? null : clip(loadInformation),
    versionStamp: versionStamp === null ? null : clip(versionStamp),
    sipTransport,
    callManagers,
  };
};
