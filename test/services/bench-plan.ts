import type { Plan } from '../../src/plan/plan.js';

const base: Plan = {
  name: 'services',
  title: 'What the services are tested with',
  phone: {
    model: 'CP-7960G',
    deviceId: null,
    platform: 'Cisco IP Phone 7960',
    load: 'P00308010200',
    protocol: 'SCCP',
  },
  power: {
    method: 'prestandard',
    pairs: 'spare',
    polarity: 'prestandard',
    echoes: 3,
    maxBursts: 40,
    pulseNanoseconds: 125,
    inrushTimerMs: 50,
    overloadMilliamps: 350,
    overloadMs: 60,
    underloadMilliamps: 10,
    underloadMs: 300,
    heartbeatTimeoutMs: 500,
    offDwellMs: 5000,
  },
  boot: { linkAllowanceMs: 10_000, linkGraceMs: 1000 },
  network: {
    voiceVlan: 110,
    nativeVlan: 1,
    benchAddress: '10.110.0.1',
    prefixLength: 24,
    poolFirst: '10.110.0.100',
    poolLast: '10.110.0.120',
    leaseSeconds: 3600,
    tftpServers: ['10.110.0.1'],
    cdpDeviceId: 'linkpulse',
    cdpPeriodMs: 60_000,
    powerAvailableMilliwatts: 15_400,
  },
  tftp: { filesDirectory: null, blockTimeoutMs: 500, retries: 3 },
  callManagers: [
    { priority: 0, name: 'cm-a', address: '10.110.0.2', port: 2000, behaviour: 'serve' },
    { priority: 1, name: 'cm-b', address: '10.110.0.3', port: 2000, behaviour: 'serve' },
    { priority: 2, name: 'cm-c', address: '10.110.0.4', port: 2000, behaviour: 'refuse' },
  ],
  sccp: { keepaliveSeconds: 30, secondaryKeepaliveSeconds: 60, dateTemplate: 'D/M/YA' },
  deadlines: {
    powerMs: 10_000,
    vlanMs: 30_000,
    addressMs: 30_000,
    configMs: 60_000,
    registrationMs: 60_000,
    keepalives: 1,
  },
  limits: {},
  simulation: {
    bootMs: 10,
    linkUpMs: 10,
    cdpSyncMs: 10,
    dhcpRetryMs: 10,
    tftpRetryMs: 10,
    fileGapMs: 10,
    callManagerRetryMs: 10,
  },
};

/** A whole plan; what is given replaces single members of its groups. */
export const benchPlan = (
  changes: {
    readonly phone?: Partial<Plan['phone']>;
    readonly network?: Partial<Plan['network']>;
    readonly tftp?: Partial<Plan['tftp']>;
    readonly sccp?: Partial<Plan['sccp']>;
    readonly callManagers?: Plan['callManagers'];
  } = {},
): Plan => ({
  ...base,
  phone: { ...base.phone, ...changes.phone },
  network: { ...base.network, ...changes.network },
  tftp: { ...base.tftp, ...changes.tftp },
  sccp: { ...base.sccp, ...changes.sccp },
  callManagers: changes.callManagers ?? base.callManagers,
});
