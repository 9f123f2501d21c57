import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.js';
import { itJudges } from './rows.js';
import { planWith } from './sample-plan.js';
import {
  asks,
  callManager,
  cdp,
  configFile,
  end,
  type Line,
  linkDown,
  linkUp,
  measurementOf,
  powerOff,
  registers,
  resultOf,
  sccp,
  servesConfig,
  sip,
  sipRegisters,
  tcp,
  tell,
  toConfig,
} from './story.js';

const [a, b] = ['10.110.0.11', '10.110.0.12'];

/** A modern CallManager: it tells a protocol version and answers keepalives. */
const registersAt = (atMs: number, server = a): readonly Line[] => [
  ...registers(atMs, server).slice(0, 3),
  [atMs + 3, sccp('bench', 'RegisterAck', server, { fields: { keepaliveSeconds: 5, protocolVersion: 11 } })],
  [atMs + 4, sccp('phone', 'TimeDateReq', server)],
];
const keepalive = (atMs: number, server = a, isAnswered = true): readonly Line[] => [
  [atMs, sccp('phone', 'KeepAlive', server)],
  ...(isAnswered ? ([[atMs + 1, sccp('bench', 'KeepAliveAck', server)]] as const) : []),
];
const ended: readonly Line[] = [
  [60_000, powerOff('COMMANDED')],
  [60_001, end],
];
const dies: Line = [10, callManager('dies-on-purpose', { afterMs: 1000 })];
const diesAndReturns: Line = [10, callManager('dies-on-purpose', { afterMs: 1000, backAfterMs: 3000 })];
const changing: Plan['change'] = {
  afterMs: 1000,
  order: 'reset',
  load: null,
  callManagers: ['cm-b', 'cm-a'],
  announceMs: 10_000,
  fromAutoRegistration: false,
};

const judged = (lines: readonly Line[], plan = planWith({})) =>
  resultOf(tell(plan, [...toConfig, ...lines, ...ended]), 'registration');

describe('the judge of registration, when a CallManager fails', () => {
  it('passes a phone that goes to the next one when its own closes, and measures it', () => {
    const result = judged([
      dies,
      ...registersAt(6500),
      [8000, tcp('closed', a, 'bench')],
      ...registersAt(8200, b),
      ...keepalive(13_300, b),
    ]);
    expect(result.cause).toMatch(/Registered with cm-b \S+, 204 ms after cm-a \S+ closed the connection; 1 keepalive/);
    expect(result.verdict).toBe('pass');
    expect(measurementOf(result, 'registration.failoverMs')?.value).toBe(204);
  });

  it('waits for a death that was told, and for the phone to come back when it is over', () => {
    const result = judged([
      diesAndReturns,
      ...registersAt(6500),
      ...keepalive(7000),
      [8000, tcp('closed', a, 'bench')],
      [8001, callManager('died-on-purpose')],
      ...registersAt(8200, b),
      ...keepalive(8300, b),
      [11_000, callManager('serves-again')],
      [11_900, sccp('phone', 'Unregister', b)],
      ...registersAt(12_000),
      ...keepalive(17_000),
    ]);
    expect(result.cause).toMatch(/Registered with cm-a .*, back with it 1004 ms after it served again/);
    expect(measurementOf(result, 'registration.fallbackMs')?.value).toBe(1004);
  });

  it('counts only keepalives that are answered, where the CallManager answers any', () => {
    const result = judged([
      ...registersAt(6500),
      ...[11_500, 16_500, 21_500].flatMap((at) => keepalive(at, a, false)),
      [26_500, tcp('closed', a)],
      ...registersAt(26_600, b),
      ...keepalive(31_600, b),
    ]);
    expect(result.cause).toMatch(/Registered with cm-b .*, 15104 ms after cm-a \S+ left a keepalive unanswered/);
  });

  itJudges('registration', [
    {
      title: 'a phone that stays where its keepalives are not answered fails',
      lines: [
        ...toConfig,
        ...registersAt(6500),
        ...[11_500, 16_500, 21_500, 26_500].flatMap((at) => keepalive(at, a, false)),
      ],
      verdict: 'fail',
      cause: /answered 0 of 4 keepalives, and the phone did not go to another/,
      exit: 1,
      endMs: 40_000,
    },
    {
      title: 'a phone that loses its CallManager and takes no other fails',
      lines: [...toConfig, ...registersAt(6500), [8000, tcp('closed', a, 'bench')]],
      verdict: 'fail',
      cause: /cm-a \S+ closed the connection, and the phone did not register with another/,
      exit: 1,
      endMs: 20_000,
    },
    {
      title: 'a phone that never goes back to its better CallManager fails',
      lines: [
        ...toConfig,
        diesAndReturns,
        ...registersAt(6500),
        [8000, tcp('closed', a, 'bench')],
        [8001, callManager('died-on-purpose')],
        ...registersAt(8200, b),
        ...keepalive(8300, b),
        [11_000, callManager('serves-again')],
      ],
      verdict: 'fail',
      cause: /cm-a \S+ serves again, and the phone did not go back/,
      exit: 1,
      endMs: 40_000,
    },
  ]);
});

