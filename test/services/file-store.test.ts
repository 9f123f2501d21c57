import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceTypeOf } from '../../src/services/device-types.js';
import { createFileStore } from '../../src/services/file-store.js';
import { syntheticImage } from '../../src/services/generated-files.js';
import { nearestName } from '../../src/services/near-name.js';
import { readConfig } from '../../src/wire/cnf-xml.js';
import { benchPlan } from './bench-plan.js';

describe('file store', () => {
  let folder: string;
  let root: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'linkpulse-files-'));
    root = path.join(folder, 'files');
    await mkdir(path.join(root, 'English_United_States'), { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true }));

  const store = () => createFileStore(benchPlan({ tftp: { filesDirectory: root } }), new Set());
  const textOf = async (name: string): Promise<string> => {
    const lookup = await store().open(name);
    if (lookup.kind !== 'found') return lookup.kind;
    const bytes = await lookup.file.read(0, lookup.file.size);
    await lookup.file.close();
    return Buffer.from(bytes).toString();
  };

  it('prefers a file on disk to the one it would make', async () => {
    await writeFile(path.join(root, 'XMLDefault.cnf.xml'), 'mine');
    expect(await textOf('XMLDefault.cnf.xml')).toBe('mine');
    expect(await textOf('SEP0012DADBD34E.cnf.xml')).toContain('<device>');
  });

  it('prefers the exact case where a folder holds several', async () => {
    await writeFile(path.join(root, 'OS79XX.TXT'), 'upper');
    await writeFile(path.join(root, 'os79xx.txt'), 'lower');
    expect(await textOf('os79xx.txt')).toBe('lower');
    expect(await textOf('OS79XX.TXT')).toBe('upper');
  });

  it('finds files in folders, with either slash, a leading one and any case', async () => {
    await writeFile(path.join(root, 'English_United_States', 'mk-sip.jar'), 'jar');
    for (const name of ['English_United_States/mk-sip.jar', '/english_united_states\\MK-SIP.JAR']) {
      expect(await textOf(name)).toBe('jar');
    }
  });

  it('does not follow a link out of its directory, and follows one inside', async () => {
    await writeFile(path.join(folder, 'secret'), 'secret');
    await writeFile(path.join(root, 'real.txt'), 'real');
    await symlink('../secret', path.join(root, 'out.txt'));
    await symlink('..', path.join(root, 'up'));
    await symlink('real.txt', path.join(root, 'in.txt'));
    expect(await textOf('out.txt')).toBe('outside');
    expect(await textOf('up/secret')).toBe('outside');
    expect(await textOf('in.txt')).toBe('real');
  });

  it('treats folders, pipes and a file used as a folder as missing', async () => {
    await writeFile(path.join(root, 'real.txt'), 'real');
    execFileSync('mkfifo', [path.join(root, 'pipe')]);
    for (const name of ['English_United_States', 'pipe', 'real.txt/x', '', '/', '.']) {
      expect(await textOf(name)).toBe('missing');
    }
  });

  it('refuses a NUL in a name, and survives a name of any length', async () => {
    expect(await textOf('a\0b')).toBe('outside');
    expect(await textOf('x'.repeat(100_000))).toBe('missing');
    expect(await textOf('x/'.repeat(50_000))).toBe('missing');
  });

  it('does without a directory, and with one that is not there', async () => {
    const without = createFileStore(benchPlan({ tftp: { filesDirectory: path.join(folder, 'none') } }), new Set());
    expect((await without.open('XMLDefault.cnf.xml')).kind).toBe('found');
    expect((await without.open('x')).kind).toBe('missing');
    expect((await createFileStore(benchPlan(), new Set()).open('../x')).kind).toBe('outside');
  });

  it('lies on purpose: names by lower case alone, and files that end in their middle', async () => {
    const lying = (fault: string) => createFileStore(benchPlan(), new Set([fault]));
    expect(await lying('wrong-case').open('XMLDefault.cnf.xml')).toEqual({
      kind: 'missing',
      nearMiss: 'xmldefault.cnf.xml',
      onPurpose: 'wrong-case',
    });
    expect(await lying('wrong-case').open('xmldefault.cnf.xml')).toMatchObject({ kind: 'found', caseDiffers: false });
    const [whole, short] = [
      await store().open('XMLDefault.cnf.xml'),
      await lying('short-file').open('XMLDefault.cnf.xml'),
    ];
    if (whole.kind !== 'found' || short.kind !== 'found') expect.fail('the default file is always there');
    expect(short).toMatchObject({ onPurpose: 'short-file', file: { size: Math.floor(whole.file.size / 2) } });
    const all = await whole.file.read(0, whole.file.size);
    expect(await short.file.read(0, whole.file.size)).toEqual(all.subarray(0, short.file.size));
    expect(await short.file.read(short.file.size - 1, 100)).toHaveLength(1);
    expect(await short.file.read(short.file.size + 1, 100)).toHaveLength(0);
  });

  it('names the file that was perhaps meant', async () => {
    await writeFile(path.join(root, 'SEP0012DADBD34E.cnf'), 'x');
    const nearMissOf = async (name: string) => {
      const lookup = await store().open(name);
      return lookup.kind === 'missing' ? lookup.nearMiss : lookup.kind;
    };
    expect(await nearMissOf('SEP0012DADBD34E.cfg')).toBe('SEP0012DADBD34E.cnf');
    expect(await nearMissOf('XMLDefault.cnf')).toBe('XMLDefault.cnf.xml');
    expect(await nearMissOf('P00308010201.bin')).toBe('P00308010200.bin');
    expect(await nearMissOf('RINGLIST.XML')).toBeNull();
  });
});

