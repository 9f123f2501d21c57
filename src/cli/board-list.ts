import type { BoardSighting } from '../bench/boards.js';
import type { Terminal } from './terminal.js';

export const listBoards = (terminal: Terminal, sightings: readonly BoardSighting[], json: boolean): void => {
  if (json) {
    for (const sighting of sightings) process.stdout.write(`${JSON.stringify(sighting)}\n`);
    return;
  }
  if (sightings.length === 0) {
    terminal.line('no serial port on this machine looks like a board, and the bench file names none');
    return;
  }
  const pathWidth = Math.max(...sightings.map(({ path }) => path.length));
  const looks = sightings.map(({ name, isShared }) => `${name}${isShared ? ' (in many products)' : ''}`);
  const lookWidth = Math.max(...looks.map((look) => look.length));
  for (const [index, sighting] of sightings.entries())
    terminal.line(
      `${sighting.path.padEnd(pathWidth)}  ${(looks[index] ?? '').padEnd(lookWidth)}  ${answerOf(sighting, terminal)}`,
    );
  for (const hint of hintsOn(sightings)) terminal.line(terminal.paint('yellow', hint));
};

const answerOf = (sighting: BoardSighting, { paint }: Terminal): string => {
  if (sighting.kind === 'no board') return paint('grey', `no board (${sighting.code}: ${sighting.detail})`);
  const { serial, revision, firmware, calibratedOn } = sighting.identity;
  const calibration = calibratedOn === null ? 'not calibrated' : `calibrated ${calibratedOn}`;
  return paint('green', `board ${serial}, revision ${revision}, firmware ${firmware}, ${calibration}`);
};

/** What a person must know before they write a path into a bench file. */
export const hintsOn = (sightings: readonly BoardSighting[]): readonly string[] => {
  const boards = sightings.filter((sighting) => sighting.kind === 'board');
  const alike = groups(boards, ({ name, score }) => `${name} ${score}`).map(
    (group) =>
      `${group
        .map(({ identity }) => identity.serial)
        .sort()
        .join(' and ')} look the same by their ids: name them in the bench file by serial, not by path alone`,
  );
  const doubled = groups(boards, ({ identity }) => identity.serial).map(
    ([first, ...rest]) =>
      `${first?.identity.serial} answers on ${[first, ...rest].map((board) => board?.path).join(' and ')}: two boards of one serial number cannot be told apart`,
  );
  return [...alike, ...doubled];
};

/** Those with two or more. */
const groups = <T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] => {
  const found = new Map<string, T[]>();
  for (const item of items) found.set(keyOf(item), [...(found.get(keyOf(item)) ?? []), item]);
  return [...found.values()].filter((group) => group.length > 1);
};
