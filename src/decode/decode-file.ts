import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BenchError } from '../errors.js';
import { CaptureReader } from '../wire/capture-reader.js';
import { type Malformed, MalformedBytes } from '../wire/cursor.js';
import { type DecodedMessage, Decoder } from './decoder.js';

const chunkBytes = 1 << 20;
const gzipMagic = { first: 0x1f, second: 0x8b } as const;

/**
 * Reads a capture file (pcap, pcapng, either of them under gzip) once from front to back, in bounded memory. `goOn` is
 * asked after each piece of the file. Tells where the file itself is damaged, if it is; what stood before was told.
 */
export async function decodeFile(
  path: string,
  tell: (message: DecodedMessage) => void,
  goOn: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<{ readonly frames: number; readonly malformed?: Malformed }> {
  let frames = 0;
  const decoder = new Decoder(tell);
  const reader = new CaptureReader((record) => {
    frames++;
    decoder.frame(record, record.number);
  });
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of bytesOf(path)) {
      const window = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      rest = window.subarray(reader.read(window));
      if (!(await goOn())) return { frames };
    }
    decoder.end();
    reader.end(rest);
  } catch (error) {
    if (error instanceof MalformedBytes) {
      decoder.end();
      if (frames === 0 && error.message === 'neither pcapng nor pcap')
        throw new BenchError('CAPTURE_UNREADABLE', `${path === '-' ? 'standard input' : path}: ${error.message}`);
      return { frames, malformed: { offset: error.offset, reason: error.message } };
    }
    throw readable(path, error);
  }
  return { frames };
}

async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  const source = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: chunkBytes });
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first = await chunks.next();
  if (first.done) return;
  const all = withFirst(first.value, chunks);
  if (first.value[0] !== gzipMagic.first || first.value[1] !== gzipMagic.second) yield* all;
  else yield* Readable.from(all).pipe(createGunzip({ chunkSize: chunkBytes })) as AsyncIterable<Buffer>;
}

async function* withFirst(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

function readable(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!/^(E[A-Z]+|Z_[A-Z_]+)$/.test(code)) return error;
  return new BenchError('CAPTURE_UNREADABLE', `${path}: ${error instanceof Error ? error.message : code}`, {
    cause: error,
  });
}
