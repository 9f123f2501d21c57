import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { isBenchError } from '../../src/errors.js';
import { makeKeyPair, type PlanKey, readPrivateKey, readPublicKey } from '../../src/fleet/plan-key.js';
import { longestPlanSetBytes, readPlanSet, signPlanSet } from '../../src/fleet/plan-set.js';
import { pathProblem, type SetFile, sha256Of } from '../../src/fleet/plan-set-files.js';
import { differenceOf, readPlanFolder } from '../../src/fleet/plan-set-folder.js';
import { plansDirectory, quickPlan } from '../helpers/linkpulse.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-plan-set-'));
  folders.push(folder);
  return folder;
};

const newKey = () => {
  const path = join(newFolder(), 'plant.key');
  makeKeyPair(path);
  return { path, secret: readPrivateKey(path), key: readPublicKey(`${path}.pub`) };
};
const { secret, key } = (() => {
  const made = newKey();
  return made;
})();

const quick = readFileSync(quickPlan, 'utf8');
const file = (path: string, content: string | Buffer): SetFile => {
  const bytes = Buffer.from(content);
  return { path, bytes, sha256: sha256Of(bytes) };
};
const head = { plant: 'hamburg', name: 'lines', version: 7, createdAt: '2026-11-28T11:00:00.000Z', note: '' };
const onePlan = [file('quick.yaml', quick)];
const signed = (files: readonly SetFile[] = onePlan, more: Partial<typeof head> = {}, by: PlanKey = secret) =>
  signPlanSet({ ...head, ...more, files }, by);
const terms = { key, plant: 'hamburg', inForce: null };

const refusal = (act: () => unknown): { readonly code: string; readonly message: string } => {
  try {
    act();
  } catch (error) {
    if (isBenchError(error)) return error;
    throw error;
  }
  return { code: 'taken', message: '' };
};
const read = (message: string | Uint8Array, more: object = {}) =>
  readPlanSet(Buffer.from(message as string), { ...terms, ...more });

/** As somebody with the key would who does not keep to what `signPlanSet` makes. */
const signText = (text: string, more: object = {}): string => {
  const signature = sign(null, Buffer.from(text), secret.key).toString('base64');
  return JSON.stringify({ schema: 1, signed: text, key: secret.fingerprint, signature, ...more });
};
const textOf = (files: readonly SetFile[], more: object = {}) =>
  JSON.stringify({
    schema: 1,
    ...head,
    files: files.map(({ path, bytes, sha256 }) => ({ path, text: bytes.toString(), sha256 })),
    ...more,
  });

