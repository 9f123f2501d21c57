/**
 * SCCP messages: ids and payload layouts, from chan-sccp's sccp_protocol.h, Wireshark's packet-skinny.c and the
 * measured sizes of real CallManager captures.
 */
import {
  countOf,
  hex,
  ipv4,
  nulText,
  pairOf,
  restText,
  type SccpFields,
  type SccpPart,
  slots,
  text,
  u8,
  u16,
  u32,
  unused,
} from './sccp.fields.js';

/** Message ids by name; unlisted ids are named `unknown`. */
export const sccpMessages: Readonly<Record<string, number>> = {
  KeepAlive: 0x0000,
  Register: 0x0001,
  IpPort: 0x0002,
  KeypadButton: 0x0003,
  EnblocCall: 0x0004,
  Stimulus: 0x0005,
  OffHook: 0x0006,
  OnHook: 0x0007,
  ForwardStatReq: 0x0009,
  SpeedDialStatReq: 0x000a,
  LineStatReq: 0x000b,
  ConfigStatReq: 0x000c,
  TimeDateReq: 0x000d,
  ButtonTemplateReq: 0x000e,
  VersionReq: 0x000f,
  CapabilitiesRes: 0x0010,
  ServerReq: 0x0012,
  Alarm: 0x0020,
  OpenReceiveChannelAck: 0x0022,
  SoftKeySetReq: 0x0025,
  SoftKeyEvent: 0x0026,
  Unregister: 0x0027,
  SoftKeyTemplateReq: 0x0028,
  RegisterTokenReq: 0x0029,
  MediaResourceNotification: 0x002c,
  RegisterAvailableLines: 0x002d,
  ServiceURLStatReq: 0x0033,
  FeatureStatReq: 0x0034,
  ExtensionDeviceCaps: 0x0041,
  SubscriptionStatReq: 0x0048,
  AccessoryStatus: 0x0049,
  RegisterAck: 0x0081,
  StartTone: 0x0082,
  StopTone: 0x0083,
  SetRinger: 0x0085,
  SetLamp: 0x0086,
  SetSpeakerMode: 0x0088,
  StartMediaTransmission: 0x008a,
  StopMediaTransmission: 0x008b,
  CallInfo: 0x008f,
  ForwardStat: 0x0090,
  SpeedDialStat: 0x0091,
  LineStat: 0x0092,
  ConfigStat: 0x0093,
  DefineTimeDate: 0x0094,
  StartSessionTransmission: 0x0095,
  ButtonTemplate: 0x0097,
  Version: 0x0098,
  DisplayText: 0x0099,
  ClearDisplay: 0x009a,
  CapabilitiesReq: 0x009b,
  RegisterReject: 0x009d,
  ServerRes: 0x009e,
  Reset: 0x009f,
  KeepAliveAck: 0x0100,
  OpenReceiveChannel: 0x0105,
  CloseReceiveChannel: 0x0106,
  SoftKeyTemplateRes: 0x0108,
  SoftKeySetRes: 0x0109,
  SelectSoftKeys: 0x0110,
  CallState: 0x0111,
  DisplayPromptStatus: 0x0112,
  ClearPromptStatus: 0x0113,
  ActivateCallPlane: 0x0116,
  UnregisterAck: 0x0118,
  RegisterTokenAck: 0x011a,
  RegisterTokenReject: 0x011b,
  FeatureStat: 0x011f,
  ConfigStatDynamic: 0x0142,
  DisplayPromptStatusV2: 0x0145,
  LineStatDynamic: 0x0147,
  SpeedDialStatDynamic: 0x0149,
  CallInfoDynamic: 0x014a,
  XMLAlarm: 0x015a,
  SPCPRegisterTokenReq: 0x8000,
  SPCPRegisterTokenAck: 0x8100,
  SPCPRegisterTokenReject: 0x8101,
};

const names: ReadonlyMap<number, string> = new Map(Object.entries(sccpMessages).map(([name, id]) => [id, name]));

export const sccpMessageName = (id: number): string => names.get(id) ?? 'unknown';

/** Sizes in bytes. */
export interface SccpLayout {
  /** Shortest payload ever seen; parts behind it may be missing, each as a whole. */
  readonly least: number;
  /** Written at least; parts behind it only up to the last one whose field is given. All parts where there is no number. */
  readonly written: number;
  readonly parts: readonly SccpPart[];
}

const layout = (least: number, ...parts: SccpPart[]): SccpLayout => ({
  least,
  written: Number.POSITIVE_INFINITY,
  parts,
});
/** A message that grew over the years and is sent in several lengths. */
const grown = (sizes: { least: number; written: number }, ...parts: SccpPart[]): SccpLayout => ({ ...sizes, parts });
const empty = layout(0);

