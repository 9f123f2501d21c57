import type { FactOf, ObserveFact } from '../timeline/events.js';
import type { Ipv4Packet, TcpSegment } from '../wire/ipv4.js';
import type { TellMalformed } from './malformed.js';
import { createSccpStream, looksLikeSccp, type SccpStream } from './sccp-stream.js';
import type { Seen, Sighting } from './sighting.js';
import { beginsLikeSip, type SipStream, type SipWatch } from './sip.js';
import { createTcpStream, type TcpStream } from './tcp-stream.js';

/** Connections followed at a time; the one silent longest is forgotten for a new one. */
const maxConnections = 64;

interface Side {
  readonly stream: TcpStream;
  readonly sccp: SccpStream;
  readonly sip: SipStream;
}

/** One connection, from its SYN (or the first bytes seen) on. Lives in the tracker only. */
interface Connection {
  readonly clientKey: string;
  readonly server: string;
  readonly port: number;
  /** Counts connections in the order in which they began. */
  readonly openedAt: number;
  readonly clientSequence: number | null;
  readonly client: Side;
  readonly callManager: Side;
  phase: 'opening' | 'open' | 'closed';
  /** To a CallManager's port: its connection is told before it has spoken. */
  readonly isExpected: boolean;
  /** `unknown` until its first bytes; `other` is followed no further. */
  speaks: 'sccp' | 'sip' | 'unknown' | 'other';
}

export interface TcpTracker {
  segment(ipv4: Ipv4Packet, tcp: TcpSegment, sighting: Sighting): readonly ObserveFact[];
  end(): readonly ObserveFact[];
}

/**
 * Follows connections towards CallManagers: to a known port, or to any port when the first bytes are SCCP. A handshake
 * seen from its SYN is told as it goes; a connection met half-way only by its messages.
 */
