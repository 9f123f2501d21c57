import type { MeasurementName } from '../plan/plan.js';
import type { Measurement, NotMeasured, StageResult } from '../stages/judge.js';
import { line, rect, scale, svg } from './figure.js';
import { type Markup, markup } from './markup.js';
import { limitsText, valueText } from './measurement-text.js';

const names: Readonly<Record<MeasurementName, string>> = {
  'power.discoveryBursts': 'Bursts until discovered',
  'power.echoRoundTripNs': 'Echo round trip',
  'power.signatureOhms': '802.3af signature',
  'power.signatureClass': '802.3af class',
  'power.discoveryAgeMs': 'Age of discovery at power-on',
  'power.inrushPeakMilliamps': 'Inrush peak',
  'power.inrushMs': 'Inrush time',
  'power.steadyMilliwatts': 'Steady draw',
  'power.switchOffMs': 'Cause to switch open',
  'power.jackSafeMs': 'Cause to jack below 2.8 V',
  'boot.linkUpMs': 'Power to link',
  'boot.linkDrops': 'Link drops',
  'boot.peakMilliwatts': 'Peak draw while booting',
  'vlan.firstCdpMs': 'Link to first CDP',
  'vlan.firstLldpMs': 'Link to first LLDP-MED',
  'vlan.takenUpMs': 'Link to voice VLAN',
  'vlan.cdpMilliwatts': 'Power asked for by CDP',
  'vlan.lldpMilliwatts': 'Power asked for by LLDP',
  'address.ackMs': 'Time to address',
  'address.discovers': 'DISCOVERs sent',
  'config.fetchedMs': 'Time to configuration',
  'config.filesAsked': 'Files asked for',
  'config.imageBytes': 'Image fetched',
  'registration.registeredMs': 'Time to registration',
  'registration.attempts': 'CallManagers tried',
  'registration.failoverMs': 'CallManager lost until registered with the next',
  'registration.fallbackMs': 'CallManager back until registered with it again',
  'registration.refetchedMs': 'Told to start again until the configuration was fetched',
  'registration.returnedMs': 'Told to start again until registered again',
  'registration.keepalives': 'Keepalives seen',
};

export const measurementLabel = (name: string): string => (names as Readonly<Record<string, string>>)[name] ?? name;

const bar = { width: 150, height: 14 } as const;
const beyond = 1.18;

/** Where a value stands between its limits: red outside, striped where marginal, green inside. */
export const limitBar = ({ name, value, limits, verdict }: Measurement): Markup | null => {
  if (limits === null) return null;
  const { min, max, marginalMin, marginalMax } = limits;
  const bounds = [min, max, marginalMin, marginalMax].filter((bound) => bound !== undefined);
  if (bounds.length === 0) return null;
  const high = Math.max(value, ...bounds, 1e-9) * beyond;
  const low = Math.min(0, value, ...bounds);
  const x = scale([low, high], [0, bar.width]);
  const zone = (className: string, from: number, to: number): Markup | null =>
    to > from ? rect(className, x(from), 4, x(to) - x(from), bar.height - 8) : null;
  const from = min ?? low;
  const to = max ?? high;
  const at = x(value);
  return svg(
    bar.width,
    bar.height,
    `${measurementLabel(name)}: ${verdict}`,
    rect('zone bad-zone', 0, 4, bar.width, bar.height - 8),
    zone('zone marginal-zone', from, to),
    zone('zone good-zone', marginalMin ?? from, marginalMax ?? to),
    line('needle-back', at, 0, at, bar.height),
    line(`needle ${verdict}`, at, 0, at, bar.height),
  );
};

const row = (measurement: Measurement): Markup =>
  markup`<tr><th scope="row" title="${measurement.name}">${measurementLabel(measurement.name)}</th><td class="number ${measurement.verdict}">${valueText(measurement.value, measurement.unit)}</td><td class="bar-cell">${limitBar(measurement)}</td><td class="muted">${limitsText(measurement)}</td><td class="evidence"><a href="#e${measurement.evidence}">${measurement.evidence}</a></td></tr>`;

const skippedRow = ({ name, reason }: NotMeasured): Markup =>
  markup`<tr><th scope="row" title="${name}">${measurementLabel(name)}</th><td class="number muted" colspan="4">skipped: ${reason}</td></tr>`;

export const measurementTable = ({ measurements, notMeasured = [] }: StageResult): Markup | null =>
  measurements.length + notMeasured.length === 0
    ? null
    : markup`<table class="measurements"><tbody>${measurements.map(row)}${notMeasured.map(skippedRow)}</tbody></table>`;