const noKeyFiller = '0:255';
const buttonSlots = slots('buttons', {
  used: 'count',
  slots: 42,
  slotSize: 2,
  filler: noKeyFiller,
  readSlot: (reader) => `${reader.u8('instance')}:${reader.u8('definition')}`,
  writeSlot(writer, slot) {
    const [instance, definition] = pairOf(slot);
    writer.u8(Number(instance)).u8(definition);
  },
});
const softKeySlots = slots('softKeys', {
  used: 'count',
  slots: 32,
  slotSize: 20,
  readSlot: (reader) => `${reader.paddedText(16, 'label').replaceAll(',', ';')}:${reader.u32('event')}`,
  writeSlot(writer, slot) {
    const [label, event] = pairOf(slot);
    writer.paddedText(label, 16).u32(event);
  },
});
const keysPerSet = 16;
/** Info index of a soft key: 300 plus its place in the template. */
const softKeyInfoBase = 300;
const softKeySetSlots = slots('sets', {
  used: 'count',
  slots: 16,
  slotSize: 48,
  readSlot(reader) {
    const indexes = [...reader.bytes(keysPerSet, 'template indexes')];
    reader.skip(2 * keysPerSet, 'info indexes');
    return indexes.filter((index) => index > 0).join(' ');
  },
  writeSlot(writer, slot) {
    const indexes = slot === '' ? [] : slot.split(' ').map(Number);
    writer.padded(Uint8Array.from(indexes), keysPerSet);
    for (let key = 0; key < keysPerSet; key++) {
      const index = indexes[key];
      writer.u16(index === undefined ? 0 : softKeyInfoBase + index);
    }
  },
});
const capabilitySlots = slots('capabilities', {
  used: 'count',
  slots: 18,
  slotSize: 16,
  readSlot(reader) {
    const told = `${reader.u32('codec')}:${reader.u32('frames per packet')}`;
    reader.skip(8, 'codec parameters');
    return told;
  },
  writeSlot(writer, slot) {
    const [codec, framesPerPacket] = pairOf(slot);
    writer.u32(Number(codec)).u32(framesPerPacket).zeros(8);
  },
});

/** RegisterAck's feature bytes as chan-sccp sends them. */
const ackFeatures = (fields: SccpFields): string => {
  const protocolVersion = Number(fields.protocolVersion ?? 0);
  if (protocolVersion <= 3) return '000000';
  return protocolVersion <= 10 ? '20f1fe' : '20f1ff';
};

const serverPlaces = [1, 2, 3, 4, 5];
/** From protocol 17 on an address is a family word (0: IPv4) and 16 bytes. */
export const wideAddressBytes = 20;
const addressBytes = 4;

/** The five addresses end the message: what is left tells their width; `addressBytes` chooses it where one is written. */
const serverAddress = (place: number): SccpPart => {
  const plain = ipv4(`address${place}`);
  return {
    ...plain,
    read(reader, fields) {
      const isWide = reader.remaining >= (serverPlaces.length + 1 - place) * wideAddressBytes;
      if (isWide) reader.skip(addressBytes, 'address family');
      plain.read(reader, fields);
      if (isWide) reader.skip(wideAddressBytes - 2 * addressBytes, 'rest of an IPv6 address');
    },
    write(writer, fields) {
      const isWide = fields.addressBytes === wideAddressBytes;
      if (isWide) writer.zeros(addressBytes);
      plain.write(writer, fields);
      if (isWide) writer.zeros(wideAddressBytes - 2 * addressBytes);
    },
  };
};

/**
 * Payloads that can be read and written. Lists are told as text, used slots joined by commas: `buttons` as
 * 'instance:definition', `softKeys` as 'label:event', `sets` as template indexes joined by blanks, `capabilities`
 * as 'codec:milliseconds'.
 */
