import { describe, expect, it } from 'vitest';
import { pageModule } from '../helpers/page-module.js';

interface Read {
  readonly parts: { readonly serial?: string; readonly mac?: string };
  readonly missing: readonly string[];
}
interface Scan {
  readonly port: string;
  readonly plan: { readonly name: string; readonly required: readonly string[] };
  readonly text: string;
}
const { partOf, labelAfter, asRequest } = await pageModule<{
  partOf(text: string): string;
  labelAfter(before: Read | null, scan: Scan): Read;
  asRequest(read: Read): object;
}>('labels.js');

const plan = { name: 'p', required: ['serial', 'mac'] };
const scan = (text: string, more: Partial<Scan> = {}): Scan => ({ port: 'sim1', plan, text, ...more });

describe('a scanned label', () => {
  it.each(['000F245A7960', '00:0f:24:5a:79:60', '00-0F-24-5A-79-60', '000f.245a.7960', 'SEP000F245A7960'])(
    '%s is a MAC address',
    (text) => expect(partOf(text)).toBe('mac'),
  );

  it.each(['FCH17258X4Q', '000F245A796', '000F245A79601', 'SEP000F245A796', '00:0f:24:5a:7960'])(
    '%s is a serial number',
    (text) => expect(partOf(text)).toBe('serial'),
  );

  it('is read part by part until the plan wants no more', () => {
    const first = labelAfter(null, scan('SEP000F245A7960'));
    expect(first.missing).toEqual(['serial']);
    const both = labelAfter(first, scan('FCH17258X4Q'));
    expect(both.missing).toEqual([]);
    expect(asRequest(both)).toEqual({ plan: 'p', serial: 'FCH17258X4Q', labelMac: 'SEP000F245A7960' });
  });

  it('begins anew on another port or with another plan, and takes the newest reading of a part', () => {
    const first = labelAfter(null, scan('FCH17258X4Q'));
    expect(labelAfter(first, scan('000F245A7960', { port: 'sim2' })).missing).toEqual(['serial']);
    expect(labelAfter(first, scan('000F245A7960', { plan: { ...plan, name: 'q' } })).missing).toEqual(['serial']);
    expect(labelAfter(first, scan('FCH17258X4R')).parts).toEqual({ serial: 'FCH17258X4R' });
  });

  it('wants nothing where the plan asks for nothing, not even a label', () => {
    const free = { name: 'p', required: [] };
    expect(asRequest(labelAfter(null, scan('', { plan: free })))).toEqual({ plan: 'p' });
    expect(asRequest(labelAfter(null, scan('000F245A7960', { plan: free })))).toEqual({
      plan: 'p',
      labelMac: '000F245A7960',
    });
  });
});
