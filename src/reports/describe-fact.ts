/** Every kind of fact in a few words: for the report and for the terminal. */
import type { Fact, FactKind, FactOf } from '../timeline/events.js';
import { feedOf } from '../timeline/feed.js';

const hex = (value: number, digits: number): string => `0x${value.toString(16).toUpperCase().padStart(digits, '0')}`;
const round = (value: number): string => String(Math.round(value * 100) / 100);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
const join = (...parts: readonly (string | null | false)[]): string => parts.filter((part) => part).join(', ');
const listed = (record: Readonly<Record<string, string | number | boolean>>): string =>
  Object.entries(record)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');

const watts = (milliwatts: number): string => `${Math.round(milliwatts / 100) / 10} W`;
const mostNames = 4;
/** `jack1, jack2 and jack3`; of many the first few and how many more. */
const named = (ports: readonly string[]): string => {
  const shown = ports.length > mostNames ? [...ports.slice(0, mostNames), `${ports.length - mostNames} more`] : ports;
  return [shown.slice(0, -1).join(', '), shown.at(-1)].filter((part) => part).join(' and ');
};

const endings: Readonly<Record<FactOf<'tftp-end'>['outcome'], string>> = {
  complete: 'complete',
  error: 'refused',
  gaveUp: 'no end was seen',
  askedAgain: 'asked for again before its end',
};

