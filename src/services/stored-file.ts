/** A file opened for one transfer. */
export interface StoredFile {
  /** As it is really called, folders parted by forward slashes. */
  readonly name: string;
  readonly size: number;
  /** What is there from `offset` on, at most `length` bytes; rejects when it cannot be read. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** The same file as if it ended in its middle. */
export const firstHalfOf = (file: StoredFile): StoredFile => {
  const size = Math.floor(file.size / 2);
  return {
    name: file.name,
    size,
    read: (offset, length) => file.read(offset, Math.max(0, Math.min(length, size - offset))),
    close: () => file.close(),
  };
};

export const fileInMemory = (name: string, bytes: Uint8Array): StoredFile => ({
  name,
  size: bytes.length,
  read: async (offset, length) => bytes.subarray(offset, offset + length),
  close: async () => {},
});
