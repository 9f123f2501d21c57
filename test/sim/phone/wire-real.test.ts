import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { canUnshare } from '../../../src/os/namespace.js';
import { decodeEthernet, stripVlanTag } from '../../../src/wire/ethernet.js';
import { completeChecksum } from '../../../src/wire/ipv4.js';

const permission = (): ReturnType<typeof canUnshare> => {
  try {
    return canUnshare();
  } catch (reason) {
    return { permitted: false, reason: String(reason) };
  }
};
const allowed = permission();
const skipReason = allowed.permitted ? '' : ` (skipped: ${allowed.reason})`;
const strict = process.env.LINKPULSE_STRICT === '1';

interface Story {
  readonly udp: { readonly text: string; readonly peer: { readonly address: string; readonly port: number } };
  readonly tcp: { readonly echoed: number };
  readonly refused: { readonly refused: string };
  readonly tagged: readonly { readonly hex: string }[];
  readonly untaggedUdp: { readonly text: string };
  readonly untagged: readonly { readonly hex: string }[];
  readonly afterLinkDown: readonly unknown[];
  readonly carrier: readonly boolean[];
}

const bytesOf = ({ hex }: { readonly hex: string }): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const tagsOf = (frames: Story['tagged']) =>
  new Set(frames.map((frame) => decodeEthernet(bytesOf(frame))?.vlans[0]?.id));

describe.skipIf(!allowed.permitted && !strict)(`the phone’s end of a real wire${skipReason}`, () => {
  let story: Story;
  beforeAll(() => {
    const script = fileURLToPath(new URL('wire-real.bench.mjs', import.meta.url));
    if (!allowed.permitted) throw new Error(allowed.reason);
    const [command, ...words] = allowed.words;
    const ran = spawnSync(command, [...words, process.execPath, script], {
      encoding: 'utf8',
      timeout: 50_000,
    });
    if (ran.status !== 0) throw new Error(`the scripted bench failed: ${ran.stderr}`);
    story = JSON.parse(ran.stdout);
  });

  it('carries UDP and TCP of the kernel, tagged', () => {
    expect(story.udp).toMatchObject({ text: 'heard tagged', peer: { address: '10.110.0.1', port: 6969 } });
    expect(story.tcp.echoed).toBe(20_000);
    expect(story.refused.refused).toBe('ECONNREFUSED');
    // The first frame is the one sent raw and untagged on purpose.
    expect(tagsOf(story.tagged.slice(1))).toEqual(new Set([110]));
    expect(story.tagged.length).toBeGreaterThan(10);
  });

  it('carries them untagged as well', () => {
    expect(story.untaggedUdp.text).toBe('heard untagged');
    expect(tagsOf(story.untagged)).toEqual(new Set([undefined]));
  });

  it('puts frames on the wire that are complete: own MAC, no segment too long, checksums computed', () => {
    for (const frame of [...story.tagged, ...story.untagged].map(bytesOf)) {
      expect(decodeEthernet(frame)?.source).toBe('00:12:da:db:d3:4e');
      expect(frame.length).toBeLessThanOrEqual(1518);
      const untagged = decodeEthernet(frame)?.vlans.length === 0 ? frame : stripVlanTag(frame);
      expect(Buffer.from(completeChecksum(untagged)).equals(Buffer.from(untagged))).toBe(true);
    }
  });

  it('says nothing while link is down, and its link is the bench’s carrier', () => {
    const raw = story.tagged.filter(({ hex }) => hex.includes('88b5'));
    expect(raw).toHaveLength(1);
    expect(story.afterLinkDown).toEqual([]);
    expect(story.carrier).toEqual([true, false]);
  });
});
