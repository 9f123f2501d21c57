import type { Malformed } from './cdp.js';
/** Message ids by name (protocol-facts 7.2) and back; unlisted ids are named `unknown`. */
export declare const sccpMessages: Readonly<Record<string, number>>;
export declare function sccpMessageName(id: number): string;
export interface SccpMessage {
  readonly length: number;
  readonly headerVersion: number;
  readonly messageId: number;
  readonly messageName: string;
  /** Register: deviceName, deviceType, protocolVersion, stationAddress, loadName?; RegisterAck: keepaliveSeconds, secondaryKeepaliveSeconds?, dateTemplate,
   * protocolVersion?; RegisterReject: text; LineStat: line, directoryNumber, name, label; LineStatReq: line; Alarm: severity, text; Reset: type; Unregister: reason?; IpPort: port;
   * CapabilitiesRes: count; ConfigStat: deviceName, serverName, lines, speedDials; DefineTimeDate: year..., unixTime; DisplayPromptStatus: text, ... */
  readonly fields: Readonly<Record<string, string | number>>;
  readonly payload: Uint8Array;
  readonly malformed?: Malformed;
}
/** One whole message, header included. Never throws. */
export declare function decodeSccp(bytes: Uint8Array): SccpMessage;
/** Cuts a TCP stream into messages; holds at most 8 KiB; an impossible length drops the stream's rest and is reported once as malformed. */
export declare class SccpFramer {
  push(chunk: Uint8Array): SccpMessage[];
  readonly buffered: number;
}
/** Encoders for what we send on either side. `fields` as decode tells them; `headerVersion` 0 by default. Throws only for a message with no encoder (programmer's error). */
export declare function encodeSccp(
  name: string,
  fields?: Readonly<Record<string, string | number>>,
  headerVersion?: number,
): Uint8Array;