export const sccpLayouts: Readonly<Record<string, SccpLayout>> = {
  KeepAlive: empty,
  // 68 bytes is what a 7940/7960 sends; a load name makes it 124, a configuration version 172.
  Register: grown(
    { least: 41, written: 68 },
    text('deviceName', 16),
    u32('userId'),
    u32('instance', 1),
    ipv4('stationAddress'),
    u32('deviceType'),
    u32('maxStreams'),
    u32('activeStreams'),
    u8('protocolVersion'),
    unused(1),
    u16('features'),
    u32('maxConferences'),
    u32('activeConferences'),
    hex('mac', 6),
    unused(6),
    u32('addressScope'),
    u32('maxLines'),
    unused(16),
    u32('ipv6Scope'),
    text('loadName', 32),
    text('configVersion', 48),
  ),
  IpPort: layout(4, u32('port')),
  ForwardStatReq: layout(4, u32('line', 1)),
  SpeedDialStatReq: layout(4, u32('number', 1)),
  LineStatReq: layout(4, u32('line', 1)),
  ConfigStatReq: empty,
  TimeDateReq: empty,
  ButtonTemplateReq: empty,
  VersionReq: empty,
  CapabilitiesRes: layout(4, countOf('count', 'capabilities'), capabilitySlots),
  ServerReq: empty,
  Alarm: layout(84, u32('severity'), text('text', 80), u32('param1'), u32('param2')),
  SoftKeySetReq: empty,
  SoftKeyTemplateReq: empty,
  Unregister: grown({ least: 0, written: 0 }, u32('reason')),
  RegisterTokenReq: layout(
    32,
    text('deviceName', 16),
    u32('userId'),
    u32('instance', 1),
    ipv4('stationAddress'),
    u32('deviceType'),
    unused(16),
    u32('ipv6Scope'),
  ),
  RegisterAvailableLines: layout(4, u32('lines', 1)),
  FeatureStatReq: layout(4, u32('index')),
  ServiceURLStatReq: layout(4, u32('index')),

  // CallManager 2.x sends 12 bytes, later ones 20.
  RegisterAck: grown(
    { least: 10, written: 12 },
    u32('keepaliveSeconds', 30),
    text('dateTemplate', 6),
    unused(2),
    u32('secondaryKeepaliveSeconds', 60),
    u8('protocolVersion'),
    // Written wherever a protocol version is.
    { ...hex('features', 3, ackFeatures), field: 'protocolVersion' },
  ),
  ForwardStat: grown(
    { least: 8, written: 92 },
    u32('active'),
    u32('line', 1),
    u32('allActive'),
    text('allNumber', 24),
    u32('busyActive'),
    text('busyNumber', 24),
    u32('noAnswerActive'),
    text('noAnswerNumber', 24),
    // From protocol 18 on the numbers have 25 bytes: written only where nothing is forwarded.
    u32('further'),
  ),
  SpeedDialStat: layout(28, u32('number', 1), text('directoryNumber', 24), text('name', 40)),
  LineStat: layout(
    28,
    u32('line', 1),
    text('directoryNumber', 24),
    text('name', 40),
    text('label', 40),
    u32('displayOptions', 15),
  ),
  ConfigStat: layout(
    112,
    text('deviceName', 16),
    u32('userId'),
    u32('instance', 1),
    text('userName', 40),
    text('serverName', 40),
    u32('lines', 1),
    u32('speedDials'),
  ),
  DefineTimeDate: layout(
    32,
    u32('year'),
    u32('month'),
    u32('dayOfWeek'),
    u32('day'),
    u32('hour'),
    u32('minute'),
    u32('second'),
    u32('millisecond'),
    u32('unixTime'),
  ),
  ButtonTemplate: layout(12, u32('offset'), countOf('count', 'buttons'), countOf('total', 'buttons'), buttonSlots),
  Version: layout(0, restText('version', 16)),
  DisplayText: layout(0, restText('text', 32)),
  CapabilitiesReq: empty,
  RegisterReject: layout(0, restText('text', 32)),
  ServerRes: layout(
    240,
    ...serverPlaces.map((place) => text(`server${place}`, 48)),
    ...serverPlaces.map((place) => u32(`port${place}`)),
    ...serverPlaces.map(serverAddress),
  ),
  Reset: layout(4, u32('type', 1)),
  KeepAliveAck: empty,
  SoftKeyTemplateRes: layout(
    12,
    u32('offset'),
    countOf('count', 'softKeys'),
    countOf('total', 'softKeys'),
    softKeySlots,
  ),
  SoftKeySetRes: layout(12, u32('offset'), countOf('count', 'sets'), countOf('total', 'sets'), softKeySetSlots),
  SelectSoftKeys: layout(16, u32('line'), u32('callReference'), u32('set'), u32('validKeys', 0xffffffff)),
  DisplayPromptStatus: layout(36, u32('timeoutSeconds'), text('text', 32), u32('line'), u32('callReference')),
  ClearPromptStatus: layout(8, u32('line'), u32('callReference')),
  UnregisterAck: layout(4, u32('status')),
  RegisterTokenAck: empty,
  RegisterTokenReject: layout(4, u32('waitSeconds', 60)),
  FeatureStat: layout(8, u32('index'), u32('feature'), text('name', 40), u32('status')),
  SpeedDialStatDynamic: layout(4, u32('number', 1), nulText('directoryNumber'), nulText('name')),
  ConfigStatDynamic: layout(
    32,
    text('deviceName', 16),
    u32('userId'),
    u32('instance', 1),
    u32('lines', 1),
    u32('speedDials'),
    nulText('userName'),
    nulText('serverName'),
  ),
  DisplayPromptStatusV2: layout(12, u32('timeoutSeconds'), u32('line'), u32('callReference'), nulText('text')),
  SPCPRegisterTokenReq: layout(
    32,
    text('deviceName', 16),
    u32('userId'),
    u32('instance', 1),
    ipv4('stationAddress'),
    u32('deviceType'),
    u32('maxStreams'),
  ),
  SPCPRegisterTokenAck: layout(4, u32('features')),
  SPCPRegisterTokenReject: layout(4, u32('waitSeconds', 60)),
  LineStatDynamic: layout(
    8,
    u32('line', 1),
    u32('displayOptions', 15),
    nulText('directoryNumber'),
    nulText('name'),
    nulText('label'),
  ),
};
