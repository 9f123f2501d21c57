import type { Plan } from '../../src/plan/plan.js';
import type { DhcpPlan } from '../../src/plan/service-plan.js';

export const plainDhcp: DhcpPlan = {
  morePools: [],
  reservations: [],
  leaseDirectory: null,
  renewalSeconds: null,
  rebindingSeconds: null,
  router: null,
  dnsServers: [],
  domain: null,
  arpTimeoutSeconds: null,
  ntpServers: [],
  vendorSpecific: null,
  tftpServerName: null,
  bootFile: null,
  sipServers: [],
  option149: [],
  option151: [],
};

/** Round figures, so that the stories in these tests can be read. */
export const samplePlan: Plan = {
  name: 'sample',
  title: 'Sample',
  phone: {
    model: 'CP-7960G',
    deviceId: 'SEP0011BBCCDDEE',
    platform: 'Cisco IP Phone 7960',
    load: 'P00308010200',
    protocol: 'SCCP',
    configFile: '.cnf.xml',
  },
  identity: { serial: null, mac: null, required: [] },
  power: {
    method: 'prestandard',
    feed: null,
    echoes: 3,
    maxBursts: 40,
    pulseNanoseconds: 125,
    inrushTimerMs: 60,
    overloadMilliamps: 375,
    overloadMs: 60,
    underloadMilliamps: 8,
    underloadMs: 350,
    heartbeatTimeoutMs: 500,
    offDwellMs: 500,
  },
  boot: { linkAllowanceMs: 10_000, linkGraceMs: 500 },
  network: {
    voiceVlan: 110,
    nativeVlan: 1,
    benchAddress: '10.110.0.1',
    prefixLength: 24,
    poolFirst: '10.110.0.100',
    poolLast: '10.110.0.199',
    leaseSeconds: 3600,
    tftpServers: ['10.110.0.1'],
    cdpDeviceId: 'bench',
    cdpPeriodMs: 60_000,
    powerAvailableMilliwatts: 15_400,
  },
  tftp: { filesDirectory: null, blockTimeoutMs: 1000, retries: 4, loads: [], httpPort: 6970, stallAtBlock: null },
  dhcp: plainDhcp,
  lldp: {
    periodMs: 30_000,
    systemName: null,
    systemDescription: 'Linkpulse bench',
    voicePriority: 5,
    voiceDscp: 46,
    powerPriority: 'low',
  },
  callManagers: [
    { priority: 0, name: 'cm-a', address: '10.110.0.11', port: 2000, behaviour: 'serve' },
    { priority: 1, name: 'cm-b', address: '10.110.0.12', port: 2000, behaviour: 'serve' },
  ],
  sccp: { keepaliveSeconds: 5, secondaryKeepaliveSeconds: 10, dateTemplate: 'D/M/YA' },
  callControl: { newestSccpVersion: 22, token: 'grant', tokenWaitSeconds: 60 },
  sip: { transport: 'tcp', expiresSeconds: 120, digest: null },
  lies: [],
  prompts: [],
  change: null,
  retry: { attempts: 1, on: [] },
  deadlines: {
    powerMs: 5000,
    vlanMs: 10_000,
    addressMs: 10_000,
    configMs: 10_000,
    registrationMs: 10_000,
    keepalives: 1,
  },
  limits: {
    'power.inrushPeakMilliamps': { marginalMax: 420, max: 450 },
    'power.steadyMilliwatts': { min: 1000, max: 6300 },
    'power.switchOffMs': { max: 550 },
    'power.jackSafeMs': { max: 1050 },
    'boot.linkUpMs': { marginalMax: 4500, max: 9000 },
    'boot.linkDrops': { max: 1 },
    'boot.peakMilliwatts': { max: 8000 },
    'address.discovers': { marginalMax: 2, max: 6 },
  },
  simulation: {
    bootMs: 200,
    linkUpMs: 300,
    cdpSyncMs: 300,
    dhcpRetryMs: 500,
    tftpRetryMs: 300,
    fileGapMs: 20,
    callManagerRetryMs: 200,
    cdpPeriodMs: 60_000,
  },
};

/** The sample with some sections changed. */
export const planWith = (
  changes: {
    readonly [Section in keyof Plan]?: Plan[Section] extends object ? Partial<Plan[Section]> : Plan[Section];
  },
): Plan => {
  const plan: Record<string, unknown> = { ...samplePlan };
  for (const [section, change] of Object.entries(changes)) {
    const before = plan[section];
    plan[section] =
      Array.isArray(change) || typeof change !== 'object' || change === null
        ? change
        : { ...(before as object), ...change };
  }
  return plan as unknown as Plan;
};
