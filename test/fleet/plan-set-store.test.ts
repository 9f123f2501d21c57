import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isBenchError } from '../../src/errors.js';
import { makeKeyPair, type PlanKey, readPrivateKey, readPublicKey } from '../../src/fleet/plan-key.js';
import { signPlanSet } from '../../src/fleet/plan-set.js';
import { type SetFile, sha256Of } from '../../src/fleet/plan-set-files.js';
import { createPlanSetKeeper, type PlanSetKeeper, type PlanSetNews } from '../../src/fleet/plan-set-keeper.js';
import { type PlanSetPlace, readStoredSet, takePlanSet } from '../../src/fleet/plan-set-store.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { long, program, quickPlan, root } from '../helpers/linkpulse.js';

const quick = readFileSync(quickPlan, 'utf8');
const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(50_000, 7)]);
const killsWithinMs = long ? 1_800_000 : 120_000;
const now = new Date('2026-11-28T12:00:00.000Z');

let folder = '';
let secret: PlanKey;
let place: PlanSetPlace;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'linkpulse-plan-set-'));
  const path = join(folder, 'plant.key');
  makeKeyPair(path);
  secret = readPrivateKey(path);
  place = { folder: join(folder, 'plan-sets'), key: readPublicKey(`${path}.pub`), plant: 'hamburg' };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (path: string, content: string | Buffer): SetFile => {
  const bytes = Buffer.from(content);
  return { path, bytes, sha256: sha256Of(bytes) };
};
/** Its title says which version it is of. */
const planText = (version: number) =>
  `${quick.replace(/^title: .*/m, `title: version ${version}`)}\nprompts:\n  - { id: clock, question: { en: Clock? }, picture: pictures/clock.png }\n`;
const setOf = (version: number, more: { readonly plant?: string; readonly note?: string } = {}) => {
  const head = { plant: 'hamburg', name: 'lines', version, createdAt: '2026-11-28T11:00:00.000Z', note: '', ...more };
  return Buffer.from(
    signPlanSet({ ...head, files: [file('quick.yaml', planText(version)), file('pictures/clock.png', png)] }, secret)
      .message,
  );
};
const codeOf = (act: () => unknown): string => {
  try {
    act();
    return 'taken';
  } catch (error) {
    return isBenchError(error) ? error.code : String(error);
  }
};
const writtenBeside = (path: string): Promise<void> =>
  new Promise((resolve) => {
    const watcher = watch(path, (_event, name) => {
      if (name?.endsWith('.new') !== true) return;
      watcher.close();
      resolve();
    });
  });
const planPath = () => readStoredSet(place)?.inForce.plans[0]?.path ?? '';

