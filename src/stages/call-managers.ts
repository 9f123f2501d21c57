import type { CallManagerPlan, Plan } from '../plan/plan.js';
import type { ServedConfig } from '../timeline/events.js';

/** CallManagers remembered, at most: five members and a few strangers. */
const maxServers = 16;

/**
 * What became of one CallManager. `sought`: the phone looked for its address, or sent a SYN, and nothing came back yet;
 * `trying`: it is connected, or has asked.
 */
export type CallManagerState = 'untried' | 'sought' | 'trying' | 'refused' | 'closed' | 'registered';

export interface CallManager {
  readonly address: string;
  readonly port: number;
  /** Place in the order of priority, 0 first; null: not a member (e.g. the TFTP server as last resort). */
  readonly rank: number | null;
  readonly name: string;
  readonly state: CallManagerState;
}

const ipv4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/** Members in the order of priority, as the phone was told; as the plan says where it was told names only. */
export const membersOf = (plan: Plan, served: ServedConfig | null): readonly CallManager[] => {
  const told = served?.callManagers ?? [];
  const isUsable = told.length > 0 && told.every(({ address }) => ipv4.test(address));
  const source: readonly { priority: number; address: string; port: number }[] = isUsable ? told : plan.callManagers;
  return [...source]
    .sort((left, right) => left.priority - right.priority)
    .slice(0, maxServers)
    .map(({ address, port }, rank) => ({ address, port, rank, name: nameOf(plan, address, port), state: 'untried' }));
};

const nameOf = (plan: Plan, address: string, port: number): string => {
  const known: CallManagerPlan | undefined = plan.callManagers.find(
    (manager) => manager.address === address && manager.port === port,
  );
  return known === undefined ? address : `${known.name} (${address})`;
};

export const findManager = (list: readonly CallManager[], address: string): CallManager | undefined =>
  list.find((manager) => manager.address === address);

/** The list with that CallManager in `state`; a stranger is added behind the members. */
export const withState = (
  list: readonly CallManager[],
  address: string,
  port: number,
  state: CallManagerState,
): readonly CallManager[] => {
  if (findManager(list, address) !== undefined)
    return list.map((manager) => (manager.address === address ? { ...manager, state } : manager));
  return list.length >= maxServers ? list : [...list, { address, port, rank: null, name: address, state }];
};

/** Members of higher priority than `address` that the phone never tried. */
export const passedOver = (list: readonly CallManager[], address: string): readonly CallManager[] => {
  const rank = findManager(list, address)?.rank ?? Number.POSITIVE_INFINITY;
  return list.filter((manager) => manager.rank !== null && manager.rank < rank && manager.state === 'untried');
};

/** Each member was tried and none serves. */
export const allRefused = (list: readonly CallManager[]): boolean => {
  const members = list.filter(({ rank }) => rank !== null);
  return members.length > 0 && members.every(({ state }) => state === 'refused' || state === 'closed');
};