describe('a signed plan set', () => {
  it('comes out as it was signed, each plan with the hash that its records have', () => {
    const { message, set } = signed();
    const again = read(message);
    expect(again.mark).toEqual({ name: 'lines', version: 7, sha256: set.mark.sha256 });
    expect(again.mark.sha256).toBe(createHash('sha256').update(JSON.parse(message).signed).digest('hex'));
    expect(again.plans.map(({ path, loaded }) => [path, loaded.hash])).toEqual([['quick.yaml', sha256Of(quick)]]);
    expect(read(signText(textOf(onePlan))).plans).toHaveLength(1);
  });

  it('is refused whichever bit of the message is another', () => {
    const bytes = Buffer.from(signed().message);
    const isRefused = (bit: number) => {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return ['PLAN_SET_UNSIGNED', 'PLAN_SET_INVALID'].includes(refusal(() => read(damaged)).code);
    };
    // What stands around the signed text, bit by bit; the text itself by chance.
    const around = [...Array(600).keys(), ...Array.from({ length: 1_800 }, (_, at) => bytes.length * 8 - 1 - at)];
    expect(around.filter((bit) => !isRefused(bit))).toEqual([]);
    fc.assert(fc.property(fc.integer({ min: 0, max: bytes.length * 8 - 1 }), isRefused), { numRuns: 2_000 });
  });

  it('is unsigned without a signature, with that of another text, and by a key that is not the plant’s', () => {
    const { message } = signed();
    const without = (more: object) => JSON.stringify({ ...JSON.parse(message), ...more });
    const other = JSON.parse(signed(onePlan, { note: 'another' }).message);
    const stranger = newKey();
    const code = (text: string) => refusal(() => read(text)).code;
    expect(code(without({ signature: undefined }))).toBe('PLAN_SET_UNSIGNED');
    expect(code(without({ signature: '' }))).toBe('PLAN_SET_UNSIGNED');
    expect(code(without({ signature: other.signature }))).toBe('PLAN_SET_UNSIGNED');
    expect(code(textOf(onePlan))).toBe('PLAN_SET_UNSIGNED');
    expect(code(signed(onePlan, {}, stranger.secret).message)).toBe('PLAN_SET_UNSIGNED');
    // Its name changed to the known one, and the known key's name on a stranger's signature.
    const forged = { ...JSON.parse(signed(onePlan, {}, stranger.secret).message), key: key.fingerprint };
    expect(code(JSON.stringify(forged))).toBe('PLAN_SET_UNSIGNED');
  });

  it('is not taken again once a newer one is in force, and a version has one content', () => {
    const [six, seven, otherSeven, eight] = [
      signed(onePlan, { version: 6 }),
      signed(),
      signed(onePlan, { note: 'other' }),
      signed(onePlan, { version: 8 }),
    ];
    const inForce = seven.set.mark;
    expect(read(seven.message, { inForce }).mark).toEqual(inForce);
    expect(read(eight.message, { inForce }).mark.version).toBe(8);
    expect(refusal(() => read(six.message, { inForce }))).toMatchObject({
      code: 'PLAN_SET_OLD',
      message: expect.stringContaining('version 6 was published, version 7 (lines) is in force'),
    });
    expect(refusal(() => read(otherSeven.message, { inForce })).code).toBe('PLAN_SET_OLD');
  });

  it.each([
    ['another plant’s', signed(onePlan, { plant: 'dresden' }).message, 'for the plant dresden'],
    ['of a later schema', signText(textOf(onePlan, { schema: 2 })), 'schema 2 is not known here'],
    ['a message of a later schema', signText(textOf(onePlan), { schema: 2 }), 'schema 2 is not known here'],
    ['with a field nobody knows', signText(textOf(onePlan, { force: true })), 'force'],
    ['no JSON', 'plans', 'no JSON'],
    ['no JSON that is signed', signText('plans'), 'what was signed is no JSON'],
    ['a list', '[]', 'expected object'],
    ['without plans', signText(textOf([])), 'no plan in it'],
    ['version 0', signText(textOf(onePlan, { version: 0 })), 'version'],
    ['a version that is no number', signText(textOf(onePlan, { version: '8' })), 'version'],
    ['201 files', signText(textOf(Array.from({ length: 201 }, (_, at) => file(`${at}.yaml`, quick)))), 'files'],
    ['with a wrong hash', signText(textOf([{ ...file('quick.yaml', quick), sha256: sha256Of('') }])), 'hash'],
    ['with a text UTF-8 cannot hold', signText(textOf(onePlan).replace('Quick', '\\ud800')), 'quick.yaml'],
  ])('is refused: %s', (_what, message, words) => {
    const { code, message: told } = refusal(() => read(message));
    expect(code).toBe('PLAN_SET_INVALID');
    expect(told).toContain(words);
  });

  it('is not looked at above its bound, and read in a moment at the bound', () => {
    const huge = Buffer.alloc(longestPlanSetBytes + 1, '{');
    expect(refusal(() => read(huge)).message).toContain(`${longestPlanSetBytes} at most`);
    const nested = Buffer.from(`{"schema":1,"signature":"${'A'.repeat(longestPlanSetBytes - 40)}"}`);
    expect(refusal(() => read(nested)).code).toBe('PLAN_SET_INVALID');
    expect(refusal(() => read('['.repeat(1_000_000))).code).toBe('PLAN_SET_INVALID');
    expect(refusal(() => read(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).code).toBe('PLAN_SET_INVALID');
  });

  it.each([
    '../quick.yaml',
    'a/../../quick.yaml',
    '/etc/quick.yaml',
    'C:\\quick.yaml',
    'a\\quick.yaml',
    'a//quick.yaml',
    './quick.yaml',
    '.hidden/quick.yaml',
    'quick.yaml/',
    'a\u0000.yaml',
    'a\n.yaml',
    'a\u202e.yaml',
    ' quick.yaml',
    'u\u0308.yaml',
    '',
    `${'a'.repeat(300)}.yaml`,
  ])('holds no file at %j', (path) => {
    expect(pathProblem(path)).toBeDefined();
    expect(refusal(() => read(signText(textOf([file('quick.yaml', quick), file(path, quick)])))).code).toBe(
      'PLAN_SET_INVALID',
    );
  });

  it('holds no two files that one place would do for', () => {
    const other = quick.replace('name: quick', 'name: other');
    for (const [one, two] of [
      ['a.yaml', 'a.yaml'],
      ['a.yaml', 'A.yaml'],
      ['a.yaml', 'a.yaml/b.yaml'],
      ['x/a.yaml', 'X.yaml'],
    ] as const) {
      const { code, message } = refusal(() => read(signText(textOf([file(one, quick), file(two, other)]))));
      expect(`${one} ${two}: ${code}`).toBe(`${one} ${two}: ${two === 'X.yaml' ? 'taken' : 'PLAN_SET_INVALID'}`);
      if (code !== 'taken') expect(message).toContain('has the place of another file');
    }
    const { message } = refusal(() => read(signText(textOf([file('a.yaml', quick), file('b.yaml', quick)]))));
    expect(message).toContain('b.yaml: its name quick is also that of a.yaml');
  });

  it('is refused as a whole for one bad plan, with its lines', () => {
    const bad = quick.replace('name: quick', 'name: bad\nnonsense: 1').replace(/^title: .*/m, 'title: 3');
    const { code, message } = refusal(() => read(signText(textOf([...onePlan, file('lines/bad.yaml', bad)]))));
    expect(code).toBe('PLAN_SET_INVALID');
    expect(message).toMatch(/lines version 7\nlines\/bad\.yaml:\d+:1: nonsense: unknown key/);
    expect(message).toMatch(/\nlines\/bad\.yaml:\d+:\d+: title: /);
    expect(message).not.toContain('/d/');
  });
});

describe('pictures and folders of a plan', () => {
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100, 7)]);
  const asking = (picture: string, more = '') =>
    `${quick.replace('name: quick', 'name: asking')}\nprompts:\n  - { id: clock, question: { en: Does it show the clock? }, picture: ${picture} }\n${more}`;

  it('travel with it, where the plan says they lie', () => {
    const { message } = signed([
      file('lines/asking.yaml', asking('../pictures/clock.png')),
      file('pictures/clock.png', png),
    ]);
    expect(read(message).files.map(({ path, bytes }) => [path, bytes.length])).toContainEqual([
      'pictures/clock.png',
      108,
    ]);
  });

  it.each([
    ['are missing', [file('a.yaml', asking('clock.png'))], 'prompt clock: the picture clock.png is not in the set'],
    ['climb out', [file('a.yaml', asking('../../../etc/clock.png'))], 'is not in the set'],
    ['lie elsewhere', [file('a.yaml', asking('/etc/clock.png'))], 'the picture /etc/clock.png is not in the set'],
    ['are none', [file('a.yaml', asking('clock.png')), file('clock.png', 'text')], 'clock.png: is no png picture'],
    [
      'are too large',
      [file('a.yaml', asking('clock.png')), file('clock.png', Buffer.concat([png, Buffer.alloc(600_000)]))],
      '512 KiB',
    ],
    ['are nobody’s', [...onePlan, file('clock.png', png)], 'clock.png: no plan of the set names it'],
    [
      'are folders that would lie in the set',
      [file('a.yaml', quick.replace(/filesDirectory: none/, 'filesDirectory: loads'))],
      'tftp.filesDirectory: a plan of a set names a folder of the station',
    ],
  ])('are refused when they %s', (_what, files, words) => {
    const { code, message } = refusal(() => signed(files));
    expect(code).toBe('PLAN_SET_INVALID');
    expect(message).toContain(words);
  });

  it('are gathered from a folder, without its bench files and with every mistake at once', () => {
    const folder = newFolder();
    const write = (path: string, content: string | Buffer) => writeFileSync(join(folder, path), content);
    mkdirSync(join(folder, 'pictures'));
    write('pictures/clock.png', png);
    write('asking.yaml', asking('pictures/clock.png'));
    write('bench.yaml', readFileSync(join(plansDirectory, 'bench.simulated.yaml')));
    write('notes.txt', 'mine');
    const found = readPlanFolder(folder);
    expect(found.files.map(({ path }) => path)).toEqual(['asking.yaml', 'pictures/clock.png']);
    expect(found.leftOut).toEqual(['bench.yaml']);
    expect(signed(found.files).set.plans.map(({ loaded }) => loaded.plan.name)).toEqual(['asking']);
    write('broken.yaml', 'name: 3');
    write('outside.yaml', asking('/etc/hostname.png').replace('name: asking', 'name: outside'));
    const { message } = refusal(() => readPlanFolder(folder));
    expect(message).toContain(`${join(folder, 'broken.yaml')}:1:7: name:`);
    expect(message).toContain('prompt clock: /etc/hostname.png lies outside the folder');
  });

  it('are compared by their hashes', () => {
    const [a, b, c] = [file('a.yaml', '1'), file('b.yaml', '2'), file('c.yaml', '3')];
    expect(differenceOf([a, b], [file('b.yaml', '4'), c])).toEqual({
      added: ['c.yaml'],
      changed: ['b.yaml'],
      gone: ['a.yaml'],
    });
    expect(differenceOf([a, b], [b, a])).toEqual({ added: [], changed: [], gone: [] });
  });
});