describe('near names', () => {
  it.each([
    ['abcdef', ['abcdxx'], 'abcdxx'],
    ['abcdef', ['abcxxx'], null],
    ['abcdef', ['abdef', 'abcdeg'], 'abdef'],
    ['folder/abcdef', ['ABCDEF'], 'ABCDEF'],
    ['abc.xml', ['abc.cnf.xml', 'abd.xml'], 'abd.xml'],
    ['abc.xml', ['abc.loads'], 'abc.loads'],
    ['x'.repeat(1000), ['x'.repeat(999)], null],
    ['abc', [], null],
  ])('for %s among %j finds %s', (asked, known, expected) => {
    expect(nearestName(asked, known)).toBe(expected);
  });
});

describe('synthetic image', () => {
  it('is 128 KiB that follow from the name', () => {
    expect(syntheticImage('a.bin')).toHaveLength(131_072);
    expect(Buffer.compare(syntheticImage('a.bin'), syntheticImage('a.bin'))).toBe(0);
    expect(Buffer.compare(syntheticImage('a.bin'), syntheticImage('b.bin'))).not.toBe(0);
  });
});

describe('device types', () => {
  it.each([
    ['CP-7960G', 7],
    ['Cisco IP Phone 7940', 8],
    ['7961G-GE', 308],
    ['7961G', 30018],
    ['CP-7941G-GE', 309],
    ['CP-7999', undefined],
    ['ATA', undefined],
  ])('knows %s as %s', (model, expected) => {
    expect(deviceTypeOf(model)).toBe(expected);
  });

  describe('what is made from the plan', () => {
    const textOf = async (name: string, plan = benchPlan()): Promise<string | undefined> => {
      const lookup = await createFileStore(plan, new Set()).open(name);
      if (lookup.kind !== 'found') return undefined;
      return Buffer.from(await lookup.file.read(0, lookup.file.size)).toString();
    };
    const java = benchPlan({
      phone: { model: 'CP-7941G', load: 'SCCP41.8-5-3S' },
      tftp: { loads: [{ model: 'CP-7912G', load: 'CP7912080001SCCP051117A' }] },
    });

    it.each([
      'SEP0012DADBD34E.cnf.xml',
      'SEP0012DADBD34E.cnf',
      'XMLDefault.cnf.xml',
      'sepdefault.cnf.xml',
      'SEPDEFAULT.cnf',
    ])('%s names the CallManagers in order', async (name) => {
      expect(readConfig((await textOf(name)) ?? '')?.callManagers.map(({ address }) => address)).toEqual([
        '10.110.0.2',
        '10.110.0.3',
        '10.110.0.4',
      ]);
    });

    it('the default file has a load for each model the plan names', async () => {
      const text = (await textOf('XMLDefault.cnf.xml', java)) ?? '';
      expect(readConfig(text, 115)?.loadInformation).toBe('SCCP41.8-5-3S');
      expect(readConfig(text, 30007)?.loadInformation).toBe('CP7912080001SCCP051117A');
    });

    it('OS79XX.TXT is the bare name of the load', async () => {
      expect(await textOf('os79xx.txt')).toBe('P00308010200');
    });

    it('a .loads file names members that are there', async () => {
      const members = ((await textOf('SCCP41.8-5-3S.loads', java)) ?? '').trim().split('\n').slice(1);
      expect(members).toEqual(
        ['jar41sccp', 'cnu41', 'apps41', 'dsp41', 'cvm41sccp'].map((name) => `${name}.8-5-3S.sbn`),
      );
      for (const member of members) expect(await textOf(member, java)).toBeDefined();
    });
  });
});
