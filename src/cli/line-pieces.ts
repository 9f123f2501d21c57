/** Lines are handed on in pieces of about this many bytes. */
const pieceBytes = 1 << 18;

/**
 * ASCII lines as bytes, in pieces to be written. As strings that grow they would be moved by the garbage collector again and
 * again: a fifth of the time that a large capture takes.
 */
export class LinePieces {
  #full: Uint8Array[] = [];
  #piece = Buffer.allocUnsafeSlow(pieceBytes);
  #used = 0;

  /** `line`: one byte a character, without its end. */
  add(line: string): void {
    const needed = line.length + 1;
    if (this.#used + needed > this.#piece.length) this.#close(needed);
    this.#used += this.#piece.write(line, this.#used, 'latin1');
    this.#piece[this.#used++] = 0x0a;
  }

  /** Pieces that are full; with `all`, what has begun, too. */
  take(all = false): readonly Uint8Array[] {
    if (all) this.#close(0);
    const taken = this.#full;
    this.#full = [];
    return taken;
  }

  #close(needed: number): void {
    if (this.#used > 0) this.#full.push(this.#piece.subarray(0, this.#used));
    this.#piece = Buffer.allocUnsafeSlow(Math.max(pieceBytes, needed));
    this.#used = 0;
  }
}
