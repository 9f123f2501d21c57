import type { ServedConfig } from '../../timeline/events.js';
import { readConfig } from '../../wire/cnf-xml.js';
import type { PhoneStack } from '../contracts.js';
import type { Lifetime } from './lifetime.js';
import type { PhoneIdentity } from './phone-identity.js';
import type { PhoneLog } from './phone-log.js';
import { fetchFile, type TftpOutcome } from './tftp-client.js';

export interface ConfigClientOptions {
  readonly stack: PhoneStack;
  readonly life: Lifetime;
  readonly identity: PhoneIdentity;
  readonly tftpServer: string;
  readonly runningLoad: string;
  /** Form of its own configuration; loads before 6.0 ask for `.cnf`. */
  readonly configForm: '.cnf.xml' | '.cnf';
  readonly fileGapMs: number;
  readonly retryMs: number;
  readonly log: PhoneLog;
}

export interface PhoneConfig {
  readonly config: ServedConfig;
  /** A load that differs from the running one and came whole: to be flashed. */
  readonly newLoad: string | undefined;
}

const defaultConfigFile = 'XMLDefault.cnf.xml';
/** Names of images are file names of a flat server: nothing else is asked for. */
const imageName = /^[\w.-]{1,64}$/;

/**
 * What a 7940/7960 with an SCCP load asks for, in its order (protocol facts 6.2): trust list, own configuration, the
 * default one, then the image where the configuration names another load than the running one. Without any
 * configuration it starts over every `retryMs`, for ever.
 */
export const fetchConfiguration = async (options: ConfigClientOptions): Promise<PhoneConfig> => {
  const { stack, life, identity, tftpServer, runningLoad, configForm, fileGapMs, retryMs, log } = options;
  let asked = 0;

  const fetchNext = async (fileName: string): Promise<TftpOutcome> => {
    if (asked > 0) await life.sleep(fileGapMs);
    asked += 1;
    return fetchFile({ stack, life, server: tftpServer, fileName, retryMs, log });
  };

  const fetchConfigFile = async (fileName: string): Promise<ServedConfig | undefined> => {
    const outcome = await fetchNext(fileName);
    if (outcome.kind !== 'complete') return undefined;
    const config = readConfig(new TextDecoder().decode(outcome.data), identity.deviceType);
    if (config === undefined) log('config', 'unreadable', { file: fileName });
    return config;
  };

  const walkFiles = async (): Promise<ServedConfig | undefined> => {
    // A trust list would lock the phone to signed files; this one belongs to no cluster and takes none.
    await fetchNext(`CTL${identity.deviceId}.tlv`);
    return (await fetchConfigFile(`${identity.deviceId}${configForm}`)) ?? (await fetchConfigFile(defaultConfigFile));
  };

  let config = await walkFiles();
  while (config === undefined) {
    log('config', 'none', { again: retryMs });
    await life.sleep(retryMs);
    config = await walkFiles();
  }
  const load = config.loadInformation;
  log('config', 'read', { load, callManagers: config.callManagers });
  if (load === null || load === runningLoad || !imageName.test(load)) return { config, newLoad: undefined };
  const image = await fetchNext(`${load}.bin`);
  return { config, newLoad: image.kind === 'complete' ? load : undefined };
};
