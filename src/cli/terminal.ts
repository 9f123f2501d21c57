import { createInterface } from 'node:readline';

/** What a terminal can do; plain text elsewhere and with NO_COLOR. */
export interface Terminal {
  line(text: string): void;
  /** Many lines at once, their ends included. Resolves when there is room for more; false: nobody reads any longer. */
  bulk(bytes: Uint8Array): Promise<boolean>;
  /** A line that the next one replaces; nothing where output is not a terminal. */
  passing(text: string): void;
  error(text: string): void;
  /** Letters a line takes; null where output is no terminal: nothing is cut or wrapped. */
  readonly columns: number | null;
  /** A person sits there who can be asked. */
  readonly isInteractive: boolean;
  /** What a person types, up to Enter; undefined: aborted, or nobody types any longer. Passing lines wait meanwhile. */
  ask(question: string, signal: AbortSignal): Promise<string | undefined>;
  /** Resolves when all that was said is with its reader, or nobody reads any longer; a slow reader (a pager) is waited for. */
  flushed(): Promise<void>;
  readonly paint: Paint;
}

type Colour = 'green' | 'red' | 'yellow' | 'blue' | 'grey' | 'bold';
export type Paint = (colour: Colour, text: string) => string;

const codes: Readonly<Record<Colour, string>> = {
  green: '32',
  red: '31',
  yellow: '33',
  blue: '36',
  grey: '90',
  bold: '1',
};

const escapeCharacter = String.fromCharCode(27);

export const openTerminal = (
  out: NodeJS.WriteStream = process.stdout,
  environment: NodeJS.ProcessEnv = process.env,
  /** Opened only when it is asked for. */
  input: () => NodeJS.ReadStream = () => process.stdin,
): Terminal => {
  // Whoever read along may go away (a closed pipe, a closed terminal); the run and its record go on.
  let isRead = true;
  out.on('error', () => {
    isRead = false;
  });
  process.stderr.on('error', () => {});
  const isTerminal = out.isTTY === true;
  const coloured = isTerminal && environment.NO_COLOR === undefined;
  let hasPassing = false;
  let isAsking = false;
  const clear = () => {
    if (hasPassing) out.write(`\r${escapeCharacter}[2K`);
    hasPassing = false;
  };
  return {
    paint: (colour, text) => (coloured ? `${escapeCharacter}[${codes[colour]}m${text}${escapeCharacter}[0m` : text),
    line: (text) => {
      clear();
      out.write(`${text}\n`);
    },
    bulk: async (bytes) => {
      clear();
      if (isRead && !out.write(bytes)) await new Promise((resolve) => afterwards(out, resolve));
      return isRead;
    },
    passing: (text) => {
      if (!isTerminal || isAsking) return;
      clear();
      out.write(text.slice(0, Math.max(20, (out.columns ?? 80) - 1)));
      hasPassing = true;
    },
    error: (text) => {
      clear();
      process.stderr.write(`${text}\n`);
    },
    get columns() {
      return isTerminal ? Math.max(40, out.columns ?? 80) : null;
    },
    get isInteractive() {
      return isTerminal && input().isTTY === true;
    },
    ask: (question, signal) => {
      clear();
      out.write(`${question} `);
      isAsking = true;
      // Not in raw mode: Ctrl-C ends the run as ever.
      const lines = createInterface({ input: input(), terminal: false });
      return new Promise((resolve) => {
        const done = (text?: string) => {
          signal.removeEventListener('abort', onAbort);
          isAsking = false;
          lines.removeAllListeners();
          lines.close();
          resolve(text);
        };
        const onAbort = () => {
          out.write('\n');
          done();
        };
        lines.once('line', done);
        lines.once('close', () => done());
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },
    flushed: () => new Promise((resolve) => (isRead ? out.write('', () => resolve()) : resolve())),
  };
};

/** At most so many letters, with `…` in place of what does not fit. */
export const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

/** Lines of at most `width` letters, broken between words; a number stays with its unit. */
export const wrapped = (text: string, width: number): readonly string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<!\d) /)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
};

const afterwards = (out: NodeJS.WriteStream, resolve: (value: unknown) => void): void => {
  const events = ['drain', 'error', 'close'] as const;
  const done = () => {
    for (const event of events) out.off(event, done);
    resolve(undefined);
  };
  for (const event of events) out.once(event, done);
};
