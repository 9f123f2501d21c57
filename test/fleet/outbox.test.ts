import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { entryMessage, readMessage } from '../../src/fleet/messages.js';
import { type Outbox, openOutbox } from '../../src/fleet/outbox.js';
import { long, strict } from '../helpers/linkpulse.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-outbox-'));
  folders.push(folder);
  return folder;
};

let jumpedMs = 0;
const at = '2026-11-23T03:15:02.000Z';
const open = (folder: string, whose = { plant: 'plant', station: 'station' }, logged: string[] = []) =>
  openOutbox({
    folder,
    ...whose,
    wallClock: () => new Date(Date.parse(at) + jumpedMs),
    log: (text) => logged.push(text),
  });
const event = (message: string) =>
  ({ kind: 'event', at, event: { event: 'run-failed', port: 'p1', code: 'X', message } }) as const;
const plan = (hash: string) =>
  ({ kind: 'plan', at, name: 'quick', hash: hash.repeat(64), text: 'name: quick' }) as const;

/** As a collector reads it. */
const read = async (outbox: Outbox, seq: number) => {
  const { text } = await outbox.read(seq);
  return readMessage(entryMessage, new TextEncoder().encode(text), 'station').message;
};
const filesOf = (folder: string) => readdirSync(join(folder, 'entries')).sort();

it('counts from 1, makes whole messages of what was put by, and goes on where it was', async () => {
  const folder = newFolder();
  const first = await open(folder);
  expect([first.last, first.confirmed]).toEqual([0, 0]);
  expect(await first.append(event('a'))).toBe(1);
  expect(await first.append(plan('a'))).toBe(2);
  const again = await open(folder);
  expect([again.id, again.last, again.confirmed]).toEqual([first.id, 2, 0]);
  expect([again.hasPlan('a'.repeat(64)), again.hasPlan('b'.repeat(64))]).toEqual([true, false]);
  expect(await read(again, 1)).toMatchObject({
    schema: 1,
    outbox: first.id,
    seq: 1,
    kind: 'event',
    event: { message: 'a' },
  });
  expect(await read(again, 2)).toMatchObject({ seq: 2, kind: 'plan', text: 'name: quick' });
  expect(await again.oldestAt()).toBe(at);
});

it('lets go of what is confirmed, and never uses a number again', async () => {
  const folder = newFolder();
  const outbox = await open(folder);
  for (const word of ['a', 'b', 'c']) await outbox.append(event(word));
  await outbox.confirm(2);
  expect(filesOf(folder)).toEqual(['000000000003.json']);
  // More than was ever put by.
  await outbox.confirm(99);
  expect([outbox.confirmed, outbox.last]).toEqual([3, 3]);
  expect(filesOf(folder)).toEqual(['000000000003.sent']);
  expect(await outbox.oldestAt()).toBeNull();
  const again = await open(folder);
  expect([again.id, again.confirmed, again.last]).toEqual([outbox.id, 3, 3]);
  expect(await again.append(event('d'))).toBe(4);
  await again.confirm(4);
  expect(filesOf(folder)).toEqual(['000000000004.sent']);
});

it('keeps the order of entries that are put by at once', async () => {
  const outbox = await open(newFolder());
  const words = Array.from({ length: 50 }, (_, index) => `${index}`);
  expect(await Promise.all(words.map((word) => outbox.append(event(word))))).toEqual(
    words.map((_, index) => index + 1),
  );
  expect(await read(outbox, 50)).toMatchObject({ event: { message: '49' } });
});

it('tells a damaged entry and a missing one as lost, under their numbers', async () => {
  const folder = newFolder();
  const logged: string[] = [];
  const outbox = await open(folder, undefined, logged);
  for (const word of ['a', 'b', 'c', 'd']) await outbox.append(event(word));
  truncateSync(join(folder, 'entries/000000000002.json'), 40);
  rmSync(join(folder, 'entries/000000000003.json'));
  for (const seq of [2, 3])
    expect(await read(outbox, seq)).toMatchObject({ seq, kind: 'event', event: { event: 'entry-lost' } });
  expect(await read(outbox, 4)).toMatchObject({ event: { message: 'd' } });
  // Sent again it is the same to the byte, whatever the clock says.
  const first = await outbox.read(2);
  jumpedMs = 1_000;
  expect(await outbox.read(2)).toEqual(first);
  expect(logged).toHaveLength(2);
});

it('what waits goes on from 1 under a new name, and plans are brought once more', async () => {
  const folder = newFolder();
  const outbox = await open(folder);
  const before = outbox.id;
  await outbox.append(plan('a'));
  for (const word of ['b', 'c']) await outbox.append(event(word));
  await outbox.confirm(1);
  await outbox.beginAnew();
  expect(outbox.id).not.toBe(before);
  expect([outbox.confirmed, outbox.last, outbox.hasPlan('a'.repeat(64))]).toEqual([0, 2, false]);
  expect(await read(outbox, 1)).toMatchObject({ seq: 1, event: { message: 'b' } });
  const again = await open(folder);
  expect([again.id, again.confirmed, again.last]).toEqual([outbox.id, 0, 2]);
  expect(await again.append(event('d'))).toBe(3);
});

