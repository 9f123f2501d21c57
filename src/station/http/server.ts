/**
 * The station's HTTP side: REST, server-sent events, the page. Listens on loopback unless told otherwise; everything but
 * switching power off, health, readiness and the page's own files wants a token.
 */
import type { SupplyKeeper } from '../../bench/supply-keeper.js';
import type { Audit } from '../../http/audit.js';
import { createEventStreams } from '../../http/event-stream.js';
import { createServer, type HttpSide, type PageFolder } from '../../http/server.js';
import type { TlsFiles } from '../../http/tls.js';
import type { Tokens } from '../../http/tokens.js';
import type { IdentityPlan } from '../../plan/identity.js';
import type { Clock } from '../../timeline/clock.js';
import type { FleetView } from '../fleet-metrics.js';
import type { Leases } from '../leases.js';
import type { StationLog } from '../log.js';
import type { PortLocks } from '../port-locks.js';
import type { RecordsDesk } from '../records/desk.js';
import type { RunDesk } from '../run-desk.js';
import { registerRoutes } from './routes.js';

export interface ListedPlan {
  readonly name: string;
  readonly title: string;
  readonly model: string;
  readonly hash: string;
  /** Parts of the label without which no run begins. */
  readonly required: IdentityPlan['required'];
  readonly path: string;
}

export interface HttpParts {
  readonly desk: RunDesk;
  readonly station: string;
  readonly version: string;
  readonly clock: Clock;
  readonly tokens: Tokens;
  readonly audit: Audit;
  readonly runsDirectory: string;
  readonly records: RecordsDesk;
  /** Read anew at each call: plans are files. */
  plans(): readonly ListedPlan[];
  /** The page's own files first, then those of its libraries. */
  readonly pageFolders: readonly PageFolder[];
  readonly tls?: TlsFiles | undefined;
  readonly locks: PortLocks;
  readonly supplies: Pick<SupplyKeeper, 'views'>;
  readonly leases: Leases;
  /** null: the bench file has none, or nothing can be put by for it. */
  readonly fleet: FleetView | null;
  /** Names of shared things. */
  readonly shared: readonly string[];
  readonly log: StationLog;
  readonly diskReserveBytes: number;
  /** Aborts when the station begins to close. */
  readonly closing: AbortSignal;
}

/** However many knock: power off is always taken. */
const powerOffPath = /^\/api\/v1\/ports\/[^/?]+\/off$/;

const statusOf: Readonly<Record<string, number>> = {
  PORT_UNKNOWN: 404,
  PLAN_UNREADABLE: 404,
  RECORD_UNREADABLE: 404,
  PORT_BUSY: 409,
  PORT_LOCKED: 409,
  PORT_RESERVED: 409,
  SHARED_TAKEN: 409,
  SHARED_UNKNOWN: 404,
  INTERRUPTED: 409,
  LEASE_ENDED: 410,
  NOT_ASKED: 409,
  GOLDEN_DUE: 409,
  GOLDEN_FAILED: 409,
  PLAN_INVALID: 422,
  LABEL_REFUSED: 422,
  PLAN_SET_NONE: 409,
  PLAN_SET_INVALID: 409,
  PLAN_NOT_IN_SET: 422,
  RECORDS_BUSY: 503,
  STATION_UNREACHABLE: 503,
  DISK_RESERVE: 507,
};

export const createHttpSide = (parts: HttpParts): Promise<HttpSide> => {
  const streams = createEventStreams(parts.desk, parts.clock);
  return createServer({
    ...parts,
    title: 'Linkpulse station',
    statusOf,
    isAlwaysTaken: ({ method, url }) => method === 'POST' && powerOffPath.test(url),
    register: (routes, guard) => registerRoutes(routes, parts, guard, streams),
  });
};