describe('the judge of registration, when the configuration changes', () => {
  const plan = planWith({ change: changing });
  const ordered: Line = [8000, sccp('bench', 'Reset', a, { fields: { type: 1 } })];
  const refetched: readonly Line[] = [
    [8100, tcp('closed', a)],
    [8200, linkDown],
    [9000, linkUp],
    [9100, asks(configFile, 3)],
    [9200, servesConfig(undefined, 'stamp-2')],
  ];

  it('passes a phone that starts again, fetches its file and registers, and measures both', () => {
    const result = judged(
      [...registersAt(6500), ordered, ...refetched, ...registersAt(9500), ...keepalive(14_500)],
      plan,
    );
    expect(result.cause).toMatch(/again 1504 ms after it was told to reset \(configuration after 1200 ms\)/);
    expect(result.verdict).toBe('pass');
    expect(measurementOf(result, 'registration.refetchedMs')?.value).toBe(1200);
    expect(measurementOf(result, 'registration.returnedMs')?.value).toBe(1504);
  });

  it('does not count the ordered start as a lost link', () => {
    const tribunal = tell(plan, [
      ...toConfig,
      ...registersAt(6500),
      ordered,
      ...refetched,
      ...registersAt(9500),
      ...keepalive(14_500),
      ...ended,
    ]);
    expect(measurementOf(resultOf(tribunal, 'boot'), 'boot.linkDrops')?.value).toBe(0);
  });

  it.each([
    [
      'does not fetch its file again',
      [...registersAt(6500), ordered],
      /told to reset and did not fetch its configuration/,
    ],
    ['fetches it and does not register', [...registersAt(6500), ordered, ...refetched], /did not register again/],
  ] as const)('fails a phone that %s', (_, lines, cause) => {
    const result = judged([...lines, [59_000, cdp()]], plan);
    expect(result).toMatchObject({ verdict: 'fail', cause: expect.stringMatching(cause) });
  });

  it('blames the configuration for a changed file with the stamp that it had before', () => {
    const stale = refetched.map(
      ([atMs, fact]): Line => (fact.kind === 'tftp-end' ? [atMs, servesConfig(undefined, 'stamp-1')] : [atMs, fact]),
    );
    expect(judged([...registersAt(6500), ordered, ...stale, ...registersAt(9500)], plan)).toMatchObject({
      verdict: 'error',
      blame: 'config',
      cause: expect.stringMatching(/version stamp it had before \(stamp-1\)/),
    });
  });

  describe('to another load', () => {
    const newLoad = planWith({ change: { ...changing, load: 'P00308010300' } });
    const came: readonly Line[] = [...registersAt(6500), ordered, ...refetched, ...registersAt(9500)];
    const old = [...came, ...keepalive(14_500), [15_000, cdp()] as const];
    const loadNow = cdp({ softwareVersion: 'P00308010300' });

    it.each([
      [
        'tells its old load before it registers again',
        [...came, [9300, cdp()] as const],
        /load P00308010200 instead of/,
      ],
      ['tells its old load after it registered again', old, /came back with load P00308010200 instead of P00308010300/],
      ['tells none any more', [...came, ...keepalive(14_500)], /told no load within 10000 ms/],
      [
        'told the new one before it was ordered to begin again only',
        [...came, [7000, loadNow] as const, ...keepalive(14_500)],
        /told no load within 10000 ms/,
      ],
    ] as const)('fails a phone that %s', (_, lines, cause) => {
      expect(judged([...lines, [59_000, linkUp]], newLoad)).toMatchObject({
        verdict: 'fail',
        cause: expect.stringMatching(cause),
      });
    });

    it.each([
      ['in CDP before it registers', [...came, [9300, loadNow] as const, ...keepalive(14_500)]],
      ['in CDP afterwards', [...came, ...keepalive(14_500), [18_000, loadNow] as const]],
      [
        'in Register',
        [
          ...came.map(
            ([atMs, fact]): Line =>
              atMs > 9500 && fact.kind === 'sccp' && fact.message === 'Register'
                ? [atMs, { ...fact, fields: { ...fact.fields, loadName: 'P00308010300' } }]
                : [atMs, fact],
          ),
          ...keepalive(14_500),
        ],
      ],
    ] as const)('passes a phone that tells it %s', (_, lines) => {
      expect(judged(lines, newLoad).verdict).toBe('pass');
    });
  });
});

