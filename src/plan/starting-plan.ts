/** A plan to begin with, every limit with its source: what we ship in plans/ and what `plan new` writes. */
import { BenchError } from '../errors.js';
import { type PhoneModel, phoneModels, type SourcedValue } from './phone-models.js';
import type { Plan } from './plan.js';
import { closestName } from './suggestion.js';

type Protocol = Plan['phone']['protocol'];

export interface StartingPlanRequest {
  /** As on the label, `CP-7960G`; without `CP-` or the `G` it is found too. */
  readonly model: string;
  /** The model's first unless told. */
  readonly protocol?: Protocol;
  /** null: none. */
  readonly voiceVlan?: number | null;
  /** Path or address of the plans' JSON Schema, for editors. */
  readonly schema: string;
}

const defaultVoiceVlan = 110;

const modelNamed = (name: string): readonly [string, PhoneModel] => {
  const bare = (text: string) => text.toUpperCase().replace(/^CP-?/, '').replace(/G$/, '');
  const found = Object.entries(phoneModels).find(([known]) => bare(known) === bare(name));
  if (found !== undefined) return found;
  const known = Object.keys(phoneModels);
  const near = closestName(name, known);
  const hint = near === undefined ? '' : `did you mean ${near}? `;
  throw new BenchError('USAGE', `no plan to begin with for ${name}; ${hint}There are: ${known.join(', ')}`);
};

const loadOf = (
  model: string,
  { loads }: PhoneModel,
  wanted: Protocol | undefined,
): readonly [Protocol, SourcedValue] => {
  const [first, ...more] = Object.entries(loads) as [Protocol, SourcedValue][];
  const found = [first, ...more].find((entry) => wanted === undefined || entry?.[0] === wanted);
  if (found === undefined)
    throw new BenchError('USAGE', `no ${wanted} load of ${model} is known; there is ${first?.[0]}`);
  return found;
};

