import type { Malformed } from './cdp.js';
export type DhcpMessageType = 'DISCOVER' | 'OFFER' | 'REQUEST' | 'DECLINE' | 'ACK' | 'NAK' | 'RELEASE' | 'INFORM';
export interface DhcpOption {
  readonly code: number;
  readonly value: Uint8Array;
}
export interface DhcpMessage {
  readonly op: number;
  readonly xid: number;
  readonly secs: number;
  readonly broadcast: boolean;
  readonly clientAddress: string;
  readonly yourAddress: string;
  readonly serverAddress: string;
  readonly relayAddress: string;
  readonly clientMac: string;
  /** In order, as they stand, without 0 and 255; sname/file only where option 52 says so. */
  readonly options: readonly DhcpOption[];
  readonly messageType?: DhcpMessageType | undefined;
  readonly hostName?: string;
  readonly vendorClass?: string;
  readonly parameterRequestList?: readonly number[];
  readonly requestedAddress?: string;
  readonly serverIdentifier?: string;
  readonly leaseSeconds?: number;
  readonly subnetMask?: string;
  readonly routers?: readonly string[];
  readonly dnsServers?: readonly string[];
  readonly tftpServerName?: string;
  readonly tftpServers?: readonly string[];
  readonly clientIdentifier?: Uint8Array;
  readonly malformed?: Malformed;
}
export declare const dhcpOptions: {
  readonly subnetMask: 1;
  readonly router: 3;
  readonly dns: 6;
  readonly hostName: 12;
  readonly domainName: 15;
  readonly broadcast: 28;
  readonly arpTimeout: 35;
  readonly ntp: 42;
  readonly requestedAddress: 50;
  readonly leaseTime: 51;
  readonly overload: 52;
  readonly messageType: 53;
  readonly serverIdentifier: 54;
  readonly parameterRequestList: 55;
  readonly message: 56;
  readonly renewalTime: 58;
  readonly rebindingTime: 59;
  readonly vendorClass: 60;
  readonly clientIdentifier: 61;
  readonly tftpServerName: 66;
  readonly bootFile: 67;
  readonly tftpServers: 150;
};
/** UDP payload. Never throws; never looks past option 255 nor into sname/file without option 52. */
export declare function decodeDhcp(bytes: Uint8Array): DhcpMessage;
/** `sname`/`file` bytes as given (a phone leaves garbage there); `padTo` pads with zeros after 255. */
export declare function encodeDhcp(message: {
  op: 1 | 2;
  xid: number;
  secs?: number;
  broadcast?: boolean;
  clientAddress?: string;
  yourAddress?: string;
  serverAddress?: string;
  relayAddress?: string;
  clientMac: string;
  sname?: Uint8Array;
  file?: Uint8Array;
  options: readonly DhcpOption[];
  padTo?: number;
}): Uint8Array;
/** Option builders: no caller writes bytes. */
export declare const dhcpOption: {
  messageType(type: DhcpMessageType): DhcpOption;
  addresses(code: number, list: readonly string[]): DhcpOption;
  text(code: number, text: string): DhcpOption;
  seconds(code: number, seconds: number): DhcpOption;
  bytes(code: number, value: Uint8Array): DhcpOption;
};
