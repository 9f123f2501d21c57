import type { StoredFile } from './stored-file.js';

/** Read ahead of a transfer: two chunks are held, so that a window can go back over the edge between them. */
const chunkBytes = 128 * 1024;

interface Chunk {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** A file in blocks, read in large chunks and a chunk ahead. Holds three chunks at most, whatever the file's size. */
export class BlockSource {
  readonly #file: StoredFile;
  readonly #blockSize: number;
  readonly #blocksPerChunk: number;
  #chunks: readonly Chunk[] = [];
  #ahead: { readonly index: number; readonly chunk: Promise<Chunk> } | undefined;

  constructor(file: StoredFile, blockSize: number) {
    this.#file = file;
    this.#blockSize = blockSize;
    this.#blocksPerChunk = Math.max(1, Math.floor(chunkBytes / blockSize));
  }

  /** The block that begins at `index` block sizes; shorter than a block: the last one. undefined: it must be loaded first. */
  block(index: number): Uint8Array | undefined {
    const chunkIndex = Math.floor(index / this.#blocksPerChunk);
    const chunk = this.#chunks.find((held) => held.index === chunkIndex);
    if (chunk === undefined) return undefined;
    const start = (index - chunkIndex * this.#blocksPerChunk) * this.#blockSize;
    return chunk.bytes.subarray(start, start + this.#blockSize);
  }

  /** Makes that block readable; rejects when the file cannot be read. */
  async load(index: number): Promise<void> {
    const chunkIndex = Math.floor(index / this.#blocksPerChunk);
    const chunk = await (this.#ahead?.index === chunkIndex ? this.#ahead.chunk : this.#read(chunkIndex));
    this.#chunks = [...this.#chunks.filter((held) => held.index === chunkIndex - 1), chunk];
    this.#ahead = undefined;
    if (chunk.bytes.length < this.#blocksPerChunk * this.#blockSize) return;
    const ahead = this.#read(chunkIndex + 1);
    // Told when that chunk is asked for.
    ahead.catch(() => {});
    this.#ahead = { index: chunkIndex + 1, chunk: ahead };
  }

  async #read(index: number): Promise<Chunk> {
    const length = this.#blocksPerChunk * this.#blockSize;
    return { index, bytes: await this.#file.read(index * length, length) };
  }
}
