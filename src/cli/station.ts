import { startStation } from '../station/station.js';
import { type BenchOptions, type RegisterVerb, withBench } from './verb.js';

export const registerStation: RegisterVerb = (program, context) => {
  const { composition, signal } = context;
  const { terminal, clock } = composition;
  const command = program
    .command('station')
    .description('the daemon: owns the boards of a bench file, answers on a local socket');
  withBench(command, context).action(async (options: BenchOptions) => {
    const runner = await composition.openRunner(options.bench, options);
    const log = (text: string) => terminal.line(`${clock.wallClock().toISOString()} ${text}`);
    for (const cut of await runner.recoverCutRuns()) log(`cut run completed: ${cut.folder} (${cut.record.cause})`);
    const station = await startStation({ name: runner.station, runner, socketPath: options.socket, log });
    log(`station ${runner.station} answers on ${station.socketPath}; ports: ${runner.ports.join(', ')}`);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await station.close(String(signal.reason));
    log('station closed, power off');
  });
};