/** The text of a plan that `loadPlan` takes. Throws BenchError USAGE for a model or protocol of which too little is known. */
export const startingPlan = (request: StartingPlanRequest): string => {
  const [model, row] = modelNamed(request.model);
  const [protocol, load] = loadOf(model, row, request.protocol);
  const voiceVlan = request.voiceVlan === undefined ? defaultVoiceVlan : request.voiceVlan;
  const isSip = protocol === 'SIP';
  const name = [
    model.toLowerCase(),
    ...(isSip && Object.keys(row.loads)[0] !== 'SIP' ? ['sip'] : []),
    ...(voiceVlan === null ? ['no-voice-vlan'] : []),
  ].join('-');
  const where = voiceVlan === null ? 'no voice VLAN' : `voice VLAN ${voiceVlan}`;
  const what = `Cisco ${model}, ${row.poweredBy === '802.3af' ? '802.3af, ' : ''}${protocol}, ${where}`;
  const written = ({ text, source }: SourcedValue) => `${text} # ${source}`;
  const limit = (key: keyof PhoneModel['limits']) => `  ${key}: ${written(row.limits[key])}`;
  const port = isSip ? 5060 : 2000;

  return `# yaml-language-server: $schema=${request.schema}
# A Cisco ${model} with ${protocol} firmware${row.poweredBy === null ? '' : `, powered by ${row.poweredBy}`}, from its first link pulse to registration${voiceVlan === null ? ' without a voice VLAN' : ` on voice VLAN ${voiceVlan}`}.
# The format is described in docs/plan.md. Every limit says where it comes from. [I] is inferred, [G] general knowledge
# that nobody has confirmed; what has no mark was read in a source or measured on a real phone.
name: ${name}
title: ${what}

phone:
  model: ${model}
  deviceId: any # or the one on the label, SEP and twelve hex digits
  platform: ${written(row.platform)}
  load: ${written(load)}
  protocol: ${protocol}
  configFile: .cnf.xml # what loads from 6.0 on ask for; older ones ask for .cnf

power:
  method: ${written(row.power.method)}
  pairs: ${written(row.power.pairs)}
  polarity: ${written(row.power.polarity)}
  echoes: 3 # exact echoes of fresh random words, in a row
  maxBursts: 40 # 16 ms each
  pulseWidth: 125ns # where nothing comes back the board tries 1 us by itself: a filter swallows narrow pulses
  inrushTimer: 60ms # 802.3af: inrush is limited for 50-75 ms
  overload: 375mA # 802.3af Icut: 350-400 mA
  overloadTime: 60ms # 802.3af Tovld: 50-75 ms
  underload: 7.5mA # 802.3af: off below 5 mA, on above 10 mA
  underloadTime: 350ms # 802.3af Tmpdo: 300-400 ms
  heartbeatTimeout: 500ms # the board opens its switches when this process falls silent
  offDwell: 5s # the phone's relay closes when its capacitors are empty

boot:
  linkAllowance: 10s # a 7960 needs 2-4.2 s; a hard 4 s (old Catalysts) leaves no margin
  linkGrace: 500ms # the board's own deadline stands this much behind

network:
  voiceVlan: ${voiceVlan === null ? 'none # stage vlan is skipped, everything is untagged' : voiceVlan}
  nativeVlan: 1
  bench: 10.110.0.1/24
  pool: 10.110.0.100 - 10.110.0.199
  lease: 1h
  tftpServers: [10.110.0.1] # DHCP option 150
  cdpDeviceId: linkpulse-bench
  cdpPeriod: 60s # as Catalysts do, measured
  powerAvailable: ${written(row.power.available)}

tftp:
  filesDirectory: none # a directory here overrides what is generated
  blockTimeout: 1s
  retries: 4

callManagers:
  - { priority: 0, name: cm-primary, address: 10.110.0.11, port: ${port}, behaviour: serve }
  - { priority: 1, name: cm-secondary, address: 10.110.0.12, port: ${port}, behaviour: serve }
  - { priority: 2, name: cm-tertiary, address: 10.110.0.13, port: ${port}, behaviour: serve }

sccp:
  keepalive: 5s # in the field 30 s; shorter so that one is seen within the run
  secondaryKeepalive: 10s # in the field 60 s
  dateTemplate: D/M/YA
${isSip ? sipSection : ''}
deadlines: # each from the end of the stage before it
  power: 10s
  vlan: 30s # first CDP about 4 s after link, VLAN chosen up to 10 s later
  address: 30s # six DISCOVERs, 4-5 s apart
  config: 60s
  registration: 30s
  keepalives: 1

limits:
  # -- power
  power.discoveryBursts: { min: 3, marginalMax: 12, max: 40 } # a relay echoes at once; more means a poor contact
  power.echoRoundTripNs: { max: 5us } # 100 m there and back is 1 us, the front end the rest
  power.signatureOhms: { min: 19kohm, max: 26.5kohm } # 802.3af: what a PSE accepts; measured only where the probe finds one
${limit('power.signatureClass')}
${limit('power.discoveryAgeMs')}
  power.inrushPeakMilliamps: { max: 450mA } # 802.3af: limited to 400-450 mA
  power.inrushMs: { marginalMax: 50ms, max: 75ms } # 802.3af: over within 50 ms, timer 50-75 ms
${limit('power.steadyMilliwatts')}
  power.switchOffMs: { max: 550ms } # heartbeat time-out and one guard pass
  power.jackSafeMs: { max: 1050ms } # and 802.3af's 500 ms down to 2.8 V
  # -- boot
${limit('boot.linkUpMs')}
  boot.linkDrops: { marginalMax: 1, max: 2 } # PHY up after 2 s, line up after 4 s; more is a reboot loop
${limit('boot.peakMilliwatts')}
  # -- vlan
${limit('vlan.firstCdpMs')}
  vlan.firstLldpMs: { marginalMax: 10s, max: 20s } # of phones that speak LLDP-MED too; [I] as CDP
  vlan.takenUpMs: { marginalMax: 20s, max: 30s } # chosen 5-10 s after the phone's start
${limit('vlan.cdpMilliwatts')}
  vlan.lldpMilliwatts: { min: 1W, max: 13W } # Cisco’s guides: 12.9 W, the most of class 3, whatever the phone draws
  # -- address
  address.ackMs: { marginalMax: 10s, max: 30s } # DISCOVER is repeated every 4.0-5.0 s
  address.discovers: { marginalMax: 2, max: 6 } # one where the wire is quiet; 31 real phones repeat every 4.0-5.0 s
  # -- config
  config.fetchedMs: { marginalMax: 20s, max: 60s } # first request 3.2 s after the lease; image 3.4 s
  config.filesAsked: { min: 1, max: 12 } # [I] trust lists, its own file, the default one, an image and its members
  config.imageBytes: { max: 16MiB } # [G] twice the largest image of these families
  # -- registration
  registration.registeredMs: { marginalMax: 10s, max: 30s } # a CallManager answers within milliseconds
  registration.attempts: { min: 1, max: 3 } # a phone knows three CallManagers
  registration.keepalives: { min: 1 } # ${isSip ? 'a registration renewed in time' : 'proves that the phone stays'}
  registration.failoverMs: { marginalMax: 30s, max: 60s } # at once where TCP closes, else after three keepalives
  registration.fallbackMs: { marginalMax: 60s, max: 180s } # a phone looks after its better CallManager with every standby keepalive
  registration.refetchedMs: { marginalMax: 60s, max: 120s } # a reset is a whole start: link, VLAN, address, files
  registration.returnedMs: { marginalMax: 60s, max: 150s } # and the registration again

simulation: # the simulated phone's own timers; a real port ignores them
  boot: 2s
  linkUp: 3.8s
  cdpSync: 1.5s
  dhcpRetry: 4s
  tftpRetry: 1s
  fileGap: 60ms
  callManagerRetry: 500ms
`;
};

const sipSection = `
sip:
  transport: tcp # what CallManager's profile needs
  expires: 20s # in the field 120 s, renewed 5 s before its end; shorter so that it is seen within the run
  digest: none
`;
