import { join, resolve } from 'node:path';
import { openAudit } from '../http/audit.js';
import { loadTokens } from '../http/tokens.js';
import { isJournal, openLog } from '../station/log.js';
import { type PlantOptions, plantTermsOf, withPlant } from './fleet-options.js';
import { type HttpOptions, tlsOf, withHttp } from './http-options.js';
import type { RegisterVerb } from './verb.js';

interface CentralVerbOptions extends HttpOptions, PlantOptions {
  readonly json: boolean;
  readonly hostName: readonly string[];
}

const usualPort = { host: '127.0.0.1', port: 8430 };

export const registerCentral: RegisterVerb = (program, { composition, signal }) => {
  const { terminal, clock, version } = composition;
  const command = program
    .command('central')
    .description('the plant’s page: stations and ports live, yield and causes, search over all records; only reads')
    .option(
      '--host-name <name...>',
      'by which a proxy with TLS before this shows the page (Host as the browser sent it)',
      [],
    )
    .option('--json', 'newline-delimited JSON instead of text', false);
  withPlant(withHttp(command)).action(async (options: CentralVerbOptions) => {
    const form = options.json ? 'json' : isJournal(process.env.JOURNAL_STREAM) ? 'journal' : 'text';
    const log = openLog(form, clock, (line) => terminal.line(line));
    const terms = plantTermsOf(options);
    const where = options.http ?? usualPort;
    const state = resolve(options.state);
    const tls = tlsOf({ ...options, http: where }, (text) => log(text, { level: 'warning' }));
    const tokens = loadTokens(join(state, 'tokens.json'));
    // Fastify, mqtt and pg are waited for only where somebody is to be served.
    const { openCentral } = await import('../fleet/central/central.js');
    const central = await openCentral({
      plant: options.plant,
      ...terms,
      version,
      clock,
      tokens,
      audit: openAudit(join(state, 'audit.ndjson'), clock),
      pageFolders: composition.centralPageFolders,
      tls,
      hostNames: options.hostName.map((name) => name.toLowerCase()),
      log,
      closing: signal,
    });
    const listener = composition.inheritListener(where);
    await central.http.listen(listener);
    const address = `${tls === undefined ? 'http' : 'https'}://${where.host}:${listener.port}/`;
    log(
      `page and API of ${options.plant} on ${address}; sign in once by ${address}#token=${tokens.firstOf('viewer') ?? '...'}`,
    );
    const manager = composition.serviceManager();
    manager.tell('READY=1', `STATUS=${options.plant} on ${address}`);
    const feeding =
      manager.feedEveryMs === null ? undefined : clock.every(manager.feedEveryMs, () => manager.tell('WATCHDOG=1'));
    await new Promise<void>((closed) => {
      if (signal.aborted) closed();
      signal.addEventListener('abort', () => closed(), { once: true });
    });
    manager.tell('STOPPING=1');
    await central.close();
    feeding?.cancel();
  });
};
