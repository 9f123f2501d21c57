import type { ObserveFact } from '../timeline/events.js';
import { SccpFramer, type SccpMessage, sccpMessageName } from '../wire/sccp.js';
import type { TellMalformed } from './malformed.js';
import { clipFields, type Seen } from './sighting.js';

/** A message that repeats (keepalives) is told so many times, then every `step`-th time with its count. */
const folding = { toldSingly: 30, step: 10 } as const;

/** Header of a message: length, header version and id, each u32 little-endian (protocol facts 7.1). */
const header = { size: 12, leastLength: 4, mostLength: 8192, mostVersion: 0x40 } as const;

/** Does a stream that begins so carry SCCP? */
export const looksLikeSccp = (bytes: Uint8Array): boolean => {
  if (bytes.length < header.size) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  if (length < header.leastLength || length > header.mostLength) return false;
  return view.getUint32(4, true) <= header.mostVersion && sccpMessageName(view.getUint32(8, true)) !== 'unknown';
};

export interface SccpStream {
  push(chunk: Uint8Array, seen: Seen): readonly ObserveFact[];
  /** Bytes were lost: what comes next starts anywhere. */
  restart(): void;
  /** What was folded and not told yet. */
  flush(): readonly ObserveFact[];
}

interface Repeat {
  times: number;
  untold: ObserveFact | undefined;
  untoldCount: number;
}

/** One direction of one connection, cut into messages and told. */
export const createSccpStream = (server: string, tellMalformed: TellMalformed): SccpStream => {
  let framer = new SccpFramer();
  const repeats = new Map<string, Repeat>();

  const fold = (message: SccpMessage, seen: Seen): readonly ObserveFact[] => {
    // Unlisted ids share one entry: a stream of nonsense does not grow the map.
    const repeat = repeats.get(message.messageName) ?? { times: 0, untold: undefined, untoldCount: 0 };
    repeats.set(message.messageName, repeat);
    repeat.times += 1;
    repeat.untoldCount += 1;
    const fact: ObserveFact = {
      kind: 'sccp',
      ...seen,
      server,
      message: message.messageName,
      messageId: message.messageId,
      fields: clipFields(message.fields),
      count: repeat.untoldCount,
    };
    if (repeat.times > folding.toldSingly && repeat.times % folding.step !== 0) {
      repeat.untold = fact;
      return [];
    }
    repeat.untold = undefined;
    repeat.untoldCount = 0;
    return [fact];
  };

  return {
    push: (chunk, seen) => {
      if (framer.lost) return [];
      const messages = framer.push(chunk);
      // The stream's last word, where its length cannot be true, is no message: only the damage is told.
      const readable = framer.lost ? messages.length - 1 : messages.length;
      return messages.flatMap((message, index) => {
        const damage = message.malformed === undefined ? [] : tellMalformed('sccp', message.malformed, seen);
        return index < readable ? [...fold(message, seen), ...damage] : damage;
      });
    },
    restart: () => {
      framer = new SccpFramer();
    },
    flush: () =>
      [...repeats.values()].flatMap((repeat) => {
        const { untold } = repeat;
        repeat.untold = undefined;
        repeat.untoldCount = 0;
        return untold === undefined ? [] : [untold];
      }),
  };
};
