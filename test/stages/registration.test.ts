import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/timeline/events.js';
import { itJudges } from './rows.js';
import { samplePlan } from './sample-plan.js';
import {
  addressSought,
  type Line,
  powerOff,
  registers,
  resultOf,
  sccp,
  tcp,
  tell,
  toConfig,
  toRegistration,
} from './story.js';

const refusedBy = (server: string, atMs: number): readonly Line[] => [
  [atMs, tcp('connecting', server)],
  [atMs + 1, tcp('refused', server, 'bench')],
];
const benchFault: Fact = {
  kind: 'bench-fault',
  code: 'CAPTURE_FAILED',
  message: 'The capture could not be written',
  remedy: 'Check the disk.',
  blame: 'bench',
};

describe('the judge of registration', () => {
  itJudges('registration', [
    {
      title: 'CallManagers that all refuse are the network’s',
      lines: [...toConfig, ...refusedBy('10.110.0.11', 6500), ...refusedBy('10.110.0.12', 6600)],
      verdict: 'error',
      blame: 'network',
      cause: /Every CallManager refused the phone: cm-a \(10\.110\.0\.11\), cm-b/,
      exit: 5,
    },
    {
      title: 'a rejected registration is the configuration’s',
      lines: [
        ...toConfig,
        [6500, tcp('connecting')],
        [6501, sccp('phone', 'Register')],
        [6502, sccp('bench', 'RegisterReject', '10.110.0.11', { fields: { text: 'No entry' } })],
      ],
      verdict: 'error',
      blame: 'config',
      cause: /rejected the registration: “No entry”/,
      exit: 5,
    },
    {
      title: 'a Register without an answer is the network’s',
      lines: [...toConfig, [6500, tcp('connecting')], [6501, tcp('connected')], [6502, sccp('phone', 'Register')]],
      verdict: 'error',
      blame: 'network',
      cause: /sent Register to cm-a/,
      exit: 5,
      endMs: 17_000,
    },
    {
      title: 'a phone that connects and does not register fails',
      lines: [...toConfig, [6500, tcp('connecting')], [6501, tcp('connected')]],
      verdict: 'fail',
      cause: /did not register/,
      exit: 1,
      endMs: 17_000,
    },
    {
      title: 'a phone that tries no CallManager fails',
      lines: toConfig,
      verdict: 'fail',
      cause: /tried no CallManager/,
      exit: 1,
      endMs: 17_000,
    },
    {
      title: 'a phone that tries one of two and gives up after a refusal is not blamed for it',
      lines: [...toConfig, ...refusedBy('10.110.0.11', 6500)],
      verdict: 'error',
      blame: 'network',
      cause: /went no further/,
      exit: 5,
      endMs: 17_000,
    },
    {
      title: 'a phone whose connections nobody answers is not blamed for it',
      lines: [...toConfig, [6500, addressSought('10.110.0.11')], [7500, tcp('connecting', '10.110.0.12')]],
      verdict: 'error',
      blame: 'network',
      cause: /looked for cm-a \(10\.110\.0\.11\), cm-b \(10\.110\.0\.12\) and nobody answered/,
      exit: 5,
      endMs: 17_000,
    },
    {
      title: 'a phone that passes the first CallManager over fails',
      lines: [...toConfig, ...registers(6500, '10.110.0.12')],
      verdict: 'fail',
      cause: /registered with cm-b \(10\.110\.0\.12\) and never tried cm-a/,
      exit: 1,
    },
    {
      title: 'a phone that registers under another name fails',
      lines: [
        ...toConfig,
        [6502, sccp('phone', 'Register', '10.110.0.11', { fields: { deviceName: 'SEP999999999999' } })],
      ],
      verdict: 'fail',
      cause: /registers as SEP999999999999/,
      exit: 1,
    },
    {
      title: 'an acknowledged phone that does not finish fails',
      lines: [...toConfig, ...registers(6500).slice(0, -1)],
      verdict: 'fail',
      cause: /no TimeDateReq/,
      exit: 1,
      endMs: 17_000,
    },
    {
      title: 'a registered phone without keepalives fails',
      lines: [...toConfig, ...registers(6500)],
      verdict: 'fail',
      cause: /0 of 1 keepalives/,
      exit: 1,
      endMs: 22_000,
    },
    {
      title: 'a registration the phone gives up again fails',
      lines: [...toRegistration, [11_550, tcp('closed')], [11_600, powerOff('COMMANDED')]],
      verdict: 'fail',
      cause: /gave its registration up/,
      exit: 1,
    },
    {
      title: 'a bench fault after all stages were decided is still the bench’s',
      lines: [...toRegistration, [11_550, benchFault]],
      verdict: 'error',
      blame: 'bench',
      cause: /capture could not be written/,
      exit: 5,
    },
  ]);

  it('a phone that looked for the first CallManager in vain passed nobody over', () => {
    const result = resultOf(
      tell(samplePlan, [
        ...toConfig,
        [6400, addressSought('10.110.0.11')],
        ...registers(6500, '10.110.0.12'),
        [11_500, sccp('phone', 'KeepAlive', '10.110.0.12')],
        [11_501, sccp('bench', 'KeepAliveAck', '10.110.0.12')],
      ]),
      'registration',
    );
    expect(result.cause).toMatch(
      /Registered with cm-b \(10\.110\.0\.12\) after cm-a \(10\.110\.0\.11\) did not answer/,
    );
    expect(result.verdict).toBe('pass');
  });
});
