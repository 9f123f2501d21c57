export const checkNames = [
  'tools',
  'groups',
  'gpio',
  'serial',
  'capabilities',
  'interface',
  'trunk',
  'supply',
  'route',
  'manager',
  'dhcp',
  'wire',
  'clock',
  'disk',
] as const;
export type CheckName = (typeof checkNames)[number];

/**
 * `note`: so it is, and nothing is wrong with it; `warning`: the bench works, something about it is weaker; `problem`: a run will
 * not work or not prove what it should.
 */
export type FindingLevel = 'ok' | 'note' | 'warning' | 'problem';

export interface Finding {
  readonly check: CheckName;
  readonly level: FindingLevel;
  /** What was seen, on what. */
  readonly message: string;
  /** The command, or the act, that mends it; null where nothing is to be mended. */
  readonly mend: string | null;
}
