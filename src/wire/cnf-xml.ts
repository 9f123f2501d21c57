/** Configuration files a phone takes over TFTP; element names as Cisco's own servers and their replacements write them. */
import { createRequire } from 'node:module';
import type { ServedConfig } from '../timeline/events.js';

type XmlBuilder = typeof import('xmlbuilder2');

const xml = (): XmlBuilder => createRequire(import.meta.url)('xmlbuilder2') as XmlBuilder;

/**
 * Reads the 180 files of the XML library, which most verbs need not wait for. Called by whoever will meet configurations
 * before anything is powered: in the middle of a run it would hold up the heartbeat.
 */
export const prepareXml = (): void => {
  xml();
};

export interface CnfCallManager {
  readonly priority: number;
  readonly name: string;
  readonly address: string;
  /** In the protocol that the phone speaks. */
  readonly port: number;
}

const sccpPort = 2000;
const sipPort = 5060;
const connectionMonitorSeconds = 120;
const noSecurity = 1;
/** transportLayerProtocol; what every SCCP template carries has no published meaning (protocol facts 6.3). */
const transports = { sccp: 4, tcp: 1, udp: 2 } as const;

const toXml = (root: object): string =>
  `${xml().create({ version: '1.0', encoding: 'UTF-8' }, root).end({ prettyPrint: true })}\n`;

/** The library reads entities in the texts it is given and again when it writes them; a text of ours means what it says. */
const literal = (text: string): string => text.replaceAll('&', '&amp;amp;');

type CnfProtocol = 'SCCP' | 'SIP';

const callManagerGroup = (callManagers: readonly CnfCallManager[], protocol: CnfProtocol = 'SCCP') => ({
  members: {
    member: callManagers.map(({ priority, name, address, port }) => ({
      '@priority': priority,
      callManager: {
        name: literal(name),
        ports: protocol === 'SIP' ? { ethernetPhonePort: sccpPort, sipPort: port } : { ethernetPhonePort: port },
        processNodeName: literal(address),
      },
    })),
  },
});

/** SEP<MAC>.cnf.xml. */
export function buildDeviceConfig(options: {
  /** SCCP unless told. */
  protocol?: CnfProtocol;
  /** Of a SIP phone; TCP unless told. */
  sipTransport?: 'tcp' | 'udp';
  loadInformation: string;
  callManagers: readonly CnfCallManager[];
  /** Opaque; a changed value makes a phone apply the file. */
  versionStamp: string;
  /** As in 'D/M/YA'; A is the 12-hour clock. */
  dateTemplate: string;
}): string {
  return toXml({
    device: {
      deviceProtocol: options.protocol ?? 'SCCP',
      devicePool: {
        dateTimeSetting: { dateTemplate: literal(options.dateTemplate), timeZone: 'UTC' },
        callManagerGroup: callManagerGroup(options.callManagers, options.protocol),
        connectionMonitorDuration: connectionMonitorSeconds,
      },
      loadInformation: literal(options.loadInformation),
      versionStamp: literal(options.versionStamp),
      deviceSecurityMode: noSecurity,
      transportLayerProtocol: transports[options.protocol === 'SIP' ? (options.sipTransport ?? 'tcp') : 'sccp'],
    },
  });
}

/** XMLDefault.cnf.xml: one loadInformation<type> element per model, the type unpadded as CallManager writes it. */
export function buildDefaultConfig(options: {
  loads: readonly { deviceType: number; model: string; load: string }[];
  callManagers: readonly CnfCallManager[];
  /** SCCP unless told. */
  protocol?: CnfProtocol;
}): string {
  const loads = options.loads.map(({ deviceType, model, load }) => [
    `loadInformation${deviceType}`,
    { '@model': literal(model), '#': literal(load) },
  ]);
  return toXml({
    Default: {
      callManagerGroup: callManagerGroup(options.callManagers, options.protocol),
      ...Object.fromEntries(loads),
    },
  });
}

/** Far above any real file: old phones break at about 8 KiB. */
const longestFile = 65_536;
const deepestNesting = 32;
/** The library takes anything else for JSON or YAML, and its test for YAML takes exponential time. */
const beginsWithTag = /^\s*</;
const roots: ReadonlySet<string> = new Set(['device', 'Default']);

/**
 * What a phone takes from either file; undefined when the text is not such a file (not well-formed, another root, a
 * document type, too long, too deep). Never throws. `deviceType` chooses the load in an XMLDefault file; without it
 * such a file gives one only when it names a single load. CallManagers without an address are no members.
 */
