export interface Malformed {
  readonly offset: number;
  readonly reason: string;
}
export interface CdpTlv {
  readonly type: number;
  readonly value: Uint8Array;
}
export interface CdpPower {
  readonly requestId: number;
  readonly managementId: number;
  readonly milliwatts: readonly number[];
}
/** A CDP message as read; absent in the packet = absent here. */
export interface CdpMessage {
  readonly version: number;
  readonly ttlSeconds: number;
  readonly checksumOk: boolean;
  readonly deviceId?: string;
  readonly addresses?: readonly string[];
  readonly portId?: string;
  readonly capabilities?: number;
  readonly softwareVersion?: string;
  readonly platform?: string;
  readonly nativeVlan?: number;
  readonly duplex?: 'full' | 'half';
  readonly voiceVlanReply?: { readonly data: Uint8Array; readonly vlan?: number };
  readonly voiceVlanQuery?: { readonly data: Uint8Array; readonly vlan?: number };
  readonly powerConsumptionMilliwatts?: number;
  readonly powerRequested?: CdpPower;
  readonly powerAvailable?: CdpPower;
  readonly trustBitmap?: number;
  readonly untrustedCos?: number;
  readonly tlvs: readonly CdpTlv[];
  readonly malformed?: Malformed;
}
/** `payload` starts at the CDP version byte and is already cut to the 802.3 length. Never throws. */
export declare function decodeCdp(payload: Uint8Array): CdpMessage;
/** Encodes TLVs in the order given; checksum as protocol (both odd-length rules). */
export declare function encodeCdp(message: {
  version?: number;
  ttlSeconds: number;
  tlvs: readonly CdpTlv[];
}): Uint8Array;
/** TLV builders, so that no caller writes a type number: deviceId, addresses, portId, capabilities, softwareVersion, platform,
 * nativeVlan, duplex, voiceVlanReply, voiceVlanQuery, powerConsumption, powerRequested, powerAvailable, trustBitmap, untrustedCos. */
export declare const cdpTlv: {
  deviceId(text: string): CdpTlv;
  addresses(ipv4: readonly string[]): CdpTlv;
  portId(text: string): CdpTlv;
  capabilities(bits: number): CdpTlv;
  softwareVersion(text: string): CdpTlv;
  platform(text: string): CdpTlv;
  nativeVlan(id: number): CdpTlv;
  duplex(full: boolean): CdpTlv;
  voiceVlanReply(vlan: number): CdpTlv;
  voiceVlanQuery(value: Uint8Array): CdpTlv;
  powerConsumption(milliwatts: number): CdpTlv;
  powerRequested(power: CdpPower): CdpTlv;
  powerAvailable(requestId: number, managementId: number, availableMilliwatts: number, levelMilliwatts: number): CdpTlv;
  trustBitmap(bits: number): CdpTlv;
  untrustedCos(cos: number): CdpTlv;
};
export declare const cdpMulticast: string; // '01:00:0c:cc:cc:cc'
/** Whole 802.3 LLC/SNAP frame around a CDP payload (tagged when vlan is given), padded to 60 bytes. */
export declare function cdpFrame(source: string, payload: Uint8Array): Uint8Array;
