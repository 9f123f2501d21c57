import type { DecodedMessage } from '../decode/decoder.js';

/** What a message says, in one line for a person. */
export const wordsOf = (message: DecodedMessage): string => clean(readers[message.protocol](message));

type Fields = Readonly<Record<string, unknown>>;

const text = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value));
/** `name value` for each field that is there. */
const list = (fields: Fields, names: Readonly<Record<string, string>>): string =>
  Object.entries(names)
    .filter(([field]) => fields[field] !== undefined)
    .map(([field, name]) => `${name}${text(fields[field])}`)
    .join('  ');
const milliwatts = (value: unknown): string | undefined => {
  const power = value as { requestId: number; milliwatts: readonly number[] } | undefined;
  return power && `${power.milliwatts.map((each) => (each === 0xffffffff ? 'any' : `${each / 1000} W`)).join('/')}`;
};
const vlanOf = (value: unknown): string | undefined => {
  const told = value as { data: string; vlan?: number } | undefined;
  return told && String(told.vlan ?? told.data);
};

const readers: Readonly<Record<DecodedMessage['protocol'], (message: DecodedMessage) => string>> = {
  cdp: (cdp) =>
    list(
      {
        ...cdp,
        voiceVlanReply: vlanOf(cdp.voiceVlanReply),
        asks: cdp.voiceVlanQuery === undefined ? undefined : 'asks for its voice VLAN',
        powerRequested: milliwatts(cdp.powerRequested),
        powerAvailable: milliwatts(cdp.powerAvailable),
        draws:
          cdp.powerConsumptionMilliwatts === undefined
            ? undefined
            : `${Number(cdp.powerConsumptionMilliwatts) / 1000} W`,
        checksum: cdp.checksumOk === true ? undefined : 'wrong checksum',
      },
      {
        deviceId: '',
        platform: '',
        portId: '',
        addresses: '',
        voiceVlanReply: 'voice VLAN ',
        asks: '',
        draws: 'draws ',
        powerRequested: 'wants ',
        powerAvailable: 'may have ',
        checksum: '',
      },
    ),
  lldp: (lldp) => {
    const med = lldp.med as
      | { policies?: readonly { application: number; vlan: number }[]; power?: { deciwatts: number } }
      | undefined;
    const voice = med?.policies?.find(({ application }) => application === 1);
    return list(
      { ...lldp, voice: voice?.vlan, power: med?.power && `${med.power.deciwatts / 10} W` },
      {
        systemName: '',
        chassisId: 'chassis ',
        portId: 'port ',
        ttlSeconds: 'ttl ',
        voice: 'voice VLAN ',
        power: 'power ',
      },
    );
  },
  dhcp: (dhcp) =>
    list(
      {
        ...dhcp,
        messageType: dhcp.messageType ?? (dhcp.op === 2 ? 'BOOTP reply' : 'BOOTP request'),
        yourAddress: dhcp.yourAddress === '0.0.0.0' ? undefined : dhcp.yourAddress,
      },
      {
        messageType: '',
        clientMac: '',
        hostName: '',
        vendorClass: '',
        requestedAddress: 'asks for ',
        yourAddress: 'gives ',
        leaseSeconds: 'lease ',
        tftpServers: 'TFTP ',
        tftpServersText: 'TFTP as a text: ',
        tftpServerName: 'TFTP name ',
      },
    ),
  tftp: (tftp) =>
    list(
      {
        ...tftp,
        options:
          tftp.options &&
          Object.entries(tftp.options)
            .map((pair) => pair.join('='))
            .join(' '),
      },
      {
        opcode: '',
        fileName: '',
        mode: '',
        options: '',
        block: 'block ',
        data: '',
        errorCode: 'code ',
        errorMessage: '',
      },
    ),
  sccp: (sccp) => {
    const fields = Object.entries(sccp.fields as Fields)
      .filter(([, value]) => value !== '' && value !== 0)
      .slice(0, 8)
      .map(([name, value]) => `${name}=${text(value).slice(0, 40)}`);
    const name =
      sccp.messageName === 'unknown' ? `message 0x${Number(sccp.messageId).toString(16)}` : text(sccp.messageName);
    return [name, ...fields].join('  ');
  },
  sip: (sip) =>
    list(
      { ...sip, contact: (sip.contact as readonly string[] | undefined)?.[0] },
      {
        method: '',
        statusCode: '',
        requestUri: '',
        cseq: 'CSeq ',
        from: 'from ',
        contact: 'contact ',
        expires: 'expires ',
      },
    ),
};

/** One line stays one line; text from the wire moves no cursor and rings no bell. */
const clean = (words: string): string => words.replace(/[\r\n\t]+/g, ' ').replace(/[^ -~]/g, '?');