const texts: { readonly [K in FactKind]: (fact: FactOf<K>) => string } = {
  'run-start': ({ runId, limited }) =>
    join(`Run ${runId} starts`, limited.length > 0 && `limited: ${limited.join('; ')}`),
  label: ({ serial, mac }) =>
    `The label says ${join(serial !== null && `serial number ${serial}`, mac !== null && `MAC ${mac}`)}`,
  'capture-proven': () => 'The capture records',
  bridged: ({ uplink }) => `Observing: others serve behind ${uplink}`,
  calibration: ({ calibratedOn, due, today }) =>
    `Calibrated ${calibratedOn ?? 'nobody knows when'}, due ${due ?? 'unknown'}, today is ${today}`,
  'supply-wait': ({ supply, limit, neededMilliwatts, reservedMilliwatts, budgetMilliwatts, ...who }) =>
    join(
      `Waits for the supply ${supply}: ${named(who.holders) || 'nobody'} may draw ${watts(reservedMilliwatts)} of ${watts(budgetMilliwatts)}${limit === 'inrush' ? ' at inrush' : ''}`,
      `${watts(neededMilliwatts)} more are needed`,
      who.ahead.length > 0 && `behind ${named(who.ahead)}`,
      who.unproven.length > 0 && `nobody knows ${named(who.unproven)} to be off`,
    ),
  'supply-granted': ({ supply, waitedMs, steadyMilliwatts, inrushMilliwatts }) =>
    join(
      `The supply ${supply} keeps ${watts(steadyMilliwatts)} for this port`,
      `${watts(inrushMilliwatts)} at inrush`,
      waitedMs > 0 && `after ${round(waitedMs / 1000)} s`,
    ),
  'power-requested': () => 'Discovery and power requested',
  'simulated-time': ({ slipMs, worstLagMs, speed }) =>
    `Simulated time fell ${round(slipMs)} ms behind the wall clock, at worst ${round(worstLagMs)} ms at once, speed ${round(speed)}`,
  time: () => 'A deadline passed',
  prompt: ({ question, isAnswerable }) =>
    join(`The operator is asked: ${question.en}`, !isAnswerable && 'but nobody is there'),
  'prompt-answer': ({ answer, by, where }) => `Answer: ${answer} (${by}, ${where})`,
  'bench-fault': ({ code, message, blame }) => `${code}: ${message} (${blame})`,
  interrupted: ({ by }) => `Interrupted: ${by}`,
  end: ({ reason }) => `End: ${reason}`,

  'board-identified': ({ serial, firmware, revision, resetCause, calibratedOn }) =>
    firmware === null
      ? `Board ${serial === '' ? '' : `${serial} `}by its discrete lines`
      : `Board ${serial}, revision ${revision}, firmware ${firmware}, last reset: ${resetCause}, ${calibratedOn === null ? 'not calibrated' : `calibrated ${calibratedOn}`}`,
  'line-edge': ({ line, high }) => `Line ${line} ${high ? 'high' : 'low'}`,
  'flp-burst': ({ index, pulseNanoseconds, word, sent, heard, foreignPulses, roundTripNanoseconds }) =>
    join(
      `Burst ${index}: word ${hex(word, 4)} in pulses of ${pulseNanoseconds} ns`,
      heard === sent ? 'came back exactly' : heard.includes('1') ? 'something else was heard' : 'nothing was heard',
      roundTripNanoseconds !== null && `round trip ${round(roundTripNanoseconds)} ns`,
      foreignPulses > 0 && `${foreignPulses} foreign pulses`,
    ),
  probe: ({ finding, ohms, powerClass, classMilliamps, lowMillivolts, highMillivolts }) =>
    join(
      `Probe at low voltage: ${finding}`,
      ohms !== null && `${round(ohms / 1000)} kohm`,
      powerClass !== null && `class ${powerClass}`,
      classMilliamps > 0 && `class current ${round(classMilliamps)} mA`,
      finding !== 'not possible' && `jack ${round(lowMillivolts / 1000)} V and ${round(highMillivolts / 1000)} V`,
    ),
  discovery: ({ method, outcome, bursts, matches, partnerWord, foreignPulses }) =>
    join(
      `Discovery (${method ?? 'by the lines'}): ${outcome.replace('-', ' ')}`,
      method === 'prestandard' && `${matches} of ${bursts} bursts echoed`,
      partnerWord !== null && `partner's word ${hex(partnerWord, 4)}`,
      foreignPulses !== null && foreignPulses > 0 && `${foreignPulses} foreign pulses`,
    ),
  'power-refused': ({ code }) => `The board refused power: ${code}`,
  'power-on': ({ method, pairs, polarity, discoveryAgeMs }) =>
    join(
      `Power on by ${method}`,
      `${pairs} pairs ${feedOf(pairs, polarity)?.pins ?? ''} (${polarity} polarity)`,
      discoveryAgeMs !== null && `discovery ${round(discoveryAgeMs)} ms old`,
    ),
  inrush: ({ peakMilliamps, durationMs }) =>
    `Inrush: peak ${round(peakMilliamps)} mA, over after ${round(durationMs)} ms`,
  current: ({ milliamps, jackMillivolts, periodMs }) =>
    `Current: ${round(mean(milliamps))} mA on average over ${milliamps.length * periodMs} ms, jack ${round(jackMillivolts / 1000)} V`,
  'power-off': ({ cause, switchOffMs, milliamps }) =>
    [
      `Power off (${cause})`,
      switchOffMs !== null && `within ${round(switchOffMs)} ms`,
      milliamps !== null && `at ${round(milliamps)} mA`,
    ]
      .filter((part) => part !== false)
      .join(' '),
  'jack-safe': ({ jackSafeMs }) =>
    jackSafeMs === null
      ? 'The board is ready again: the jack is below 2.8 V'
      : `Jack below 2.8 V after ${round(jackSafeMs)} ms`,
  'board-fault': ({ code, jackMillivolts }) =>
    join(`Board fault ${code}`, jackMillivolts !== null && `jack ${round(jackMillivolts / 1000)} V`),
  'board-lost': ({ code }) => `The board is lost: ${code}`,
  'stored-trip': ({ cause, switchOffMs, jackSafeMs }) =>
    join(
      `The board kept a trip: ${cause}`,
      `switch open within ${round(switchOffMs)} ms`,
      jackSafeMs !== null && `jack safe after ${round(jackSafeMs)} ms`,
    ),

  'link-up': () => 'Link up',
  'link-down': () => 'Link down',
  'own-frame-returned': () => 'A frame of our own came back',

  service: ({ service, action, detail }) => join(`${service}: ${action.replaceAll('-', ' ')}`, listed(detail)),

  cdp: (fact) =>
    join(
      `CDP ${fact.deviceId ?? ''}`.trim(),
      fact.from === 'phone' && fact.platform,
      fact.softwareVersion,
      fact.voiceVlanQuery && 'asks for the voice VLAN',
      fact.voiceVlanReply !== null && `voice VLAN is ${fact.voiceVlanReply}`,
      fact.powerConsumptionMilliwatts !== null && `draws ${fact.powerConsumptionMilliwatts} mW`,
      fact.powerAvailableMilliwatts !== null && `${fact.powerAvailableMilliwatts} mW available`,
      !fact.checksumOk && 'checksum wrong',
    ),
  lldp: (fact) =>
    join(
      `${fact.medClass === null ? 'LLDP' : 'LLDP-MED'} ${fact.systemName ?? ''}`.trim(),
      fact.ttlSeconds === 0 && 'goes away',
      fact.model,
      fact.softwareVersion,
      fact.voicePolicy !== null &&
        `voice ${fact.voicePolicy.vlan === null ? 'untagged' : `on VLAN ${fact.voicePolicy.vlan}`}, priority ${fact.voicePolicy.priority}, DSCP ${fact.voicePolicy.dscp}`,
      fact.from === 'phone' && fact.powerRequestedMilliwatts !== null && `asks for ${fact.powerRequestedMilliwatts} mW`,
      fact.powerAllocatedMilliwatts !== null && `${fact.powerAllocatedMilliwatts} mW allocated`,
    ),
  dhcp: (fact) =>
    join(
      `DHCP ${fact.messageType}`,
      fact.yourAddress !== '0.0.0.0' && `address ${fact.yourAddress}`,
      fact.requestedAddress !== null && `asks for ${fact.requestedAddress}`,
      fact.parameterRequestList.length > 0 && `wants options ${fact.parameterRequestList.join(' ')}`,
      fact.tftpServersText !== undefined && `option 150 is no list of addresses: “${fact.tftpServersText}”`,
      fact.tftpServers.length > 0 && `TFTP ${fact.tftpServers.join(' ')}`,
      fact.vendorClass,
    ),
  'address-sought': ({ address }) => `Looks for ${address}`,
  'address-used': ({ address }) => `Uses ${address}`,
  'vlan-used': ({ vlan }) => (vlan === null ? 'First untagged frame' : `First frame with tag ${vlan}`),
  'tftp-request': ({ file, options }) => join(`TFTP asks for ${file}`, listed(options)),
  'tftp-progress': ({ file, bytes }) => `TFTP ${file}: ${bytes} bytes so far`,
  'tftp-end': (fact) =>
    join(
      fact.outcome === 'complete'
        ? `TFTP ${fact.file}: complete, ${fact.bytes} bytes in ${round(fact.durationMs)} ms`
        : `TFTP ${fact.file}: ${endings[fact.outcome]}`,
      fact.errorCode !== null && `error ${fact.errorCode} ${fact.errorMessage ?? ''}`.trim(),
      fact.config?.loadInformation !== undefined &&
        fact.config.loadInformation !== null &&
        `names load ${fact.config.loadInformation}`,
    ),
  tcp: ({ state, server, port }) => `TCP ${server}:${port} ${state}`,
  sccp: ({ message, fields, count }) => join(`SCCP ${message}`, count > 1 && `${count} times`, listed(fields)),
  sip: ({ method, statusCode, reason, purpose, fields, count }) =>
    join(
      statusCode === null ? `SIP ${method}` : `SIP ${statusCode} ${reason ?? ''} to ${method}`.replace('  ', ' '),
      purpose !== null && purpose !== method.toLowerCase() && `to ${purpose}`,
      count > 1 && `${count} times`,
      listed(fields),
    ),
  malformed: ({ protocol, offset, reason }) => `Malformed ${protocol} at byte ${offset}: ${reason}`,
};

const longestText = 240;

/** One line without control characters (a terminal would obey them), at most 240 characters and a mark. */
export const describeFact = (fact: Fact): string => {
  const describe = texts[fact.kind] as ((fact: Fact) => string) | undefined;
  const text = describe === undefined ? (fact as { readonly kind: string }).kind : describe(fact);
  const shown = text.replace(/\p{Cc}/gu, '\ufffd');
  return shown.length > longestText ? `${shown.slice(0, longestText)}…` : shown;
};
