import type { ObserveFact } from '../timeline/events.js';
import { decodeCdp } from '../wire/cdp.js';
import type { TellMalformed } from './malformed.js';
import { clipList, clipOrNull, type Sighting } from './sighting.js';

/** `payload` from the CDP version byte on. A wrong checksum is told and rejects nothing. */
export const observeCdp = (
  payload: Uint8Array,
  { seen }: Sighting,
  tellMalformed: TellMalformed,
): readonly ObserveFact[] => {
  const message = decodeCdp(payload);
  const damage = message.malformed === undefined ? [] : tellMalformed('cdp', message.malformed, seen);
  if (message.malformed !== undefined && message.tlvs.length === 0) return damage;
  return [
    {
      kind: 'cdp',
      ...seen,
      deviceId: clipOrNull(message.deviceId),
      portId: clipOrNull(message.portId),
      platform: clipOrNull(message.platform),
      softwareVersion: clipOrNull(message.softwareVersion),
      capabilities: message.capabilities ?? null,
      checksumOk: message.checksumOk,
      voiceVlanQuery: message.voiceVlanQuery !== undefined,
      voiceVlanReply: message.voiceVlanReply?.vlan ?? null,
      powerConsumptionMilliwatts: message.powerConsumptionMilliwatts ?? null,
      powerRequestedMilliwatts:
        message.powerRequested === undefined ? null : clipList(message.powerRequested.milliwatts),
      powerAvailableMilliwatts: message.powerAvailable?.milliwatts[0] ?? null,
    },
    ...damage,
  ];
};