export function readConfig(text: string, deviceType?: number): ServedConfig | undefined {
  if (text.length > longestFile || !beginsWithTag.test(text) || !isWellNested(text)) return undefined;
  try {
    const root = parse(text);
    if (!root || !roots.has(root.tag)) return undefined;
    return {
      loadInformation: readLoad(root, deviceType),
      versionStamp: child(root, 'versionStamp')?.text || null,
      sipTransport: readTransport(root),
      callManagers: readCallManagers(root),
    };
  } catch {
    // The library throws many kinds of error for what is no XML; none of them says more than this.
    return undefined;
  }
}

interface Element {
  readonly tag: string;
  readonly text: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
}

type DomNode = ReturnType<XmlBuilder['create']>['node'];

const elementNode = 1;
const textNodes: ReadonlySet<number> = new Set([3, 4]);

function parse(text: string): Element | undefined {
  const [root] = elementsIn(xml().create(text).doc().node);
  return root;
}

function elementsIn(node: DomNode): Element[] {
  return [...node.childNodes].filter(({ nodeType }) => nodeType === elementNode).map(toElement);
}

function toElement(node: DomNode): Element {
  const attributes = 'attributes' in node ? [...(node.attributes as Iterable<{ name: string; value: string }>)] : [];
  const texts = [...node.childNodes].filter(({ nodeType }) => textNodes.has(nodeType));
  return {
    tag: node.nodeName,
    text: texts
      .map(({ nodeValue }) => nodeValue ?? '')
      .join('')
      .trim(),
    attributes: new Map(attributes.map(({ name, value }) => [name, value])),
    children: elementsIn(node),
  };
}

const child = (element: Element | undefined, ...path: string[]): Element | undefined =>
  path.reduce<Element | undefined>((found, tag) => found?.children.find((next) => next.tag === tag), element);

function readLoad(root: Element, deviceType: number | undefined): string | null {
  const loads = root.children.filter(({ tag }) => /^loadInformation\d*$/.test(tag));
  const typeOf = ({ tag }: Element) => Number(tag.slice('loadInformation'.length));
  const plain = loads.find(({ tag }) => tag === 'loadInformation');
  const forType = deviceType === undefined ? undefined : loads.find((load) => typeOf(load) === deviceType);
  const only = deviceType === undefined && loads.length === 1 ? loads[0] : undefined;
  return (plain ?? forType ?? only)?.text || null;
}

function readTransport(root: Element): ServedConfig['sipTransport'] {
  const code = Number(child(root, 'transportLayerProtocol')?.text);
  return code === transports.tcp ? 'tcp' : code === transports.udp ? 'udp' : null;
}

function readCallManagers(root: Element): ServedConfig['callManagers'] {
  const group = child(root, 'devicePool', 'callManagerGroup') ?? child(root, 'callManagerGroup');
  const members = child(group, 'members')?.children.filter(({ tag }) => tag === 'member') ?? [];
  const isSip = child(root, 'deviceProtocol')?.text.toUpperCase() === 'SIP';
  const [portName, usualPort] = isSip ? (['sipPort', sipPort] as const) : (['ethernetPhonePort', sccpPort] as const);
  return members
    .map((member, index) => ({
      priority: Number(member.attributes.get('priority') ?? index),
      address: child(member, 'callManager', 'processNodeName')?.text ?? '',
      port: Number(child(member, 'callManager', 'ports', portName)?.text || usualPort),
    }))
    .filter(({ priority, address, port }) => address !== '' && Number.isInteger(priority) && Number.isInteger(port))
    .sort((first, second) => first.priority - second.priority);
}

/** What stands between elements: opening, closing. A document type is refused, and with it every entity of one's own. */
const passedOver = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
] as const;
const tagPattern = /<(\/?)([^\s/>"'=<!?&]+)(?:\s+[^\s/>"'=<]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>/y;

/**
 * One root and every element closed in order: the library lets unclosed elements pass, and its time grows with the
 * square of the depth. Linear in the text's length.
 */
function isWellNested(text: string): boolean {
  const open: string[] = [];
  let rootCount = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const between = passedOver.find(([start]) => text.startsWith(start, at));
    if (between) {
      const end = text.indexOf(between[1], at + between[0].length);
      if (end < 0) return false;
      at = end + between[1].length;
      continue;
    }
    tagPattern.lastIndex = at;
    const [, closing, name = '', selfClosing] = tagPattern.exec(text) ?? [];
    if (name === '') return false;
    at = tagPattern.lastIndex;
    if (!closing && open.length === 0) rootCount += 1;
    if (closing) {
      if (open.pop() !== name) return false;
    } else if (!selfClosing) {
      open.push(name);
    }
    if (open.length > deepestNesting) return false;
  }
  return open.length === 0 && rootCount === 1;
}
