import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { buildDefaultConfig, buildDeviceConfig, readConfig } from '../../src/wire/cnf-xml.js';
import { corruptions } from './hostile.js';

const callManagers = [
  { priority: 0, name: 'cm-a', address: '10.0.0.2', port: 2000 },
  { priority: 1, name: 'cm-b', address: 'cm-b.example', port: 2001 },
];
const members = callManagers.map(({ priority, address, port }) => ({ priority, address, port }));
const deviceConfig = buildDeviceConfig({
  loadInformation: 'P00308010200',
  callManagers,
  versionStamp: '1.0',
  dateTemplate: 'D/M/YA',
});
const loads = [
  { deviceType: 7, model: 'Cisco 7960', load: 'P00308010200' },
  { deviceType: 308, model: 'Cisco 7961G-GE', load: 'SCCP41.8-5-3S' },
];

/** Another library than the one that wrote it. */
const parse = (text: string): unknown =>
  new XMLParser({ ignoreAttributes: false, parseTagValue: false, attributeNamePrefix: '@' }).parse(text);

describe('a phone’s configuration file', () => {
  it('has the elements a phone looks for, in order of priority', () => {
    expect(parse(deviceConfig)).toEqual({
      '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
      device: {
        deviceProtocol: 'SCCP',
        devicePool: {
          dateTimeSetting: { dateTemplate: 'D/M/YA', timeZone: 'UTC' },
          callManagerGroup: {
            members: {
              member: [
                {
                  '@priority': '0',
                  callManager: { name: 'cm-a', ports: { ethernetPhonePort: '2000' }, processNodeName: '10.0.0.2' },
                },
                {
                  '@priority': '1',
                  callManager: { name: 'cm-b', ports: { ethernetPhonePort: '2001' }, processNodeName: 'cm-b.example' },
                },
              ],
            },
          },
          connectionMonitorDuration: '120',
        },
        loadInformation: 'P00308010200',
        versionStamp: '1.0',
        deviceSecurityMode: '1',
        transportLayerProtocol: '4',
      },
    });
  });

  it('is read back as it was built, whatever the names hold', () => {
    expect(readConfig(deviceConfig)).toEqual({
      loadInformation: 'P00308010200',
      versionStamp: '1.0',
      sipTransport: null,
      callManagers: members,
    });
    const odd = { priority: 0, name: '<&"\'>', address: 'a&b', port: 2000 };
    const text = buildDeviceConfig({
      loadInformation: ']]>&amp;',
      callManagers: [odd],
      versionStamp: '',
      dateTemplate: '',
    });
    expect(readConfig(text)).toEqual({
      loadInformation: ']]>&amp;',
      versionStamp: null,
      sipTransport: null,
      callManagers: [{ priority: 0, address: 'a&b', port: 2000 }],
    });
    expect(
      readConfig(buildDeviceConfig({ loadInformation: '', callManagers: [], versionStamp: '', dateTemplate: '' })),
    ).toEqual({
      loadInformation: null,
      versionStamp: null,
      sipTransport: null,
      callManagers: [],
    });
  });

  it('names one load for each model in the default file, the type unpadded', () => {
    const text = buildDefaultConfig({ loads, callManagers });
    expect(text).toContain('<loadInformation7 model="Cisco 7960">P00308010200</loadInformation7>');
    expect(readConfig(text, 7)).toEqual({
      loadInformation: 'P00308010200',
      versionStamp: null,
      sipTransport: null,
      callManagers: members,
    });
    expect(readConfig(text, 308)?.loadInformation).toBe('SCCP41.8-5-3S');
    expect(readConfig(text, 30)?.loadInformation).toBeNull();
    expect(readConfig(text)?.loadInformation).toBeNull();
    expect(readConfig(buildDefaultConfig({ loads: loads.slice(0, 1), callManagers }))?.loadInformation).toBe(
      'P00308010200',
    );
  });

  it('writes texts that look like entities as texts', () => {
    const text = buildDefaultConfig({
      loads: [{ deviceType: 7, model: '&lt;"', load: '&amp;#65;' }],
      callManagers: [],
    });
    const root = parse(text) as { Default: { loadInformation7: { '@model': string; '#text': string } } };
    expect(root.Default.loadInformation7).toEqual({ '@model': '&lt;"', '#text': '&amp;#65;' });
  });

  it('may be written by others: padded types, no priority, no port, comments, empty members', () => {
    const text = `<?xml version="1.0"?><!-- a > b --><Default><callManagerGroup><members>
      <member><callManager><processNodeName> 10.0.0.9 </processNodeName></callManager></member>
      <member priority='1'><callManager><processNodeName/></callManager></member>
      <member priority="2"><callManager><ports><ethernetPhonePort>2002</ethernetPhonePort></ports>
        <processNodeName><![CDATA[10.0.0.7]]></processNodeName></callManager></member>
      </members></callManagerGroup><loadInformation00007 model="x>y">P003</loadInformation00007></Default>`;
    expect(readConfig(text, 7)).toEqual({
      loadInformation: 'P003',
      versionStamp: null,
      sipTransport: null,
      callManagers: [
        { priority: 0, address: '10.0.0.9', port: 2000 },
        { priority: 2, address: '10.0.0.7', port: 2002 },
      ],
    });
  });

  it('tells members by priority, not by their place', () => {
    const text = buildDeviceConfig({
      loadInformation: '',
      callManagers: callManagers.toReversed(),
      versionStamp: '',
      dateTemplate: '',
    });
    expect(readConfig(text)?.callManagers).toEqual(members);
  });

  it.each([
    { name: 'nothing', text: '' },
    { name: 'a text', text: 'P00308010200' },
    { name: 'another root', text: '<phone/>' },
    { name: 'JSON with a file in it', text: '{"device": "<device/>"}' },
    { name: 'a text before the root', text: 'x <device/>' },
    { name: 'an element that is not closed', text: '<device><loadInformation></device>' },
    { name: 'an element closed twice', text: '<device></device></device>' },
    { name: 'two roots', text: '<device/><device/>' },
    { name: 'a cut file', text: '<device><loadInformation>P003' },
    { name: 'a comment without an end', text: '<device/><!-- ' },
    { name: 'a bad attribute', text: '<device a=b/>' },
    { name: 'a number beyond Unicode', text: '<device>&#99999999999;</device>' },
    { name: 'an entity of its own', text: '<!DOCTYPE device [<!ENTITY a "b">]><device>&a;</device>' },
    { name: 'a file to include', text: '<!DOCTYPE device SYSTEM "file:///etc/passwd"><device/>' },
    { name: 'elements 33 deep', text: `${'<device>'.repeat(33)}${'</device>'.repeat(33)}` },
    { name: 'a file over 64 KiB', text: `<device>${' '.repeat(65_536)}</device>` },
  ])('is not read from $name', ({ text }) => {
    expect(readConfig(text)).toBeUndefined();
  });

  it.each([
    { name: 'openings', text: '<device>'.repeat(8000) },
    { name: 'comment starts', text: `<device>${'<!--'.repeat(15_000)}` },
    { name: 'quotes', text: `<device ${'a="'.repeat(20_000)}` },
    { name: 'attributes', text: `<device ${Array.from({ length: 4000 }, (_, index) => `a${index}="1"`).join(' ')}/>` },
    { name: 'blanks', text: `<device ${' '.repeat(60_000)}` },
    { name: 'slashes', text: `<device${'/'.repeat(60_000)}` },
    { name: 'angle brackets', text: '<'.repeat(65_000) },
    { name: 'entities', text: `<device>${'&amp;'.repeat(13_000)}</device>` },
    { name: 'blanks and a letter before the root', text: `${' '.repeat(300)}&${' '.repeat(300)}<device/>` },
    { name: 'empty elements', text: `<device>${'<a/>'.repeat(16_000)}</device>` },
  ])('does not take long over many $name', ({ text }) => {
    // The suite's own time limit is the bound: quadratic work here takes minutes.
    expect(() => readConfig(text)).not.toThrow();
  });

  it('never makes the reader throw, whatever is done to it', () => {
    const bytes = new TextEncoder().encode(buildDefaultConfig({ loads, callManagers }));
    for (let length = 0; length < bytes.length; length += 7)
      readConfig(new TextDecoder().decode(bytes.slice(0, length)));
    for (const bad of corruptions(bytes, 200)) expect(() => readConfig(new TextDecoder().decode(bad), 7)).not.toThrow();
  });
});