describe('the plan sets on a station’s disk', () => {
  it('are unpacked, kept over a new start, and the last two stay', () => {
    expect(readStoredSet(place)).toBeNull();
    expect(takePlanSet(place, setOf(1), now)).toMatchObject({
      isNew: true,
      inForce: { version: 1, takenAt: now.toISOString() },
    });
    const { inForce } = takePlanSet(place, setOf(2), now);
    expect(inForce.plans).toMatchObject([{ name: 'quick', title: 'version 2', file: 'quick.yaml', required: [] }]);
    expect(readFileSync(inForce.plans[0]?.path ?? '', 'utf8')).toBe(planText(2));
    expect(readFileSync(join(inForce.folder, 'plans/pictures/clock.png')).equals(png)).toBe(true);
    expect(readStoredSet(place)).toEqual({ inForce, isRestored: false });
    takePlanSet(place, setOf(3), now);
    expect(
      readdirSync(place.folder)
        .map((name) => name.replace(/-.*/, ''))
        .sort(),
    ).toEqual(['2', '3', 'in']);
  });

  it('take the one in force again without a change, and no older one', () => {
    const two = setOf(2);
    const { inForce } = takePlanSet(place, two, now);
    expect(takePlanSet(place, two, new Date())).toEqual({ inForce, isNew: false });
    expect(codeOf(() => takePlanSet(place, setOf(1), now))).toBe('PLAN_SET_OLD');
    expect(codeOf(() => takePlanSet(place, setOf(2, { note: 'other' }), now))).toBe('PLAN_SET_OLD');
    expect(readStoredSet(place)?.inForce).toEqual(inForce);
  });

  it('are as they were signed again after somebody changed a file', () => {
    takePlanSet(place, setOf(1), now);
    for (const damage of [
      () => writeFileSync(planPath(), planText(1).replace('max: ', 'max: 9')),
      () => rmSync(planPath()),
      () => writeFileSync(join(planPath(), '../pictures/clock.png'), 'x'),
      () => rmSync(join(planPath(), '..'), { recursive: true }),
    ]) {
      damage();
      expect(readStoredSet(place)).toMatchObject({ isRestored: true });
      expect(readStoredSet(place)).toMatchObject({ isRestored: false });
      expect(readFileSync(planPath(), 'utf8')).toBe(planText(1));
    }
  });

  it('are not in force where what was signed is damaged, until it is published again', () => {
    const one = setOf(1);
    const { inForce } = takePlanSet(place, one, now);
    writeFileSync(join(inForce.folder, 'set.json'), one.toString().replace('version 1', 'version 9'));
    expect(codeOf(() => readStoredSet(place))).toBe('PLAN_SET_UNSIGNED');
    expect(takePlanSet(place, one, now)).toMatchObject({ isNew: false });
    rmSync(inForce.folder, { recursive: true });
    expect(codeOf(() => readStoredSet(place))).toBe('PLAN_SET_INVALID');
    expect(takePlanSet(place, one, now)).toMatchObject({ isNew: false });
    // Another set of the plant in its place is not what was taken.
    writeFileSync(join(inForce.folder, 'set.json'), setOf(5));
    expect(codeOf(() => readStoredSet(place))).toBe('PLAN_SET_INVALID');
    expect(takePlanSet(place, one, now)).toMatchObject({ isNew: false });
    writeFileSync(join(place.folder, 'in-force.json'), '{"schema":');
    expect(readStoredSet(place)).toBeNull();
    expect(takePlanSet(place, one, now)).toMatchObject({ isNew: true });
  });

  it('count anew with another key, and the old key’s set is not in force then', () => {
    takePlanSet(place, setOf(9), now);
    const path = join(folder, 'next.key');
    makeKeyPair(path);
    secret = readPrivateKey(path);
    place = { ...place, key: readPublicKey(`${path}.pub`) };
    expect(codeOf(() => readStoredSet(place))).toBe('PLAN_SET_UNSIGNED');
    expect(takePlanSet(place, setOf(1), now)).toMatchObject({ isNew: true, inForce: { version: 1 } });
    expect(readStoredSet(place)).toMatchObject({ isRestored: false, inForce: { version: 1 } });
  });

  it('say what the disk has against it', () => {
    writeFileSync(place.folder, 'no folder');
    expect(codeOf(() => takePlanSet(place, setOf(1), now))).toBe('SYSTEM_CALL');
  });

  it(
    'are the old one or the new one, whole, whenever the process that takes them is killed',
    async () => {
      const versions = 20;
      const sets = join(folder, 'published');
      mkdirSync(sets);
      const pictures = Array.from({ length: 8 }, (_, at) => file(`pictures/${at}.png`, png));
      const prompts = pictures.map(({ path }, at) => `  - { id: p${at}, question: { en: Clock? }, picture: ${path} }`);
      for (let version = 1; version <= versions; version += 1) {
        const text = `${quick.replace(/^title: .*/m, `title: version ${version}`)}\nprompts:\n${prompts.join('\n')}\n`;
        const head = { plant: 'hamburg', name: 'lines', version, createdAt: '2026-11-28T11:00:00.000Z', note: '' };
        const { message } = signPlanSet({ ...head, files: [file('quick.yaml', text), ...pictures] }, secret);
        writeFileSync(join(sets, `${version}.json`), message);
      }
      // The built store, as the worker runs it; it takes set after set and says which one is on the disk.
      const script = `
      import { readFileSync } from 'node:fs';
      import { readPublicKey } from ${JSON.stringify(join(root, 'dist/fleet/plan-key.js'))};
      import { takePlanSet } from ${JSON.stringify(join(root, 'dist/fleet/plan-set-store.js'))};
      const [folder, sets, key, from] = process.argv.slice(1);
      const place = { folder, key: readPublicKey(key), plant: 'hamburg' };
      for (let version = Number(from); version <= ${versions}; version += 1) {
        takePlanSet(place, readFileSync(sets + '/' + version + '.json'), new Date());
        process.stdout.write(version + '\\n');
      }`;
      let cuts = 0;
      for (let trial = 0; trial < (long ? 300 : 4); trial += 1) {
        const before = readStoredSet(place)?.inForce.version ?? 0;
        if (before >= versions - 5) rmSync(place.folder, { recursive: true });
        const from = before >= versions - 5 ? 1 : before + 1;
        const words = [
          '--input-type=module',
          '-e',
          script,
          place.folder,
          sets,
          join(folder, 'plant.key.pub'),
          String(from),
        ];
        const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
        const ended = new Promise((resolve) => child.once('close', resolve));
        let told = from - 1;
        await new Promise<void>((resolve) => {
          createInterface({ input: child.stdout }).on('line', (line) => {
            told = Number(line);
            if (told === from) resolve();
          });
          child.once('close', () => resolve());
        });
        // Half of them anywhere, half of them as soon as something is written beside.
        if (trial % 2 === 0) await sleep(systemClock, Math.random() * 60);
        else await Promise.race([writtenBeside(place.folder), ended]);
        child.kill('SIGKILL');
        await ended;
        if (readdirSync(place.folder).some((name) => name.endsWith('.new'))) cuts += 1;
        const stored = readStoredSet(place);
        expect(stored?.isRestored).toBe(false);
        expect([told, told + 1]).toContain(stored?.inForce.version);
        expect(stored?.inForce.plans[0]?.title).toBe(`version ${stored?.inForce.version}`);
      }
      // Else the kills never met the unpacking, and nothing was proven.
      expect(cuts).toBeGreaterThan(0);
    },
    killsWithinMs,
  );
});

