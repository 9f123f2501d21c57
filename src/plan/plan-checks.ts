/** What no single value can show: rules between parts of a plan. Each runs when the parts it needs could be read. */
import { injectorBounds } from '../timeline/injector-bounds.js';
import { ipv4Number, isHostOf, subnetOf } from './ipv4-number.js';
import type { Limits, Plan } from './plan.js';
import { dhcpFits } from './service-checks.js';
import type { Problem } from './yaml-file.js';

type Check = (plan: Partial<Plan>) => readonly (Problem | false | undefined)[];

const longestLinkDeadlineMs = injectorBounds.linkDeadlineMs.max;

const addresses: Check = ({ network, callManagers, tftp }) => {
  if (network === undefined) return [];
  const subnet = subnetOf(network.benchAddress, network.prefixLength);
  const first = ipv4Number(network.poolFirst);
  const last = ipv4Number(network.poolLast);
  const inPool = (address: string) => ipv4Number(address) >= first && ipv4Number(address) <= last;
  const outside = (address: string) => !isHostOf(subnet, address);
  const pool = ['network', 'pool'];
  return [
    outside(network.benchAddress) && {
      path: ['network', 'bench'],
      message: `${network.benchAddress} is not an address a host may have in /${network.prefixLength}`,
    },
    first > last && { path: pool, message: 'ends before it begins' },
    (outside(network.poolFirst) || outside(network.poolLast)) && {
      path: pool,
      message: `must lie inside ${network.benchAddress}/${network.prefixLength}`,
    },
    inPool(network.benchAddress) && { path: pool, message: `holds the bench's own address ${network.benchAddress}` },
    ...network.tftpServers.flatMap((address, index) => [
      outside(address) && { path: ['network', 'tftpServers', index], message: 'is outside the bench’s subnet' },
      inPool(address) && { path: ['network', 'tftpServers', index], message: 'lies in the DHCP pool' },
    ]),
    !network.tftpServers.includes(network.benchAddress) && {
      path: ['network', 'tftpServers'],
      message: `must hold the bench's address ${network.benchAddress}: nobody else serves files`,
    },
    ...(callManagers ?? []).flatMap(({ address, port }, index) => [
      address === network.benchAddress &&
        port === tftp?.httpPort && {
          path: ['callManagers', index, 'port'],
          message: `is where files are served over HTTP (tftp.httpPort) on ${address}`,
        },
      outside(address) && { path: ['callManagers', index, 'address'], message: 'is outside the bench’s subnet' },
      inPool(address) && { path: ['callManagers', index, 'address'], message: 'lies in the DHCP pool' },
    ]),
  ];
};

const unique = <Item>(items: readonly Item[], key: (item: Item) => string | number): readonly number[] => {
  const seen = new Set<string | number>();
  return items.flatMap((item, index) => {
    const repeated = seen.has(key(item));
    seen.add(key(item));
    return repeated ? [index] : [];
  });
};

const callManagersDiffer: Check = ({ callManagers = [] }) => [
  ...unique(callManagers, ({ priority }) => priority).map((index) => ({
    path: ['callManagers', index, 'priority'],
    message: `priority ${callManagers[index]?.priority} is given twice`,
  })),
  ...unique(callManagers, ({ name }) => name).map((index) => ({
    path: ['callManagers', index, 'name'],
    message: `the name ${callManagers[index]?.name} is given twice`,
  })),
  ...unique(callManagers, ({ address, port }) => `${address}:${port}`).map((index) => ({
    path: ['callManagers', index, 'address'],
    message: 'address and port are given twice',
  })),
];

const changeFits: Check = ({ change, callManagers }) => {
  if (change === undefined || change === null || callManagers === undefined) return [];
  const names = callManagers.map(({ name }) => name);
  const told = change.callManagers ?? names;
  return [
    ...told.map((name, index) => {
      const path = ['change', 'callManagers', index];
      if (!names.includes(name)) return { path, message: `${name} is no CallManager of this plan` };
      return told.indexOf(name) < index && { path, message: `${name} is given twice` };
    }),
    told.length === 0 && { path: ['change', 'callManagers'], message: 'needs at least one CallManager' },
    callManagers.some(({ behaviour }) => behaviour === 'die' || behaviour === 'ignore-keepalives') && {
      path: ['change'],
      message: 'goes with no CallManager that dies or ignores keepalives: one thing at a time',
    },
  ];
};

const powerFitsTogether: Check = ({ power, boot }) => [
  power !== undefined &&
    power.underloadMilliamps >= power.overloadMilliamps && {
      path: ['power', 'underload'],
      message: 'must be below overload',
    },
  power !== undefined &&
    power.maxBursts < power.echoes && {
      path: ['power', 'maxBursts'],
      message: `must be at least the ${power.echoes} echoes asked for`,
    },
  boot !== undefined &&
    boot.linkAllowanceMs + boot.linkGraceMs > longestLinkDeadlineMs && {
      path: ['boot', 'linkAllowance'],
      message: `with linkGrace must be at most ${longestLinkDeadlineMs}ms: the board enforces both together`,
    },
];

const keepalivesFitDeadline: Check = ({ sccp, deadlines }) => {
  if (sccp === undefined || deadlines === undefined) return [];
  const neededMs = deadlines.keepalives * sccp.keepaliveSeconds * 1000;
  return [
    neededMs >= deadlines.registrationMs && {
      path: ['deadlines', 'registration'],
      message: `must be longer than ${deadlines.keepalives} keepalives take (${neededMs}ms)`,
    },
  ];
};

const orderedBounds = ['min', 'marginalMin', 'marginalMax', 'max'] as const satisfies readonly (keyof Limits)[];

const limitsInOrder: Check = ({ limits = {} }) =>
  Object.entries(limits).flatMap(([name, limit]) => {
    const given = orderedBounds.filter((bound) => limit[bound] !== undefined);
    if (given.length === 0) return [{ path: ['limits', name], message: `needs ${orderedBounds.join(', ')} or some` }];
    return given.slice(1).map((bound, index): Problem | false => {
      const lower = given[index] ?? bound;
      return (
        (limit[lower] ?? 0) > (limit[bound] ?? 0) && {
          path: ['limits', name, bound],
          message: `must not be below ${lower}`,
        }
      );
    });
  });

const promptsDiffer: Check = ({ prompts = [] }) =>
  unique(prompts, ({ id }) => id).map((index) => ({
    path: ['prompts', index, 'id'],
    message: `the id ${prompts[index]?.id} is given twice`,
  }));

const checks: readonly Check[] = [
  addresses,
  dhcpFits,
  callManagersDiffer,
  changeFits,
  powerFitsTogether,
  keepalivesFitDeadline,
  limitsInOrder,
  promptsDiffer,
];

export const crossCheck = (plan: Partial<Plan>): readonly Problem[] =>
  checks.flatMap((check) => check(plan)).filter((problem): problem is Problem => typeof problem === 'object');
