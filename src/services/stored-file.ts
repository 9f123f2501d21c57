/** A file opened for one transfer. */
export interface StoredFile {
  /** As it is really called, folders parted by forward slashes. */
  readonly name: string;
  readonly size: number;
  /** What is there from `offset` on, at most `length` bytes; rejects when it cannot be read. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export const fileInMemory = (name: string, bytes: Uint8Array): StoredFile => ({
  name,
  size: bytes.length,
  read: async (offset, length) => bytes.subarray(offset, offset + length),
  close: async () => {},
});
