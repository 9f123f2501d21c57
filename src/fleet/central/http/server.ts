/**
 * The plant's HTTP side: what its stations do just now, and what the database knows. It only reads. Listens on loopback unless told
 * otherwise; everything but health and the page's own files wants a token.
 */
import type { Audit } from '../../../http/audit.js';
import { createServer, type HttpSide, type PageFolder } from '../../../http/server.js';
import type { TlsFiles } from '../../../http/tls.js';
import type { Tokens } from '../../../http/tokens.js';
import type { Clock } from '../../../timeline/clock.js';
import type { LivePlant } from '../live-plant.js';
import type { PlantRecords } from '../records/plant-records.js';
import { registerLiveRoutes } from './live-routes.js';
import { registerRecordsRoutes } from './records-routes.js';

export interface CentralParts {
  readonly plant: string;
  readonly live: LivePlant;
  readonly records: PlantRecords;
  readonly version: string;
  readonly clock: Clock;
  readonly tokens: Tokens;
  readonly audit: Audit;
  /** The page's own files first, then those of its libraries. */
  readonly pageFolders: readonly PageFolder[];
  readonly tls?: TlsFiles | undefined;
  /** In small letters: besides this machine's own, by which a proxy with TLS shows it. */
  readonly hostNames?: readonly string[];
  log(text: string, note: { readonly level: 'error' }): void;
  /** Aborts when this begins to close. */
  readonly closing: AbortSignal;
}

const statusOf: Readonly<Record<string, number>> = {
  RECORD_UNREADABLE: 404,
  DATABASE_UNREACHABLE: 503,
  DATABASE_REFUSED: 503,
  DATABASE_TOO_NEW: 503,
  DATABASE_SLOW: 503,
  RECORDS_BUSY: 503,
};

export const createCentralHttp = (parts: CentralParts): Promise<HttpSide> =>
  createServer({
    ...parts,
    title: 'Linkpulse plant',
    statusOf,
    register: (routes, guard) => {
      registerLiveRoutes(routes, parts, guard);
      registerRecordsRoutes(routes, parts, guard);
    },
  });
