/** How a port and a station stand. Pure. */
export const stageNames = ['power', 'boot', 'vlan', 'address', 'config', 'registration'];

/** In the order of how much they want to be looked at. */
export const portStandings = ['locked', 'bench', 'fail', 'running', 'marginal', 'pass', 'idle'];
export const presences = ['lost', 'stopped', 'online'];

export const standingOf = ({ running, last, lock }) => {
  if (running !== null) return 'running';
  if (lock !== null) return 'locked';
  if (last === null) return 'idle';
  return last.verdict === 'error' ? 'bench' : last.verdict;
};

/** A station that never said it is there: another program's, or its message was cleared. */
export const presenceOf = ({ presence }) => presence ?? 'lost';
export const isLive = (station) => presenceOf(station) === 'online';

/** The first stage that is not decided; null: every one is, or nothing runs. */
export const stageNow = ({ running }) => {
  if (running === null) return null;
  const decided = new Set(running.stages.filter(({ verdict }) => verdict !== 'not-reached').map(({ stage }) => stage));
  return stageNames.find((stage) => !decided.has(stage)) ?? null;
};

export const verdictOfStage = ({ running }, name) =>
  running?.stages.find(({ stage }) => stage === name)?.verdict ?? 'not-reached';

/** `current`, `other` (an older one, or its own plans), `refused`. `none`: no set is published. */
export const planStanding = ({ state }, planSet) => {
  if (planSet === null) return 'none';
  if (state?.planSet?.sha256 === planSet.sha256) return 'current';
  return state?.planSetRefused != null ? 'refused' : 'other';
};

export const phoneOf = ({ serial, deviceId }) => [serial, deviceId].filter(Boolean).join(' · ');

/** An address that a browser may be sent to; what a station says is believed only so far. */
export const pageOf = ({ state }) => (/^https?:\/\//.test(state?.page ?? '') ? state.page : null);
