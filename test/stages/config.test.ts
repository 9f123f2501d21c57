import { describe, expect, it } from 'vitest';
import { itJudges } from './rows.js';
import { samplePlan } from './sample-plan.js';
import {
  asks,
  cdp,
  configFile,
  dhcp,
  ends,
  isMissing,
  type Line,
  linkDown,
  linkUp,
  powerOff,
  progress,
  resultOf,
  servesConfig,
  tcp,
  tell,
  toAddress,
  toRegistration,
  toVlan,
  trustList,
} from './story.js';

const image = 'P00308010200.bin';
const oldPhone = cdp({ softwareVersion: 'P00307020200' });
const toOldVlan = toVlan.map(
  ([at, fact]): Line => (fact.kind === 'cdp' && fact.from === 'phone' ? [at, oldPhone] : [at, fact]),
);
const toOldAddress: readonly Line[] = [...toOldVlan, ...toAddress.slice(toVlan.length)];

describe('the judge of config', () => {
  it('passes a phone that asks again because an answer was late', () => {
    const lines: readonly Line[] = [
      ...toAddress,
      [6100, asks(configFile)],
      [6500, ends(configFile, { from: 'bench', outcome: 'askedAgain', bytes: 512 })],
      [6500.1, asks(configFile, 2)],
      [6600, servesConfig()],
    ];
    expect(resultOf(tell(samplePlan, lines), 'config').verdict).toBe('pass');
  });

  itJudges('config', [
    {
      title: 'a configuration that came whole and is none is the configuration’s',
      lines: [
        ...toAddress,
        [6100, asks(configFile)],
        [6200, ends(configFile, { from: 'bench', outcome: 'complete', bytes: 512 })],
      ],
      verdict: 'error',
      blame: 'config',
      cause: /fetched SEP0011BBCCDDEE\.cnf\.xml whole \(512 bytes\) and it is no configuration/,
      exit: 5,
      endMs: 30_000,
    },
    {
      title: 'configuration files that are all missing are the configuration’s',
      lines: [
        ...toAddress,
        [6000, asks(trustList)],
        [6001, isMissing(trustList)],
        [6100, asks(configFile)],
        [6101, isMissing(configFile)],
        [6200, asks('XMLDefault.cnf.xml')],
        [6201, isMissing('XMLDefault.cnf.xml')],
      ],
      verdict: 'error',
      blame: 'config',
      cause: /asked for SEP0011BBCCDDEE\.cnf\.xml once and was refused, and the default file too/,
      exit: 5,
    },
    {
      title: 'a phone that asks for the other form of its configuration runs other firmware than it should',
      lines: [...toAddress, [6000, asks(trustList)], [6001, isMissing(trustList)], [6100, asks('SEP0011BBCCDDEE.cnf')]],
      verdict: 'fail',
      cause: /asked for SEP0011BBCCDDEE\.cnf; .* ends in \.cnf\.xml/,
      exit: 1,
    },
    {
      title: 'one configuration file asked for again and again is named at the deadline',
      lines: [
        ...toAddress,
        ...[6100, 7100, 8100, 9100].flatMap((at): Line[] => [
          [at, asks(configFile)],
          [at + 1, isMissing(configFile)],
        ]),
      ],
      verdict: 'error',
      blame: 'config',
      cause: /cnf\.xml 4 times/,
      exit: 5,
      endMs: 16_000,
    },
    {
      title: 'a phone that goes on without the load it was told is the configuration’s',
      lines: [
        ...toAddress,
        [6100, asks(configFile)],
        [6110, servesConfig('P00309000000')],
        [6200, asks('P00309000000.bin')],
        [6201, isMissing('P00309000000.bin')],
        [6500, tcp('connecting')],
      ],
      verdict: 'error',
      blame: 'config',
      cause: /names load P00309000000, the phone runs P00308010200.*P00309000000\.bin/,
      exit: 5,
    },
    {
      title: 'a missing load is told at the deadline where the phone does nothing more',
      lines: [
        ...toAddress,
        [6100, asks(configFile)],
        [6110, servesConfig('P00309000000')],
        [6200, asks('P00309000000.bin')],
        [6201, isMissing('P00309000000.bin')],
      ],
      verdict: 'error',
      blame: 'config',
      cause: /does not have P00309000000\.bin/,
      exit: 5,
      endMs: 30_000,
    },
    {
      title: 'an image fetched twice and not run is the configuration’s',
      lines: [
        ...toOldAddress,
        [6110, servesConfig()],
        [6200, asks(image)],
        [7000, ends(image)],
        [7100, linkDown],
        [8000, linkUp],
        [8100, oldPhone],
        [8110, servesConfig()],
        [8200, asks(image)],
        [9000, ends(image)],
      ],
      verdict: 'error',
      blame: 'config',
      cause: /fetched P00308010200\.bin whole more than once/,
      exit: 5,
    },
    {
      title: 'a phone that never asks for the load it was told fails',
      lines: [...toOldAddress, [6110, servesConfig()]],
      verdict: 'fail',
      cause: /stays with P00307020200/,
      exit: 1,
      endMs: 16_000,
    },
    {
      title: 'three trust lists and DHCP again is a phone that refuses unsigned files',
      lines: [
        ...toAddress,
        ...[6000, 6500, 7000].flatMap((at): Line[] => [
          [at, asks(trustList)],
          [at + 1, isMissing(trustList)],
        ]),
        [8000, dhcp('DISCOVER')],
      ],
      verdict: 'error',
      blame: 'config',
      cause: /3 times for its trust list.*CTL\/ITL/,
      exit: 5,
    },
    {
      title: 'a phone that asks for a signed file has a trust list',
      lines: [...toAddress, [6100, asks(`${configFile}.sgn`)], [6101, isMissing(`${configFile}.sgn`)]],
      verdict: 'error',
      blame: 'config',
      cause: /signed/,
      exit: 5,
    },
    {
      title: 'a transfer the phone lets lie fails',
      lines: [...toAddress, [6100, asks(configFile)], [6101, progress(configFile, 512)]],
      verdict: 'fail',
      cause: /stopped fetching SEP0011BBCCDDEE\.cnf\.xml after 512 bytes/,
      exit: 1,
      endMs: 16_000,
    },
    {
      title: 'a server that never answers is the network’s',
      lines: [...toAddress, [6100, asks(configFile)]],
      verdict: 'error',
      blame: 'network',
      cause: /TFTP server fell silent/,
      exit: 5,
      endMs: 16_000,
    },
    {
      title: 'a server that falls silent in every try is the network’s',
      lines: [
        ...toAddress,
        ...[6100, 6500, 6900, 7300, 7700].flatMap((atMs): readonly Line[] => [
          [atMs, asks(configFile)],
          [atMs + 300, ends(configFile, { from: 'phone', outcome: 'askedAgain', bytes: 512 })],
        ]),
      ],
      verdict: 'error',
      blame: 'network',
      cause: /fell silent .*512 bytes came/,
      exit: 5,
    },
    {
      title: 'and where the deadline comes before the last try',
      lines: [
        ...toAddress,
        [6100, asks(configFile)],
        [7100, ends(configFile, { from: 'phone', outcome: 'askedAgain', bytes: 512 })],
        [7100.1, asks(configFile, 2)],
        [7100.2, progress(configFile, 512, 2)],
      ],
      verdict: 'error',
      blame: 'network',
      cause: /fell silent/,
      exit: 5,
      endMs: 16_000,
    },
    {
      title: 'a transfer given up after the server spoke last fails',
      lines: [
        ...toAddress,
        [6100, asks(configFile)],
        [7000, ends(configFile, { from: 'bench', outcome: 'gaveUp', bytes: 512 })],
      ],
      verdict: 'fail',
      cause: /stopped fetching/,
      exit: 1,
    },
    {
      title: 'a transfer given up after the phone spoke last is the network’s',
      lines: [
        ...toAddress,
        [6100, asks(configFile)],
        [7000, ends(configFile, { from: 'phone', outcome: 'gaveUp', bytes: 512 })],
      ],
      verdict: 'error',
      blame: 'network',
      cause: /fell silent/,
      exit: 5,
    },
    {
      title: 'a phone that asks the TFTP server for nothing fails',
      lines: toAddress,
      verdict: 'fail',
      cause: /asked the TFTP server for nothing/,
      exit: 1,
      endMs: 16_000,
    },
    {
      title: 'an interrupted run is no fault of the phone',
      lines: [...toAddress, [5500, { kind: 'interrupted', by: 'SIGINT' }]],
      verdict: 'error',
      blame: 'operator',
      cause: /interrupted \(SIGINT\)/,
      exit: 2,
    },
  ]);

  it('still tells what was fetched when link falls with the power at the end', () => {
    const lines: readonly Line[] = [...toRegistration, [11_590, linkDown], [11_600, powerOff('COMMANDED')]];
    const result = resultOf(tell(samplePlan, lines), 'config');
    expect(result.cause).toBe('Fetched SEP0011BBCCDDEE.cnf.xml whole and runs load P00308010200.');
  });
});
