import type { ServedConfig } from '../timeline/events.js';
export interface CnfCallManager {
  readonly priority: number;
  readonly name: string;
  readonly address: string;
  readonly port: number;
}
/** SEP<MAC>.cnf.xml as in protocol-facts 6.4, through an XML library. */
export declare function buildDeviceConfig(options: {
  loadInformation: string;
  callManagers: readonly CnfCallManager[];
  versionStamp: string;
  dateTemplate: string;
}): string;
/** XMLDefault.cnf.xml: one loadInformation<type> element per model. */
export declare function buildDefaultConfig(options: {
  loads: readonly { deviceType: number; model: string; load: string }[];
  callManagers: readonly CnfCallManager[];
}): string;
/** What a phone takes from either file; undefined when the text is not such a file. Never throws. */
export declare function readConfig(text: string): ServedConfig | undefined;
