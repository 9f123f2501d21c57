/** `way-out`: hands a simulated station's bytes on to its broker (src/os/way-out.ts). */
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname } from 'node:path';
import type { RegisterVerb } from './verb.js';

const lookEveryMs = 1_000;

export const registerWayOut: RegisterVerb = (program, { composition, signal }) => {
  program
    .command('way-out', { hidden: true })
    .argument('<host>')
    .argument('<port>')
    .argument('<socket>')
    .argument('<parent>')
    .action(
      (host: string, port: string, path: string, parent: string) =>
        new Promise<void>((resolve) => {
          const server = createServer((inner) => {
            const outer = connect(Number(port), host);
            const ended = () => {
              inner.destroy();
              outer.destroy();
            };
            for (const socket of [inner, outer]) socket.on('error', () => {}).on('close', ended);
            inner.pipe(outer).pipe(inner);
          });
          const looking = composition.clock.every(lookEveryMs, () => {
            if (process.ppid !== Number(parent)) end();
          });
          const end = () => {
            looking.cancel();
            rmSync(dirname(path), { recursive: true, force: true });
            resolve();
          };
          signal.addEventListener('abort', end, { once: true });
          server.on('error', end);
          server.listen(path);
        }),
    );
};
