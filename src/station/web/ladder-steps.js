/** What of a timeline stands on the ladder, and between whom. Pure. */

/** Columns from left to right. */
export const columns = ['bench', 'phone', 'dhcp', 'tftp', 'callmanager'];

const hidden = new Set([
  'current',
  'time',
  'tftp-progress',
  'vlan-used',
  'line-edge',
  'simulated-time',
  'inrush',
  'service',
]);
const longest = 64;
const short = (text) => (text.length > longest ? `${text.slice(0, longest)}…` : text);
const listed = (...parts) => short(parts.filter((part) => part !== null && part !== false && part !== '').join(' '));

/** Text of a message, in the protocol's own words. */
const messages = {
  cdp: (fact) =>
    listed(
      'CDP',
      fact.from === 'phone' && fact.deviceId,
      fact.voiceVlanQuery && 'VLAN?',
      fact.voiceVlanReply !== null && `VLAN ${fact.voiceVlanReply}`,
    ),
  lldp: (fact) =>
    listed(
      fact.medClass === null ? 'LLDP' : 'LLDP-MED',
      fact.model,
      fact.voicePolicy !== null && `VLAN ${fact.voicePolicy.vlan ?? '-'}`,
    ),
  dhcp: (fact) =>
    listed(
      fact.messageType,
      fact.messageType === 'OFFER' || fact.messageType === 'ACK' ? fact.yourAddress : fact.requestedAddress,
      fact.tftpServers.length > 0 && `150: ${fact.tftpServers.join(' ')}`,
    ),
  'address-used': (fact) => listed('IP', fact.address),
  'address-sought': (fact) => listed('ARP', fact.address, '?'),
  'tftp-request': (fact) => listed('RRQ', fact.file),
  'tftp-end': (fact) =>
    listed(fact.outcome === 'complete' ? `${fact.bytes} B` : (fact.errorMessage ?? fact.outcome), fact.file),
  tcp: (fact) => listed('TCP', fact.state, `${fact.server}:${fact.port}`),
  sccp: (fact) => listed(fact.message, fact.server),
  sip: (fact) =>
    listed(fact.statusCode === null ? fact.method : `${fact.statusCode} ${fact.reason ?? ''}`, fact.server),
  malformed: (fact) => listed(fact.protocol, '?!', fact.reason),
};
const partners = {
  dhcp: 'dhcp',
  'tftp-request': 'tftp',
  'tftp-end': 'tftp',
  tcp: 'callmanager',
  sccp: 'callmanager',
  sip: 'callmanager',
};

const landmarks = {
  'flp-burst': () => 'FLP',
  discovery: ({ outcome }) => `FLP: ${outcome}`,
  probe: ({ finding }) => `802.3af: ${finding}`,
  'power-on': ({ method }) => `−48 V ON (${method})`,
  'power-off': ({ cause }) => `−48 V OFF (${cause})`,
  'power-refused': ({ code }) => code,
  'jack-safe': () => '< 2.8 V',
  'link-up': () => 'LINK UP',
  'link-down': () => 'LINK DOWN',
  'board-fault': ({ code }) => code,
  'board-lost': ({ code }) => code,
  'bench-fault': ({ code }) => code,
  prompt: ({ question }) => short(question.en),
  'prompt-answer': ({ answer, by }) => `${answer} (${short(by)})`,
  interrupted: ({ by }) => short(by),
};

const stepOf = ({ seq, atUs, fact }) => {
  if (hidden.has(fact.kind)) return null;
  const base = { seq, atUs, count: fact.count ?? 1 };
  const message = messages[fact.kind];
  if (message !== undefined && fact.from !== undefined) {
    const partner = partners[fact.kind] ?? 'bench';
    // The end of a transfer is told of the phone, which acknowledged it; its bytes came from the server.
    const isFromPhone = fact.from === 'phone' && fact.kind !== 'tftp-end';
    const [from, to] = isFromPhone ? ['phone', partner] : [partner, 'phone'];
    return { ...base, from, to, text: message(fact) };
  }
  const landmark = landmarks[fact.kind];
  return landmark === undefined ? null : { ...base, from: 'bench', to: 'bench', text: landmark(fact) };
};

/** Steps of the ladder, repeats folded into one with their count. */
export const stepsOf = (events) => {
  const steps = [];
  for (const event of events) {
    const step = stepOf(event);
    if (step === null) continue;
    const last = steps.at(-1);
    if (last !== undefined && last.text === step.text && last.from === step.from && last.to === step.to) {
      steps[steps.length - 1] = { ...last, count: last.count + step.count };
    } else steps.push(step);
  }
  return steps;
};
