/** Runs made by hand: the healthy phone, and what the reports must show when it is not. */
import type { Blame } from '../../src/errors.js';
import { loadPlan } from '../../src/plan/load-plan.js';
import { type LoadedPlan, type MeasurementName, measurementUnits } from '../../src/plan/plan.js';
import { buildRecord, type RunRecord } from '../../src/records/record.js';
import type { Measurement, StageName, StageResult, StageVerdict } from '../../src/stages/judge.js';
import { stageNames } from '../../src/stages/judge.js';
import type { Fact, TimelineEvent } from '../../src/timeline/events.js';
import { burst, discoveryScript, eventsOf, healthyScript, type Script, words } from './fixture-script.js';

export const quickPlan = (): LoadedPlan => loadPlan('plans/quick.yaml');
export const demoPlan = (): LoadedPlan => loadPlan('plans/cp-7960g.yaml');

interface StageSketch {
  readonly verdict?: StageVerdict;
  readonly blame?: Blame;
  readonly cause: string;
  readonly nextAction?: string;
  /** Kinds of the events it rests on. */
  readonly evidence?: readonly Fact['kind'][];
  readonly ms?: readonly [number, number];
  readonly values?: Readonly<Partial<Record<MeasurementName, number>>>;
}

const verdictOf = (value: number, limits: Measurement['limits']): Measurement['verdict'] => {
  const { min = -Infinity, max = Infinity, marginalMin = min, marginalMax = max } = limits ?? {};
  if (value < min || value > max) return 'fail';
  return value < marginalMin || value > marginalMax ? 'marginal' : 'pass';
};

export const stagesOf = (
  plan: LoadedPlan,
  events: readonly TimelineEvent[],
  sketches: Readonly<Record<StageName, StageSketch>>,
): readonly StageResult[] =>
  stageNames.map((stage) => {
    const { verdict = 'pass', blame = null, cause, nextAction = '', evidence = [], ms, values = {} } = sketches[stage];
    const numbers = events.filter(({ fact }) => evidence.includes(fact.kind)).map(({ seq }) => seq);
    return {
      stage,
      verdict,
      blame,
      cause,
      nextAction,
      evidence: numbers.slice(0, 8),
      beganAtUs: ms === undefined ? null : ms[0] * 1000,
      endedAtUs: ms === undefined ? null : ms[1] * 1000,
      measurements: (Object.entries(values) as [MeasurementName, number][]).map(([name, value]) => {
        const limits = plan.plan.limits[name] ?? null;
        const unit = measurementUnits[name];
        return { name, value, unit, limits, verdict: verdictOf(value, limits), evidence: numbers[0] ?? 1 };
      }),
    };
  });

const healthySketches: Readonly<Record<StageName, StageSketch>> = {
  power: {
    cause: 'Three bursts came back exactly; the phone took power and draws 5.1 W.',
    evidence: ['discovery', 'power-on', 'inrush', 'power-off', 'jack-safe'],
    ms: [0, 160],
    values: {
      'power.discoveryBursts': 3,
      'power.echoRoundTripNs': 312.5,
      'power.discoveryAgeMs': 17.4,
      'power.inrushPeakMilliamps': 432,
      'power.inrushMs': 23.6,
      'power.steadyMilliwatts': 5138,
      'power.switchOffMs': 0.112,
      'power.jackSafeMs': 183.6,
    },
  },
  boot: {
    cause: 'Link came up 3.81 s after power.',
    evidence: ['power-on', 'link-up'],
    ms: [112, 3925],
    values: { 'boot.linkUpMs': 3813, 'boot.linkDrops': 0, 'boot.peakMilliwatts': 5790 },
  },
  vlan: {
    cause: 'The phone asked for the voice VLAN and took up 110.',
    evidence: ['cdp', 'vlan-used'],
    ms: [3925, 6898],
    values: { 'vlan.firstCdpMs': 431, 'vlan.takenUpMs': 2973, 'vlan.cdpMilliwatts': 6300 },
  },
  address: {
    cause: '10.110.0.100 was leased and is in use; options 150 and 66 were asked for.',
    evidence: ['dhcp', 'address-used'],
    ms: [6898, 6968],
    values: { 'address.ackMs': 25, 'address.discovers': 1 },
  },
  config: {
    cause: 'SEP000F245A7960.cnf.xml was fetched whole; the load is the plan’s.',
    evidence: ['tftp-request', 'tftp-end'],
    ms: [6968, 8590],
    values: { 'config.fetchedMs': 1622, 'config.filesAsked': 2, 'config.imageBytes': 0 },
  },
  registration: {
    cause: 'Registered with 10.110.0.11 (priority 0); one keepalive was answered.',
    evidence: ['tcp', 'sccp'],
    ms: [8590, 14_119],
    values: { 'registration.registeredMs': 582, 'registration.attempts': 1, 'registration.keepalives': 1 },
  },
};

export interface FixtureRun {
  readonly record: RunRecord;
  readonly events: readonly TimelineEvent[];
}

const runOf = (script: Script, sketches: Readonly<Record<StageName, StageSketch>>): FixtureRun => {
  const plan = demoPlan();
  const events = eventsOf(script);
  const record = buildRecord({
    runId: '20261123-031502-sim1-k3fw',
    station: 'simulated-bench',
    port: 'sim1',
    startedAt: '2026-11-23T03:15:02.250Z',
    plan,
    stages: stagesOf(plan, events, sketches),
    events,
    counts: { total: events.length, stored: events.length, folded: {} },
  });
  return { record, events };
};

