/**
 * What a phone asks a TFTP server for, by name (Cisco's 79xx generations; names are matched without regard to case,
 * because servers and phones disagree about it).
 */
export type PhoneFileKind = 'trust-list' | 'signed' | 'device-config' | 'default-config' | 'image' | 'other';

const fileKinds: readonly { readonly kind: PhoneFileKind; readonly name: RegExp }[] = [
  { kind: 'trust-list', name: /\.tlv$/i },
  { kind: 'signed', name: /\.cnf\.xml(\.enc)?\.sgn$/i },
  { kind: 'device-config', name: /^(sep|sip)[0-9a-f]{12}\.cnf(\.xml)?$/i },
  { kind: 'default-config', name: /^(xmldefault\.cnf\.xml|(sep|sip)default\.cnf(\.xml)?)$/i },
  { kind: 'image', name: /\.(bin|loads|sbn|sb2|zz(\.sgn)?)$/i },
];

export const phoneFileKind = (file: string): PhoneFileKind => {
  const bare = file.slice(file.lastIndexOf('/') + 1);
  return fileKinds.find(({ name }) => name.test(bare))?.kind ?? 'other';
};

/** CDP tells `P00308010200`, a configuration may say `P00308010200.loads`. */
export const isSameLoad = (left: string, right: string): boolean => bareLoad(left) === bareLoad(right);

const bareLoad = (load: string): string =>
  load
    .trim()
    .toLowerCase()
    .replace(/\.(loads|bin)$/, '');
