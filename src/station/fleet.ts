/** What the run desk tells, handed on to the fleet. Loaded only where the bench file has a `fleet` section. */
import { isBenchError } from '../errors.js';
import type { PortState } from '../fleet/messages.js';
import { openStationLink, type StationLink, type StationLinkParts } from '../fleet/station-link.js';
import type { LeaseNote } from './leases.js';
import type { DeskNews, RunDesk } from './run-desk.js';

const reservationOf = (lease: LeaseNote | null): PortState['reserved'] =>
  lease?.until == null ? null : { owner: lease.owner, until: lease.until };

/** A damaged lock does not tell since when. */
const withTime = <L extends { readonly at: string }>(lock: L): L =>
  Number.isNaN(Date.parse(lock.at)) ? { ...lock, at: new Date(0).toISOString() } : lock;

const hear = (link: StationLink, news: DeskNews): void => {
  if (news.kind === 'run-started') {
    const { runId, plan } = news.run;
    link.runStarted(news.port, { runId, plan: plan.name, serial: news.serial });
  }
  if (news.kind === 'event' && news.stages !== undefined)
    link.stages(
      news.port,
      news.stages.map(({ stage, verdict }) => ({ stage, verdict })),
    );
  if (news.kind === 'run-ended') {
    const { runId, verdict, blame, cause, phone, serial } = news.summary;
    const read = serial ?? phone.serial ?? null;
    link.runEnded(news.port, { runId, verdict, blame, cause, deviceId: phone.deviceId, serial: read });
  }
  if (news.kind === 'run-failed') link.runFailed(news.port, news.code, news.message);
  if (news.kind === 'port-lock') link.locked(news.port, news.lock === null ? null : withTime(news.lock));
  if (news.kind === 'port-lease') link.show(news.port, { reserved: reservationOf(news.lease) });
};

/** undefined: nothing can be put by in that folder. The log says so, and the station does without a fleet. */
export const openFleet = async (
  parts: StationLinkParts & { readonly desk: Pick<RunDesk, 'onMessage' | 'view'> },
): Promise<StationLink | undefined> => {
  let link: StationLink;
  try {
    link = await openStationLink(parts);
  } catch (error) {
    const code = isBenchError(error) ? error.code : 'INTERNAL';
    parts.log(`fleet: nobody is told of this station's runs: ${String(error)}`, { level: 'error', code });
    return undefined;
  }
  for (const { port, lock, lease } of parts.desk.view().ports)
    link.show(port, {
      lock: lock === null ? null : withTime({ code: lock.code, at: lock.at }),
      reserved: reservationOf(lease),
    });
  const forget = parts.desk.onMessage(({ news }) => hear(link, news));
  return {
    ...link,
    close: async () => {
      forget();
      await link.close();
    },
  };
};