describe('the keeper of a station’s plan sets', { timeout: 90_000 }, () => {
  let keeper: PlanSetKeeper;
  let news: PlanSetNews[] = [];
  const openKeeper = (command: readonly [string, ...string[]] = [process.execPath, program, 'plan-set-worker']) => {
    news = [];
    keeper = createPlanSetKeeper({
      stateFolder: folder,
      plantKeyPath: join(folder, 'plant.key.pub'),
      plant: 'hamburg',
      command,
      clock: systemClock,
    });
    keeper.onNews((each) => news.push(each));
    return keeper;
  };
  afterEach(() => keeper.close());
  const settled = (count: number) => expect.poll(() => news.length, { timeout: 30_000, interval: 50 }).toBe(count);

  it('has none, takes one, refuses what is not signed and what is old, and finds it again', async () => {
    openKeeper();
    await keeper.check();
    expect([keeper.inForce, keeper.refused]).toEqual([null, null]);
    keeper.take(setOf(2));
    await settled(1);
    expect(keeper.inForce).toMatchObject({ name: 'lines', version: 2, plans: [{ name: 'quick' }] });
    const tampered = Buffer.from(setOf(3).toString().replace('version 3', 'version 4'));
    keeper.take(tampered);
    await settled(2);
    expect(news[1]).toMatchObject({ kind: 'refused', refused: { code: 'PLAN_SET_UNSIGNED' } });
    expect(keeper.inForce?.version).toBe(2);
    keeper.take(setOf(1));
    await settled(3);
    expect(keeper.refused).toMatchObject({ code: 'PLAN_SET_OLD' });
    keeper.take(Buffer.alloc(8 * 1024 ** 2 + 1));
    await settled(4);
    expect(keeper.refused).toMatchObject({ code: 'PLAN_SET_INVALID' });
    // Again: told once.
    keeper.take(Buffer.alloc(8 * 1024 ** 2 + 1));
    // What is in force comes again at every connection: all is well then.
    keeper.take(setOf(2));
    await expect.poll(() => keeper.refused, { timeout: 30_000 }).toBeNull();
    expect(news).toHaveLength(4);
    keeper.close();
    openKeeper();
    await keeper.check();
    expect(keeper.inForce?.version).toBe(2);
    // Taken away at the broker.
    keeper.take(new Uint8Array());
    await keeper.check();
    expect([keeper.inForce?.version, keeper.refused, news.length]).toEqual([2, null, 0]);
  });

  it('looks at the newest of many alone', async () => {
    openKeeper();
    for (let version = 1; version <= 30; version += 1) keeper.take(setOf(version));
    await expect.poll(() => keeper.inForce?.version, { timeout: 30_000 }).toBe(30);
    expect(news.length).toBeLessThan(4);
  });

  it('says so where the process that looks at sets dies, and what was in force stays', async () => {
    openKeeper();
    keeper.take(setOf(1));
    await settled(1);
    keeper.close();
    openKeeper(['sh', '-c', 'kill -9 $$']);
    keeper.take(setOf(2));
    await settled(1);
    expect(keeper.refused).toMatchObject({ code: 'INTERNAL', message: expect.stringContaining('SIGKILL') });
    keeper.close();
    openKeeper(['/nowhere/node']);
    await keeper.check();
    expect(keeper.refused?.message).toContain('did not start');
    keeper.close();
    openKeeper();
    await keeper.check();
    expect(keeper.inForce?.version).toBe(1);
    expect(statSync(join(folder, 'plan-sets/in-force.json')).isFile()).toBe(true);
  });
});
