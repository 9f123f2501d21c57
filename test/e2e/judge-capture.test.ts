/** `linkpulse judge` by its command line: captures as anybody may have taken them, and a stored run under other limits. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cdpFrame, cdpTlv, encodeCdp } from '../../src/wire/cdp.js';
import { readCapture } from '../../src/wire/pcapng.js';
import { classicFile } from '../decode/classic-file.js';
import { invoke, makeBench, quickPlan, type Run, runJson } from '../helpers/linkpulse.js';

const phone = '00:0f:24:5a:79:60';
const neighbour = '00:0f:24:00:00:99';
const links = { ethernet: 1, rawIp: 101, cooked2: 276 } as const;
const bench = makeBench();
const directory = mkdtempSync(join(tmpdir(), 'linkpulse-captures-'));
let run: Run;
let frames: readonly { readonly bytes: Uint8Array; readonly timestampUs: number }[];

const at = (name: string): string => join(directory, name);
const written = (name: string, linkType: number, kept: typeof frames): string => {
  writeFileSync(at(name), classicFile(linkType, kept));
  return at(name);
};
const judge = async (...words: string[]) => {
  const called = invoke(['judge', ...words]);
  return { exit: await called.exitCode, out: called.stdout(), err: called.stderr() };
};
interface Told {
  readonly verdict: string;
  readonly phone?: { readonly mac: string };
  readonly stages: readonly { readonly stage: string; readonly verdict: string }[];
  readonly changes?: readonly { readonly stage: string; readonly before: string; readonly after: string }[];
}
const verdictsOf = ({ stages }: Told) => Object.fromEntries(stages.map(({ stage, verdict }) => [stage, verdict]));
const byFramesAlone = {
  power: 'skipped',
  boot: 'skipped',
  vlan: 'pass',
  address: 'pass',
  config: 'pass',
  registration: 'pass',
};

beforeAll(async () => {
  run = await runJson(['run', '--no-station', '--bench', bench.path, '--port', 'sim1', '--plan', quickPlan]);
  expect(run.exitCode).toBe(0);
  frames = readCapture(readFileSync(join(run.folder, 'capture.pcapng'))).frames;
}, 60_000);
afterAll(() => {
  bench.remove();
  rmSync(directory, { recursive: true });
});

describe('a capture', () => {
  it('of a run, moved elsewhere: four stages by frames alone, power and boot skipped', async () => {
    cpSync(join(run.folder, 'capture.pcapng'), at('moved.pcapng'));
    const { exit, out } = await judge(at('moved.pcapng'), '--plan', quickPlan);
    expect(exit).toBe(0);
    expect(out).toContain(`${phone}, SEP000F245A7960, Cisco IP Phone 7960`);
    expect(out).toMatch(/power .* skipped +No board took part/);
    for (const words of [/address 10\.110\.0\.\d+ from 10\.110\.0\.1/, /\.cnf\.xml, \d+ bytes/, /registered \(SCCP\)/])
      expect(out).toMatch(words);
    expect(out.trimEnd().split('\n').at(-1)).toBe('PASS  All stages passed.');
  });

  it('that does not say which way a frame went, packed, and begun in the middle of the evening', async () => {
    const file = written('plain.pcap', links.ethernet, frames);
    writeFileSync(at('plain.pcap.gz'), gzipSync(readFileSync(file)));
    const { exit, out } = await judge(at('plain.pcap.gz'), '--plan', quickPlan, '--json');
    expect(exit).toBe(0);
    const told = JSON.parse(out) as Told;
    expect(told).toMatchObject({ verdict: 'pass', phone: { mac: phone } });
    expect(verdictsOf(told)).toEqual(byFramesAlone);
  });

  it('of another plan’s network: the frames show what is wrong', async () => {
    const other = at('other.yaml');
    writeFileSync(other, readFileSync(quickPlan, 'utf8').replace('voiceVlan: 110', 'voiceVlan: 120'));
    const { exit, out } = await judge(written('vlan.pcap', links.ethernet, frames), '--plan', other, '--json');
    expect(exit).toBe(5);
    expect(verdictsOf(JSON.parse(out) as Told)).toMatchObject({ power: 'skipped', vlan: 'error' });
  });

  it('of two phones wants to know which; --mac says it, in any case of its letters', async () => {
    const [first] = frames;
    const strange = cdpFrame(
      neighbour,
      encodeCdp({ ttlSeconds: 180, tlvs: [cdpTlv.deviceId('SEP000F24000099'), cdpTlv.capabilities(0x490)] }),
    );
    const file = written('two.pcap', links.ethernet, [
      { bytes: strange, timestampUs: first?.timestampUs ?? 0 },
      ...frames,
    ]);
    const unsaid = await judge(file, '--plan', quickPlan);
    expect(unsaid).toMatchObject({ exit: 4, out: '' });
    expect(unsaid.err).toContain('shows 2; say which with --mac');
    for (const mac of [phone, neighbour]) expect(unsaid.err).toContain(mac);
    expect((await judge(file, '--plan', quickPlan, '--mac', phone.toUpperCase())).exit).toBe(0);
    const silent = await judge(file, '--plan', quickPlan, '--mac', neighbour, '--json');
    expect(silent.exit).not.toBe(0);
    expect(JSON.parse(silent.out)).toMatchObject({ phone: { mac: neighbour } });
    const nobody = await judge(file, '--plan', quickPlan, '--mac', '00:00:00:00:00:01');
    expect(nobody).toMatchObject({ exit: 4 });
    expect(nobody.err).toMatch(/PHONE_NOT_FOUND.*00:00:00:00:00:01 in /);
  });

  it('without Ethernet, raw IP and Linux cooked: all but the voice VLAN’s stage', async () => {
    const untagged = frames.flatMap(({ bytes, timestampUs }) => {
      const frame = Buffer.from(bytes);
      const ipAt = frame.readUInt16BE(12) === 0x8100 ? 18 : 14;
      return frame.readUInt16BE(ipAt - 2) === 0x0800 ? [{ frame, ip: frame.subarray(ipAt), timestampUs }] : [];
    });
    const raw = untagged.map(({ ip, timestampUs }) => ({ bytes: ip, timestampUs }));
    const cooked = untagged.map(({ frame, ip, timestampUs }) => {
      const header = Buffer.alloc(20);
      header.writeUInt16BE(0x0800, 0);
      header.writeUInt16BE(1, 8);
      header[11] = 6;
      frame.copy(header, 12, 6, 12);
      return { bytes: Buffer.concat([header, ip]), timestampUs };
    });
    const plan = at('untagged.yaml');
    writeFileSync(plan, readFileSync(quickPlan, 'utf8').replace('voiceVlan: 110', 'voiceVlan: none'));
    for (const file of [written('raw.pcap', links.rawIp, raw), written('cooked.pcap', links.cooked2, cooked)]) {
      const { out, err } = await judge(file, '--plan', plan, '--json');
      expect(verdictsOf(JSON.parse(out) as Told), `${file} ${err}`).toEqual({ ...byFramesAlone, vlan: 'skipped' });
    }
  });

  it('that is none, or nowhere, is refused', async () => {
    expect((await judge(quickPlan)).err).toContain('CAPTURE_UNREADABLE');
    expect(await judge(quickPlan)).toMatchObject({ exit: 4 });
    expect((await judge(at('nowhere'))).err).toMatch(/is no file, no run folder, and no run in/);
    expect(await judge()).toMatchObject({ exit: 4 });
  });
});

describe('a stored run', () => {
  it('is judged as before by its own plan, by its folder and by its id', async () => {
    for (const words of [[run.folder], [basename(run.folder), '--runs', bench.runsDirectory]]) {
      const { exit, out } = await judge(...words);
      expect(exit).toBe(0);
      expect(out.trimEnd().split('\n').at(-1)).toBe('as it was judged before');
    }
  });

  it('under other limits: what changed is printed, stage by stage', async () => {
    const hasty = at('hasty.yaml');
    const limit = /^( +)registration\.registeredMs:.*$/m;
    const text = readFileSync(quickPlan, 'utf8');
    expect(text).toMatch(limit);
    writeFileSync(hasty, text.replace(limit, '$1registration.registeredMs: { max: 1ms }'));
    const { exit, out } = await judge(run.folder, '--plan', hasty);
    expect(exit).toBe(1);
    const changed = out.split('\n').filter((line) => line.includes('changed'));
    expect(changed).toEqual([
      expect.stringMatching(/changed registration +pass -> fail +registration\.registeredMs is/),
    ]);
    const json = JSON.parse((await judge(run.folder, '--plan', hasty, '--json')).out) as Told;
    expect(json.changes).toMatchObject([{ stage: 'registration', before: 'pass', after: 'fail' }]);
    // What was stored is left as it was.
    expect((await judge(run.folder)).out).toContain('as it was judged before');
  });

  it('beside a capture: one line each, and how many are judged otherwise', async () => {
    cpSync(join(run.folder, 'capture.pcapng'), at('beside.pcapng'));
    const { exit, out } = await judge(run.folder, at('beside.pcapng'), '--plan', quickPlan);
    expect(exit).toBe(0);
    expect(out.split('\n').at(-1)).toBe('2 judged, 0 judged otherwise than before');
  });
});
