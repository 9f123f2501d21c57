/** The numbers by which captures and frames say what they carry. */

/** LINKTYPE_ values (tcpdump.org/linktypes.html). */
export const linkTypes = {
  null: 0,
  ethernet: 1,
  tokenRing: 6,
  ppp: 9,
  fddi: 10,
  atmRfc1483: 100,
  raw: 101,
  ppp50: 50,
  pppoe: 51,
  ciscoHdlc: 104,
  wlan: 105,
  frameRelay: 107,
  loop: 108,
  linuxCooked: 113,
  wlanPrism: 119,
  wlanRadiotap: 127,
  wlanAvs: 163,
  pppDirection: 204,
  rawIpv4: 228,
  rawIpv6: 229,
  linuxCooked2: 276,
} as const;
/** What some systems wrote for raw IP, ATM and PPP before the numbers were agreed. */
export const oldLinkTypes: ReadonlyMap<number, number> = new Map([
  [11, linkTypes.atmRfc1483],
  [12, linkTypes.raw],
  [14, linkTypes.raw],
  [166, linkTypes.pppDirection],
]);

export const etherTypes = {
  ipv4: 0x0800,
  cdp: 0x2000,
  transparentBridging: 0x6558,
  secureData: 0x6400,
  vlan: 0x8100,
  mplsUnicast: 0x8847,
  mplsMulticast: 0x8848,
  pppoeSession: 0x8864,
  ppp: 0x880b,
  jumboLlc: 0x8870,
  vlanService: 0x88a8,
  lldp: 0x88cc,
  macInMac: 0x88e7,
  ciscoMetaData: 0x8909,
  vnTag: 0x8926,
  lldpExtended: 0x8942,
  portExtender: 0x893f,
  redundancyTag: 0xf1c1,
  oldVlan: 0x9100,
  ipv6: 0x86dd,
} as const;
