/** Conversations remembered, at most; the one silent longest is forgotten. */
const most = 4096;

/**
 * Which datagrams are TFTP: those between the client's port of a request and its server, whatever port the server
 * answers from (RFC 1350 4).
 */
export class TftpConversations {
  readonly #known = new Set<string>();

  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  open(client: string, clientPort: number, server: string): void {
    const key = `${client} ${clientPort} ${server}`;
    this.#known.delete(key);
    this.#known.add(key);
    if (this.#known.size <= most) return;
    const oldest = this.#known.values().next().value;
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  has(source: string, sourcePort: number, destination: string, destinationPort: number): boolean {
    return (
      this.#known.has(`${source} ${sourcePort} ${destination}`) ||
      this.#known.has(`${destination} ${destinationPort} ${source}`)
    );
  }
}

const modes: ReadonlySet<string> = new Set(['octet', 'netascii', 'mail']);
const shortestRequest = 2 + 2 + 5;

/** A request that opens a conversation, on whatever port: texts of printable characters in pairs, the second a mode. The capture may
 * lack the end of the last one. */
export function isTftpRequest(bytes: Buffer, at: number, end: number): boolean {
  if (end - at < shortestRequest || bytes[at] !== 0 || (bytes[at + 1] !== 1 && bytes[at + 1] !== 2)) return false;
  let texts = 0;
  for (let index = at + 2; index < end; index++) {
    const code = bytes[index] ?? 0;
    if (code === 0) texts++;
    else if (code < 0x20 || code > 0x7e) return false;
  }
  if (texts === 0 || texts % 2 !== 0) return false;
  const modeAt = bytes.indexOf(0, at + 2) + 1;
  return modes.has(bytes.toString('latin1', modeAt, bytes.indexOf(0, modeAt)).toLowerCase());
}