export const createTcpTracker = (parts: {
  readonly tellMalformed: TellMalformed;
  readonly isCallManagerPort: (port: number) => boolean;
  readonly sip: SipWatch;
}): TcpTracker => {
  const { tellMalformed, isCallManagerPort, sip } = parts;
  const connections = new Map<string, Connection>();
  /** One that the same client has opened to the same server since: the end of the one before says nothing any more. */
  const hasSuccessor = ({ clientKey, server, port, openedAt }: Connection): boolean =>
    [...connections.values()].some(
      (other) =>
        other.openedAt > openedAt &&
        other.phase === 'open' &&
        other.server === server &&
        other.port === port &&
        addressOf(other.clientKey) === addressOf(clientKey),
    );
  let opened = 0;

  const open = (key: string, ends: { clientKey: string; server: string; port: number }, sequence: number | null) => {
    const side = (): Side => ({
      stream: createTcpStream(),
      sccp: createSccpStream(ends.server, tellMalformed),
      sip: sip.stream(ends.server, ends.port),
    });
    opened += 1;
    const connection: Connection = {
      ...ends,
      openedAt: opened,
      clientSequence: sequence,
      client: side(),
      callManager: side(),
      phase: sequence === null ? 'open' : 'opening',
      isExpected: isCallManagerPort(ends.port),
      speaks: 'unknown',
    };
    if (sequence !== null) connection.client.stream.synchronise(sequence);
    const oldest = connections.size >= maxConnections ? connections.keys().next().value : undefined;
    if (oldest !== undefined) connections.delete(oldest);
    connections.set(key, connection);
    return connection;
  };

  const carry = (connection: Connection, fromClient: boolean, tcp: TcpSegment, seen: Seen): ObserveFact[] => {
    if (connection.speaks === 'other') return [];
    const side = fromClient ? connection.client : connection.callManager;
    const { chunks, skipped } = side.stream.push(tcp.sequence, tcp.payload);
    if (skipped) {
      side.sccp.restart();
      side.sip.restart();
    }
    return chunks.flatMap((chunk) => {
      const facts: ObserveFact[] = [];
      if (connection.speaks === 'unknown') {
        connection.speaks = tongueOf(chunk, connection.isExpected);
        if (connection.speaks !== 'other' && !connection.isExpected && connection.clientSequence !== null)
          facts.push(tell(connection, 'connected', seen));
      }
      if (connection.speaks === 'sip') return [...facts, ...side.sip.push(chunk, seen)];
      return connection.speaks === 'sccp' ? [...facts, ...side.sccp.push(chunk, seen)] : facts;
    });
  };

  const close = (connection: Connection, state: 'refused' | 'closed', seen: Seen): ObserveFact[] => {
    if (connection.phase === 'closed') return [];
    connection.phase = 'closed';
    if (!isTold(connection)) return [];
    // A phone that lost power keeps no connection; its system may send the old one's FIN again when it is back.
    return [...flush(connection), ...(hasSuccessor(connection) ? [] : [tell(connection, state, seen)])];
  };

  return {
    segment: (ipv4, tcp, { seen }) => {
      const source = `${ipv4.source}:${tcp.sourcePort}`;
      const destination = `${ipv4.destination}:${tcp.destinationPort}`;
      const key = source < destination ? `${source} ${destination}` : `${destination} ${source}`;
      const { syn, ack, fin, rst } = tcp.flags;
      const before = connections.get(key);
      const towards = { clientKey: source, server: ipv4.destination, port: tcp.destinationPort };

      if (syn && !ack) {
        if (before?.phase === 'opening' && before.clientSequence === tcp.sequence) return [];
        const told = before === undefined ? [] : flush(before);
        const connection = open(key, towards, tcp.sequence);
        return isTold(connection) ? [...told, tell(connection, 'connecting', seen)] : told;
      }

      const isAnswer = isCallManagerPort(tcp.sourcePort) && !isCallManagerPort(tcp.destinationPort);
      const backwards = { clientKey: destination, server: ipv4.source, port: tcp.sourcePort };
      const connection =
        before ?? (tcp.payload.length === 0 ? undefined : open(key, isAnswer ? backwards : towards, null));
      if (connection === undefined) return [];
      // The map keeps the order of use: the first one is silent longest.
      connections.delete(key);
      connections.set(key, connection);

      const fromClient = source === connection.clientKey;
      if (syn) {
        if (!fromClient) connection.callManager.stream.synchronise(tcp.sequence);
        return [];
      }
      if (rst) return close(connection, connection.phase === 'opening' && !fromClient ? 'refused' : 'closed', seen);
      const facts: ObserveFact[] = [];
      if (connection.phase === 'opening' && ack) {
        connection.phase = 'open';
        if (isTold(connection)) facts.push(tell(connection, 'connected', seen));
      }
      facts.push(...carry(connection, fromClient, tcp, seen));
      if (fin) facts.push(...close(connection, 'closed', seen));
      return facts;
    },
    end: () => [...connections.values()].flatMap(flush),
  };
};

const addressOf = (key: string): string => key.slice(0, key.lastIndexOf(':'));

const isTold = ({ speaks, isExpected }: Connection): boolean =>
  speaks === 'sccp' || speaks === 'sip' || (speaks === 'unknown' && isExpected);

/** On a CallManager's port what is not SIP is SCCP, however odd it looks. */
const tongueOf = (chunk: Uint8Array, isExpected: boolean): Connection['speaks'] => {
  if (looksLikeSccp(chunk)) return 'sccp';
  if (beginsLikeSip(chunk)) return 'sip';
  return isExpected ? 'sccp' : 'other';
};

const tell = (connection: Connection, state: FactOf<'tcp'>['state'], seen: Seen): ObserveFact => ({
  kind: 'tcp',
  ...seen,
  state,
  server: connection.server,
  port: connection.port,
});

const flush = ({ client, callManager }: Connection): readonly ObserveFact[] => [
  ...client.sccp.flush(),
  ...callManager.sccp.flush(),
];