export const healthyRun = (): FixtureRun => runOf(healthyScript, healthySketches);

export const marginalRun = (): FixtureRun =>
  runOf(healthyScript, {
    ...healthySketches,
    boot: {
      ...healthySketches.boot,
      verdict: 'marginal',
      cause: 'Link came up 6.71 s after power, inside the limit of 10 s but later than 6 s.',
      nextAction: 'Test again; a phone that stays slow may have a worn flash.',
      values: { 'boot.linkUpMs': 6710, 'boot.linkDrops': 0, 'boot.peakMilliwatts': 5790 },
    },
  });

export const limitedRun = (): FixtureRun =>
  runOf(
    healthyScript.map(([atMs, fact, stamp]) => [
      atMs,
      fact.kind === 'run-start'
        ? { ...fact, limited: ['Ethernet headers are made up', 'the voice VLAN tag was not on a real wire'] }
        : fact,
      ...(stamp === undefined ? [] : ([stamp] as const)),
    ]) as Script,
    healthySketches,
  );

const notReached = (after: StageName): StageSketch => ({
  verdict: 'not-reached',
  cause: `Not reached: stage ${after} ended the run.`,
});

export const shortCircuitRun = (): FixtureRun =>
  runOf(
    [
      ...discoveryScript,
      [112, { kind: 'power-on', method: 'prestandard', pairs: 'spare', polarity: 'prestandard', discoveryAgeMs: 17.4 }],
      [112.9, { kind: 'power-off', cause: 'SHORT', switchOffMs: 0.011, milliamps: 448 }],
      [130, { kind: 'jack-safe', jackSafeMs: 17.2 }],
      [140, { kind: 'end', reason: 'stage power failed' }],
    ],
    {
      power: {
        verdict: 'fail',
        cause: 'The jack was shorted 0.9 ms after power-on; the board switched off within 0.011 ms.',
        nextAction: 'Try another cable; if the short stays, the phone’s power input is broken.',
        evidence: ['power-on', 'power-off'],
        ms: [0, 113],
        values: {
          'power.discoveryBursts': 3,
          'power.switchOffMs': 0.011,
          'power.jackSafeMs': 17.2,
          'power.inrushPeakMilliamps': 448,
        },
      },
      boot: notReached('power'),
      vlan: notReached('power'),
      address: notReached('power'),
      config: notReached('power'),
      registration: notReached('power'),
    },
  );

/** An 802.3af phone, from its signature on, cut short by a short: both drawings of detection and feed. */
export const signatureRun = (): FixtureRun =>
  runOf(
    [
      ...discoveryScript.slice(0, 4),
      [
        420,
        {
          kind: 'probe',
          finding: 'signature',
          ohms: 24_870,
          powerClass: 2,
          classMilliamps: 18.46,
          lowMillivolts: 4_010,
          highMillivolts: 8_310,
        },
      ],
      [
        421,
        {
          kind: 'discovery',
          method: '802.3af',
          outcome: 'signature',
          bursts: 0,
          matches: 0,
          partnerWord: null,
          foreignPulses: 0,
        },
      ],
      [450, { kind: 'power-on', method: '802.3af', pairs: 'spare', polarity: '802.3af', discoveryAgeMs: 29 }],
      [451, { kind: 'power-off', cause: 'SHORT', switchOffMs: 0.011, milliamps: 448 }],
      [470, { kind: 'jack-safe', jackSafeMs: 17.2 }],
      [480, { kind: 'end', reason: 'stage power failed' }],
    ],
    {
      power: {
        verdict: 'fail',
        cause: 'The jack is shorted: 448 mA when the board opened its switches.',
        nextAction: 'Try another cable; if the short stays, the phone’s power input is broken.',
        evidence: ['probe', 'discovery', 'power-on', 'power-off'],
        ms: [0, 451],
        values: { 'power.signatureOhms': 24_870, 'power.signatureClass': 2, 'power.switchOffMs': 0.011 },
      },
      boot: notReached('power'),
      vlan: notReached('power'),
      address: notReached('power'),
      config: notReached('power'),
      registration: notReached('power'),
    },
  );

export const livePartnerRun = (): FixtureRun =>
  runOf(
    [
      ...discoveryScript.slice(0, 4),
      ...words.map((word, index) => [58 + 16 * index, burst(index, word, 0x41e1)] as const),
      [
        640,
        {
          kind: 'discovery',
          method: 'prestandard',
          outcome: 'partner',
          bursts: 40,
          matches: 0,
          partnerWord: 0x41e1,
          foreignPulses: 1320,
        },
      ],
      [650, { kind: 'end', reason: 'stage power ended the run' }],
    ],
    {
      power: {
        verdict: 'error',
        blame: 'operator',
        cause: 'A live link partner answers (802.3, 10BASE-T and 100BASE-TX): this is no unpowered phone.',
        nextAction: 'Unplug the other device or the phone’s own power supply, then test again.',
        evidence: ['flp-burst', 'discovery'],
        ms: [0, 640],
        values: { 'power.discoveryBursts': 40 },
      },
      boot: notReached('power'),
      vlan: notReached('power'),
      address: notReached('power'),
      config: notReached('power'),
      registration: notReached('power'),
    },
  );
