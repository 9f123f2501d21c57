import type { Duplex } from 'node:stream';
import type { IpAttachment, UdpPeer } from '../network/ip-attachment.js';
import type { Alarm, Clock } from '../timeline/clock.js';
import type { FactTeller } from './fact-teller.js';
import type { Service } from './service.js';

/**
 * Each connection holds at most one unfinished message of its protocol and what its peer has not read; so a CallManager
 * with SCCP holds 24 MiB at worst. 500 phones with a standby connection each fit.
 */
export const talkBounds = { connections: 1024, unsentBytes: 16 * 1024 } as const;

/** What came of bytes of the stream, in any pieces. */
export interface TalkAnswer {
  /** Bytes to send out, those of all messages of one piece together. */
  readonly reply: Uint8Array;
  /** Whole messages heard. */
  readonly messages: number;
  /** The stream cannot be read any further, and why. */
  readonly garbage: string | null;
}

/** One connection's conversation, without the socket. */
export interface Talk {
  /** null: not registered; such a connection makes room for others when there are too many. */
  readonly deviceName: string | null;
  push(chunk: Uint8Array): TalkAnswer;
}

export interface TalksOptions {
  readonly ip: IpAttachment;
  readonly clock: Clock;
  readonly teller: FactTeller;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Without a whole message for so long a connection is dropped. */
  readonly silenceMs: number;
  /** Every answer comes so late. */
  readonly delayMs: number;
  /** `write`: bytes nobody asked for, at once. */
  createTalk(write: (bytes: Uint8Array) => void, peer: UdpPeer): Talk;
}

interface Connection {
  readonly talk: Talk;
  end(): void;
}

/** TCP conversations on one address and port, many at once, none of them able to hold more than its share. */
export const serveTalks = async (options: TalksOptions): Promise<Service> => {
  const { ip, clock, teller, name, address, port, silenceMs, delayMs, createTalk } = options;
  /** In the order they came. */
  const connections = new Set<Connection>();

  /** Room for a newcomer: of the connections that never registered the oldest goes. False: all belong to phones. */
  const makeRoom = (): boolean => {
    if (connections.size < talkBounds.connections) return true;
    teller.once('too-many-connections', name, { server: address, limit: talkBounds.connections });
    for (const connection of connections) {
      if (connection.talk.deviceName !== null) continue;
      connection.end();
      return true;
    }
    return false;
  };

  const onConnection = (socket: Duplex, peer: UdpPeer): void => {
    socket.on('error', () => socket.destroy());
    if (!makeRoom()) {
      socket.destroy();
      return;
    }
    const delayed = new Set<Alarm>();
    let isOpen = true;
    let waitingBytes = 0;
    let heardUs = clock.nowUs();
    const end = (): void => {
      isOpen = false;
      silence.cancel();
      for (const alarm of delayed) alarm.cancel();
      connections.delete(connection);
      socket.destroy();
    };
    const drop = (action: string, reason: string): void => {
      teller.once(action, reason, { server: address, reason });
      end();
    };
    /** One alarm per connection, set anew only when it rings: messages come far more often. */
    const watch = (waitMs: number): Alarm =>
      clock.alarm(waitMs, () => {
        const silentMs = (clock.nowUs() - heardUs) / 1000;
        if (silentMs >= silenceMs) drop('connection-silent', `nothing heard for ${silenceMs} ms`);
        else silence = watch(silenceMs - silentMs);
      });
    let silence = watch(silenceMs);
    const write = (bytes: Uint8Array): void => {
      if (bytes.length === 0 || !isOpen) return;
      socket.write(bytes);
      if (socket.writableLength > talkBounds.unsentBytes) drop('replies-unread', 'a peer asks and does not read');
    };
    const later = (bytes: Uint8Array): void => {
      waitingBytes += bytes.length;
      const alarm = clock.alarm(delayMs, () => {
        delayed.delete(alarm);
        waitingBytes -= bytes.length;
        write(bytes);
      });
      delayed.add(alarm);
      if (waitingBytes > talkBounds.unsentBytes) drop('replies-unread', 'a peer asks and does not wait');
    };
    const talk = createTalk(write, peer);
    const connection: Connection = { talk, end };

    connections.add(connection);
    socket.on('data', (chunk: Uint8Array) => {
      if (!isOpen) return;
      const { reply, messages, garbage } = talk.push(chunk);
      // Bytes alone do not count: a peer that sends one now and then holds nothing open.
      if (messages > 0) heardUs = clock.nowUs();
      if (delayMs > 0 && reply.length > 0) later(reply);
      else write(reply);
      if (garbage !== null && isOpen) drop('stream-garbage', garbage);
    });
    socket.on('end', () => socket.end());
    socket.on('close', end);
  };

  const listener = await ip.listenTcp({ address, port }, onConnection);
  return {
    close: async () => {
      for (const connection of [...connections]) connection.end();
      await listener.close();
    },
  };
};
