import type { CallManagerConduct } from '../plan/call-control.js';
import type { CallManagerPlan, Plan } from '../plan/plan.js';
import { encodeSccp, SccpFramer, type SccpMessage, wideAddressBytes } from '../wire/sccp.js';
import type { FactTeller } from './fact-teller.js';
import type { Talk } from './tcp-talks.js';

/** From this version on a server puts it in its headers, but for the answers that always carry 0. */
const firstProtocolInHeader = 10;
/** From this version on lines, speed dials, prompts and servers are told in messages of variable length. */
const firstDynamicProtocol = 17;
/** From this version on a forwarding number has 25 bytes; nothing is forwarded here, so four zeros more will do. */
const firstLongForwardProtocol = 18;

/**
 * What every phone gets: one line and no calls. `buttons`, `softKeys` and `softKeySets` as the codec tells them: line key
 * 1 (definition 9), two keys with their events, both of them in the set shown on hook.
 */
const phoneSetup = {
  line: 1,
  lines: 1,
  directoryNumber: '1000',
  lineName: 'Linkpulse',
  prompt: 'Linkpulse: registered',
  buttons: '1:9',
  softKeys: 'Redial:1,NewCall:2',
  softKeySets: '1 2',
} as const;

/** ServerRes has room for so many members. */
const listedServers = 5;

type Fields = Readonly<Record<string, string | number>>;

interface Reply {
  readonly name: string;
  readonly fields?: Fields;
  /** Header version 0 whatever was negotiated. */
  readonly plainHeader?: true;
}

export interface SccpSessionOptions {
  readonly plan: Plan;
  readonly server: CallManagerPlan;
  readonly now: () => Date;
  readonly teller: FactTeller;
  readonly conduct: CallManagerConduct;
  /** Heard each time the device has finished registering. */
  readonly onRegistered?: (deviceName: string) => void;
}

/** Calendar fields are local time, the last one is UTC seconds. */
const timeFields = (at: Date): Fields => ({
  year: at.getFullYear(),
  month: at.getMonth() + 1,
  dayOfWeek: at.getDay(),
  day: at.getDate(),
  hour: at.getHours(),
  minute: at.getMinutes(),
  second: at.getSeconds(),
  millisecond: at.getMilliseconds(),
  unixTime: Math.floor(at.getTime() / 1000),
});

const numberField = (message: SccpMessage, name: string): number => {
  const value = message.fields[name];
  return typeof value === 'number' ? value : 0;
};

const textField = (message: SccpMessage, name: string): string => {
  const value = message.fields[name];
  return typeof value === 'string' ? value : '';
};

/** Messages a phone sends unasked and wants no answer to. */
const unanswered: ReadonlySet<string> = new Set([
  'IpPort',
  'Alarm',
  'XMLAlarm',
  'CapabilitiesRes',
  'RegisterAvailableLines',
  'MediaResourceNotification',
  'KeypadButton',
  'Stimulus',
  'OffHook',
  'OnHook',
  'SoftKeyEvent',
  'AccessoryStatus',
  'ExtensionDeviceCaps',
  'ServiceURLStatReq',
  'SubscriptionStatReq',
]);

/** Allowed before Register: a standby connection keeps itself alive and asks for a token. */
const beforeRegistration: ReadonlySet<string> = new Set([
  'Register',
  'KeepAlive',
  'RegisterTokenReq',
  'SPCPRegisterTokenReq',
  'Unregister',
]);

/** With any of them a registration is complete: the first for a phone, the second for an SPCP device. */
const completing: ReadonlySet<string> = new Set(['TimeDateReq', 'RegisterAvailableLines']);

/** Type word of Reset. */
const resetTypes = { reset: 1, restart: 2 } as const;

type Handler = (message: SccpMessage) => readonly Reply[];

export interface SccpSession extends Talk {
  /** The message that tells a registered phone to start again. */
  order(kind: keyof typeof resetTypes): Uint8Array;
}

