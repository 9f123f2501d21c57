import type { Fact } from '../timeline/events.js';

const hex = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(4, '0')}`;
const ms = (value: number): string => `${Math.round(value)} ms`;

/** One event in a person's words, on one line; for the terminal, the ladder of the report and the log. */
export const describeFact = (fact: Fact): string => {
  switch (fact.kind) {
    case 'run-start':
      return `run ${fact.runId} starts`;
    case 'capture-proven':
      return 'capture proven running';
    case 'power-requested':
      return 'asks the board to discover and power';
    case 'simulated-time':
      return `simulated time: ${ms(fact.slipMs)} behind the wall clock, at worst ${ms(fact.worstLagMs)} late`;
    case 'time':
      return 'a deadline passed';
    case 'bench-fault':
      return `bench fault ${fact.code}: ${fact.message}`;
    case 'interrupted':
      return `interrupted by ${fact.by}`;
    case 'end':
      return `end: ${fact.reason}`;
    case 'board-identified':
      return `board ${fact.serial}, firmware ${fact.firmware}, revision ${fact.revision}`;
    case 'flp-burst':
      return `FLP burst ${fact.index}: ${hex(fact.word)} sent, ${fact.heard === fact.sent ? 'the same heard' : `${[...fact.heard].filter((bit) => bit === '1').length} pulses heard`}`;
    case 'discovery':
      return `discovery: ${fact.outcome} after ${fact.bursts} bursts`;
    case 'power-refused':
      return `the board refuses power: ${fact.code}`;
    case 'power-on':
      return `-48 V on (${fact.pairs}, ${fact.polarity}), discovery ${ms(fact.discoveryAgeMs)} old`;
    case 'inrush':
      return `inrush over: peak ${Math.round(fact.peakMilliamps)} mA, ${ms(fact.durationMs)}`;
    case 'current':
      return `${Math.round(fact.milliamps.at(-1) ?? 0)} mA at ${(fact.jackMillivolts / 1000).toFixed(1)} V`;
    case 'power-off':
      return `-48 V off (${fact.cause}), switch open after ${fact.switchOffMs.toFixed(1)} ms`;
    case 'jack-safe':
      return `jack below 2.8 V after ${fact.jackSafeMs.toFixed(1)} ms`;
    case 'board-fault':
      return `board fault ${fact.code}, jack at ${(fact.jackMillivolts / 1000).toFixed(1)} V`;
    case 'board-lost':
      return `board lost: ${fact.code}`;
    case 'stored-trip':
      return `the board kept a trip: ${fact.cause}, switch open after ${fact.switchOffMs.toFixed(1)} ms`;
    case 'link-up':
      return 'link up';
    case 'link-down':
      return 'link down';
    case 'own-frame-returned':
      return 'a frame of our own came back: a loop';
    case 'service':
      return `${fact.service}: ${fact.action.replaceAll('-', ' ')}${detail(fact.detail)}`;
    case 'cdp':
      return fact.from === 'phone'
        ? `CDP from ${fact.deviceId ?? fact.mac}: ${fact.platform ?? 'no platform'}, ${fact.softwareVersion ?? 'no version'}${fact.voiceVlanQuery ? ', asks for the voice VLAN' : ''}`
        : `CDP from the bench: voice VLAN ${fact.voiceVlanReply ?? 'none'}`;
    case 'dhcp':
      return `DHCP ${fact.messageType}${fact.yourAddress === '0.0.0.0' ? '' : ` ${fact.yourAddress}`}${onVlan(fact.vlan)}`;
    case 'address-used':
      return `the phone uses ${fact.address}${onVlan(fact.vlan)}`;
    case 'vlan-used':
      return fact.vlan === null ? 'the phone sends untagged' : `the phone sends on VLAN ${fact.vlan}`;
    case 'tftp-request':
      return `TFTP asks for ${fact.file}`;
    case 'tftp-progress':
      return `TFTP ${fact.file}: ${fact.bytes} bytes`;
    case 'tftp-end':
      return fact.outcome === 'error'
        ? `TFTP ${fact.file}: error ${fact.errorCode} ${fact.errorMessage ?? ''}`
        : `TFTP ${fact.file}: ${fact.outcome === 'complete' ? 'whole' : 'given up'}, ${fact.bytes} bytes in ${ms(fact.durationMs)}`;
    case 'tcp':
      return `TCP to ${fact.server}:${fact.port} ${fact.state}`;
    case 'sccp':
      return `SCCP ${fact.message} ${fact.from === 'phone' ? 'to' : 'from'} ${fact.server}${fact.count > 1 ? ` x${fact.count}` : ''}`;
    case 'malformed':
      return `malformed ${fact.protocol} from the ${fact.from} at byte ${fact.offset}: ${fact.reason}`;
  }
};

const onVlan = (vlan: number | null): string => (vlan === null ? ' untagged' : ` on VLAN ${vlan}`);

const detail = (values: Readonly<Record<string, string | number | boolean>>): string => {
  const words = Object.entries(values).map(([name, value]) => `${name} ${value}`);
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
};