describe('the plant’s key', () => {
  it('is made once, readable by its owner alone', () => {
    const { path } = newKey();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const before = readFileSync(path);
    expect(refusal(() => makeKeyPair(path)).message).toContain('is there already');
    expect(readFileSync(path)).toEqual(before);
    rmSync(`${path}.pub`);
    expect(refusal(() => makeKeyPair(path)).message).toContain('is there already');
  });

  it('is refused in clear words where it is another thing', () => {
    const { path } = newKey();
    const other = join(newFolder(), 'rsa.pem');
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(other, rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(refusal(() => readPrivateKey(other)).message).toContain('is a key for rsa');
    writeFileSync(
      other,
      rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
    );
    expect(refusal(() => readPrivateKey(other)).message).toContain('passphrase');
    writeFileSync(other, rsa.publicKey.export({ type: 'spki', format: 'pem' }));
    expect(refusal(() => readPublicKey(other)).message).toContain('is a key for rsa');
    writeFileSync(other, 'nothing');
    expect(refusal(() => readPrivateKey(other)).message).toContain('is no private key');
    expect(refusal(() => readPublicKey(other)).message).toContain('is no public key');
    expect(refusal(() => readPublicKey(path)).message).toContain('is a private key');
    expect(refusal(() => readPrivateKey(`${path}.pub`)).message).toContain('is a public key');
    expect(refusal(() => readPrivateKey(join(path, 'x'))).message).toContain('cannot be read');
  });
});