/** One connection of one phone, without the socket: registration as protocol-facts measured it, in any order. */
export const createSccpSession = (options: SccpSessionOptions): SccpSession => {
  const { plan, server, now, teller, conduct, onRegistered } = options;
  const { newestSccpVersion, token, tokenWaitSeconds } = plan.callControl;
  const framer = new SccpFramer();
  let deviceName: string | null = null;
  let protocolVersion = 0;
  let isComplete = false;

  const reject = (text: string): readonly Reply[] => [{ name: 'RegisterReject', fields: { text }, plainHeader: true }];

  const register: Handler = (message) => {
    const name = textField(message, 'deviceName');
    if (name === '') return reject('No device name');
    if (conduct.behaviour === 'reject') return reject(conduct.text);
    deviceName = name;
    isComplete = false;
    protocolVersion = Math.min(numberField(message, 'protocolVersion'), newestSccpVersion);
    const fields = {
      keepaliveSeconds: plan.sccp.keepaliveSeconds,
      dateTemplate: plan.sccp.dateTemplate,
      secondaryKeepaliveSeconds: plan.sccp.secondaryKeepaliveSeconds,
      protocolVersion,
    };
    return [
      { name: 'RegisterAck', fields, plainHeader: true },
      { name: 'CapabilitiesReq', plainHeader: true },
    ];
  };

  const isDynamic = (): boolean => protocolVersion >= firstDynamicProtocol;

  const lineStat: Handler = (message) => {
    const line = numberField(message, 'line');
    const { directoryNumber, lineName } = phoneSetup;
    const known = line === phoneSetup.line;
    const texts = known ? { directoryNumber, name: lineName, label: directoryNumber } : {};
    return [{ name: isDynamic() ? 'LineStatDynamic' : 'LineStat', fields: { line, ...texts } }];
  };

  const serverList = (): Fields => {
    const members = plan.callManagers.toSorted((a, b) => a.priority - b.priority).slice(0, listedServers);
    const form: Fields = isDynamic() ? { addressBytes: wideAddressBytes } : {};
    const told = Object.fromEntries(
      members.flatMap(({ name, address, port }, index) => [
        [`server${index + 1}`, name],
        [`port${index + 1}`, port],
        [`address${index + 1}`, address],
      ]),
    );
    return { ...form, ...told };
  };

  const tokenAnswer =
    (prefix: '' | 'SPCP'): Handler =>
    () => [
      // One that has stopped answering does not take anybody in either.
      token === 'grant' && conduct.behaviour !== 'ignore-keepalives'
        ? { name: `${prefix}RegisterTokenAck`, plainHeader: true }
        : { name: `${prefix}RegisterTokenReject`, fields: { waitSeconds: tokenWaitSeconds }, plainHeader: true },
    ];

  const handlers: Readonly<Record<string, Handler>> = {
    KeepAlive: () =>
      conduct.behaviour === 'ignore-keepalives' && deviceName !== null
        ? []
        : [{ name: 'KeepAliveAck', plainHeader: true }],
    Register: register,
    RegisterTokenReq: tokenAnswer(''),
    SPCPRegisterTokenReq: tokenAnswer('SPCP'),
    VersionReq: () => [{ name: 'Version', fields: { version: '' }, plainHeader: true }],
    ButtonTemplateReq: () => [{ name: 'ButtonTemplate', fields: { buttons: phoneSetup.buttons } }],
    SoftKeyTemplateReq: () => [{ name: 'SoftKeyTemplateRes', fields: { softKeys: phoneSetup.softKeys } }],
    SoftKeySetReq: () => [{ name: 'SoftKeySetRes', fields: { sets: phoneSetup.softKeySets } }],
    ConfigStatReq: () => [
      {
        name: 'ConfigStat',
        fields: { deviceName: deviceName ?? '', serverName: server.name, lines: phoneSetup.lines, speedDials: 0 },
      },
    ],
    LineStatReq: lineStat,
    SpeedDialStatReq: (message) => {
      const fields = { number: numberField(message, 'number') };
      return [{ name: isDynamic() ? 'SpeedDialStatDynamic' : 'SpeedDialStat', fields }];
    },
    ForwardStatReq: (message) => {
      const further = protocolVersion >= firstLongForwardProtocol ? { further: 0 } : {};
      return [{ name: 'ForwardStat', fields: { line: numberField(message, 'line'), ...further } }];
    },
    FeatureStatReq: (message) => [{ name: 'FeatureStat', fields: { index: numberField(message, 'index') } }],
    ServerReq: () => [{ name: 'ServerRes', fields: serverList() }],
    TimeDateReq: () => [
      { name: 'DefineTimeDate', fields: timeFields(now()) },
      { name: 'SelectSoftKeys' },
      { name: isDynamic() ? 'DisplayPromptStatusV2' : 'DisplayPromptStatus', fields: { text: phoneSetup.prompt } },
    ],
    Unregister: () => {
      deviceName = null;
      isComplete = false;
      return [{ name: 'UnregisterAck', fields: { status: 0 } }];
    },
  };

  const answer = (message: SccpMessage): readonly Reply[] => {
    const { messageName } = message;
    if (completing.has(messageName) && deviceName !== null) isComplete = true;
    if (unanswered.has(messageName)) return [];
    const handle = handlers[messageName];
    if (handle === undefined) {
      const id = `0x${message.messageId.toString(16).padStart(4, '0')}`;
      teller.once('unknown-message', id, { server: server.address, id, message: messageName });
      return [];
    }
    if (deviceName === null && !beforeRegistration.has(messageName)) {
      teller.once('asked-before-registration', messageName, { server: server.address, message: messageName });
      return [];
    }
    return handle(message);
  };

  const encode = ({ name, fields, plainHeader }: Reply): Uint8Array =>
    encodeSccp(name, fields, plainHeader || protocolVersion < firstProtocolInHeader ? 0 : protocolVersion);

  return {
    get deviceName() {
      return deviceName;
    },
    order: (kind) => encode({ name: 'Reset', fields: { type: resetTypes[kind] } }),
    push: (chunk) => {
      const messages = framer.push(chunk);
      const readable = framer.lost ? messages.slice(0, -1) : messages;
      const garbage = framer.lost ? (messages.at(-1)?.malformed?.reason ?? 'stream lost') : null;
      if (conduct.behaviour === 'silent') return { reply: nothing, messages: readable.length, garbage };
      const wasComplete = isComplete;
      // A payload that is too short is answered by what could be read of it.
      const reply = Buffer.concat(readable.flatMap(answer).map(encode));
      if (isComplete && !wasComplete && deviceName !== null) onRegistered?.(deviceName);
      return { reply, messages: readable.length, garbage };
    },
  };
};

const nothing = new Uint8Array();