describe('the judge of registration, for SIP', () => {
  it('passes a phone that registers, through a challenge, and refreshes', () => {
    const result = judged([
      [6500, tcp('connecting')],
      [6501, tcp('connected')],
      [6502, sip('phone', 'REGISTER')],
      [6503, sip('bench', 'REGISTER', { statusCode: 401, reason: 'Unauthorized' })],
      ...sipRegisters(6510),
      ...sipRegisters(9000),
    ]);
    expect(result).toMatchObject({
      verdict: 'pass',
      cause: expect.stringMatching(/Registered with cm-a .*; 1 keepalive seen/),
    });
  });

  it('does not wait for a phone to come back to a CallManager that it never left', () => {
    const result = judged([
      diesAndReturns,
      ...sipRegisters(6500, { transport: 'udp' }),
      [8000, callManager('died-on-purpose')],
      [11_000, callManager('serves-again')],
      ...sipRegisters(12_000, { transport: 'udp' }),
    ]);
    expect(result).toMatchObject({ verdict: 'pass', cause: expect.stringMatching(/Registered with cm-a/) });
  });

  it('takes the load that a phone tells in the Reason of its REGISTER', () => {
    const plan = planWith({ change: { ...changing, load: 'SIP41.9-4-2SR3' } });
    const alarm = 'SIP ;cause=200;text="cisco-alarm:25 Name=SEP0011BBCCDDEE ActiveLoad=SIP41.9-4-2SR3 InactiveLoad=x"';
    const again = sipRegisters(9500, { fields: { deviceName: 'SEP0011BBCCDDEE', alarm } });
    const result = judged(
      [
        ...sipRegisters(6500),
        [8000, sip('bench', 'NOTIFY', { purpose: 'restart' })],
        [9200, servesConfig(undefined, 'stamp-2')],
        ...again,
        ...sipRegisters(12_000),
      ],
      plan,
    );
    expect(result).toMatchObject({ verdict: 'pass' });
  });

  it('is not misled by the keepalive of a standby', () => {
    const standby: readonly Line[] = [
      [6600, sip('phone', 'REGISTER', { server: b, purpose: 'keepalive' })],
      [6601, sip('bench', 'REGISTER', { server: b, purpose: 'keepalive', statusCode: 200, reason: 'OK' })],
    ];
    expect(judged([...sipRegisters(6510), ...standby, ...sipRegisters(9000)]).cause).toMatch(/Registered with cm-a/);
  });

  it('notices a phone that moves over UDP when its refreshes are not answered', () => {
    const udp = { transport: 'udp' } as const;
    const result = judged([
      ...sipRegisters(6510, udp),
      [9000, sip('phone', 'REGISTER', udp)],
      ...sipRegisters(11_000, { ...udp, server: b }),
      ...sipRegisters(13_000, { ...udp, server: b }),
    ]);
    expect(result.cause).toMatch(/Registered with cm-b .*, 2001 ms after cm-a \S+ left a keepalive unanswered/);
  });

  itJudges('registration', [
    {
      title: 'a forbidden registration is the configuration’s',
      lines: [
        ...toConfig,
        [6500, sip('phone', 'REGISTER')],
        [6501, sip('bench', 'REGISTER', { statusCode: 403, reason: 'Forbidden' })],
      ],
      verdict: 'error',
      blame: 'config',
      cause: /rejected the registration: “403 Forbidden”/,
      exit: 5,
    },
    {
      title: 'a phone that unregisters and stays away fails',
      lines: [...toConfig, ...sipRegisters(6500), [7000, sip('phone', 'REGISTER', { purpose: 'unregister' })]],
      verdict: 'fail',
      cause: /gave its registration up/,
      exit: 1,
      endMs: 40_000,
    },
  ]);
});