it.each([
  ['another station', { plant: 'plant', station: 'other' }, undefined],
  ['another plant', { plant: 'other', station: 'station' }, undefined],
  ['a damaged note of its own', { plant: 'plant', station: 'station' }, '{"outbox":'],
])('is a new outbox for %s; what was delivered stays delivered', async (_, whose, damage) => {
  const folder = newFolder();
  const outbox = await open(folder);
  for (const word of ['a', 'b']) await outbox.append(event(word));
  await outbox.confirm(2);
  await outbox.append(event('c'));
  if (damage !== undefined) writeFileSync(join(folder, 'outbox.json'), damage);
  const other = await open(folder, whose);
  expect(other.id).not.toBe(outbox.id);
  expect([other.confirmed, other.last]).toEqual([0, 1]);
  expect(JSON.parse((await other.read(1)).text)).toMatchObject({
    seq: 1,
    station: whose.station,
    event: { message: 'c' },
  });
});

it('says loudly what it could not put by, and its number is the next one’s', async () => {
  const folder = newFolder();
  const outbox = await open(folder);
  await outbox.append(event('a'));
  // Root may write anywhere; nobody may write into a folder that is gone.
  rmSync(join(folder, 'entries'), { recursive: true });
  await expect(outbox.append(event('b'))).rejects.toMatchObject({ code: 'OUTBOX_FAILED' });
  await expect(outbox.append(event('x'.repeat(1024 ** 2)))).rejects.toMatchObject({ code: 'FLEET_MESSAGE_INVALID' });
  expect(outbox.last).toBe(1);
});

const canMount = spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
it.skipIf(!canMount && !strict)(
  'on a full disk it says so, keeps what it has, and goes on when there is room (skipped where no tmpfs can be mounted)',
  () => {
    const folder = newFolder();
    const script = fileURLToPath(new URL('outbox-full.mjs', import.meta.url));
    const words = `mount -t tmpfs -o size=64k none ${folder} && ${process.execPath} ${script} ${folder}`;
    const { stdout, stderr } = spawnSync('unshare', ['-Urm', 'sh', '-c', words], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual(['OUTBOX_FAILED true', 'true', 'OUTBOX_FAILED', 'all whole']);
  },
);

const rounds = long ? 200 : 12;
it(
  `killed ${rounds} times at any moment, no number stands for two things and no entry is half`,
  async () => {
    const folder = newFolder();
    const contents = new Map<number, string>();
    const ids = new Set<string>();
    let acknowledged = 0;
    let confirmed = 0;
    let count = 0;
    for (let round = 0; round < rounds; round += 1) {
      const script = fileURLToPath(new URL('outbox-child.mjs', import.meta.url));
      const child = spawn(process.execPath, [script, folder, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise((resolve) => child.on('close', resolve));
      const enough = 1 + Math.floor(Math.random() * 40);
      let seen = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        const [word, first = '', second = '', third = ''] = line.split(' ');
        expect(word, line).not.toBe('log');
        if (word === 'opened') {
          ids.add(first);
          expect(Number(second)).toBeGreaterThanOrEqual(confirmed);
          // What was told as put by is there, and so is at most the one whose telling was cut.
          expect([acknowledged, acknowledged + 1]).toContain(Number(third));
        }
        if (word === 'confirmed') confirmed = Number(first);
        if (word === 'appended') {
          acknowledged = Number(first);
          count = Number(second) + 1;
          // A number may come again only where nobody was told of it.
          expect(contents.has(acknowledged)).toBe(false);
          contents.set(acknowledged, second);
        }
        seen += 1;
        if (seen > enough) child.kill('SIGKILL');
      }
      await ended;
      const outbox = await open(folder);
      for (let seq = outbox.confirmed + 1; seq <= outbox.last; seq += 1) {
        const entry = await read(outbox, seq);
        const told = contents.get(seq);
        const message = entry.kind === 'event' && entry.event.event === 'run-failed' ? entry.event.message : '';
        expect(message).toMatch(told === undefined ? /^\d+ x{1500}$/ : new RegExp(`^${told} x{1500}$`));
      }
      acknowledged = outbox.last;
    }
    expect(ids.size).toBe(1);
    expect(contents.size).toBeGreaterThan(rounds);
    expect(readFileSync(join(folder, 'outbox.json'), 'utf8')).toContain([...ids][0]);
  },
  long ? 600_000 : 60_000,
);
