import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.js';
import type { Fact, FactOf } from '../../src/timeline/events.js';
import { feeds } from '../../src/timeline/feed.js';
import { itJudges } from './rows.js';
import { samplePlan } from './sample-plan.js';
import {
  boardFault,
  current,
  discovery,
  inrush,
  type Line,
  linkDown,
  linkUp,
  measurementOf,
  powerOff,
  powerOn,
  probe,
  requested,
  resultOf,
  runStart,
  tell,
  toAddress,
  toConfig,
  toPower,
  toRegistration,
} from './story.js';

const found: readonly Line[] = [
  [0, runStart],
  [100, requested],
  [200, discovery('loopback')],
];
const benchFault: Fact = {
  kind: 'bench-fault',
  code: 'CAPTURE_FAILED',
  message: 'The capture could not be written',
  remedy: 'Check the disk.',
  blame: 'bench',
};

const looked = (fact: Fact, outcome: 'nothing' | 'no-signature' | 'signature' = 'nothing'): readonly Line[] => [
  [0, runStart],
  [100, requested],
  [780, fact],
  [800, discovery(outcome, 40)],
];
const withPower = (power: Partial<Plan['power']>): Plan => ({
  ...samplePlan,
  power: { ...samplePlan.power, ...power },
});
const af = withPower({ method: '802.3af' });
const auto = withPower({ method: 'auto' });
const signed = (powerClass: number): readonly Line[] => [
  ...looked(probe('signature', { ohms: 24_900, powerClass, classMilliamps: 18.5 }), 'signature'),
  [820, { ...powerOn, method: '802.3af', polarity: '802.3af' }],
];

describe('the judge of power, by the board’s calibration', () => {
  const on = (changes: Partial<FactOf<'calibration'>>): readonly Line[] => [
    [50, { kind: 'calibration', calibratedOn: '2026-01-31', due: '2027-01-31', today: '2026-11-26', ...changes }],
    ...toRegistration,
  ];

  it.each([
    ['well before its last day', {}],
    ['on its last day', { today: '2027-01-31' }],
    ['on the day it was made', { today: '2026-01-31' }],
  ])('passes %s', (_, changes) => {
    expect(resultOf(tell(samplePlan, on(changes)), 'power').verdict).toBe('pass');
  });

  it.each([
    [
      { today: '2027-02-01' },
      'The board’s calibration was due on 2027-01-31 (it was calibrated on 2026-01-31)',
      /Calibrate the board/,
    ],
    [{ today: '2026-01-30' }, 'The station’s clock says 2026-01-30', /Set the clock/],
    [{ due: null, calibratedOn: null }, 'the board does not tell when it was calibrated', /drive it over serial/],
  ] as const)('refuses to judge with %j', (changes, cause, next) => {
    const tribunal = tell(samplePlan, on(changes));
    const result = resultOf(tribunal, 'power');
    expect(result).toMatchObject({ verdict: 'error', blame: 'bench', cause: expect.stringContaining(cause) });
    expect(result.nextAction).toMatch(next);
    expect(tribunal.exitCode({ strict: false })).toBe(5);
    expect(resultOf(tribunal, 'boot').verdict).toBe('not-reached');
  });
});

describe('the judge of power, by what the low-voltage probe saw', () => {
  itJudges('power', [
    {
      title: 'an empty jack is the operator’s to fill',
      lines: looked(probe('open')),
      verdict: 'error',
      blame: 'operator',
      cause: /jack is empty/,
      exit: 5,
    },
    {
      title: 'a phone that draws and does not echo has a dead relay',
      lines: looked(probe('load')),
      verdict: 'fail',
      cause: /relay is dead/,
      exit: 1,
    },
    {
      title: 'a phone that answers neither method in auto has a dead relay too, whichever of the two is told',
      plan: auto,
      lines: looked(probe('load'), 'no-signature'),
      verdict: 'fail',
      cause: /relay is dead/,
      exit: 1,
    },
    {
      title: 'an 802.3af phone under a plan for prestandard ones is the plan’s mistake',
      lines: looked(probe('signature', { ohms: 24_900, powerClass: 2, classMilliamps: 18.5 })),
      verdict: 'error',
      blame: 'config',
      cause: /802.3af phone hangs on the jack \(signature 24.9 kohm\)/,
      exit: 5,
    },
    {
      title: 'a prestandard phone under a plan for 802.3af ones is the plan’s mistake',
      plan: af,
      lines: looked(probe('load'), 'no-signature'),
      verdict: 'error',
      blame: 'config',
      cause: /as a Cisco prestandard phone does/,
      exit: 5,
    },
    {
      title: 'a signature of 15 kohm is the phone’s fault',
      plan: af,
      lines: looked(probe('low', { ohms: 15_000 }), 'no-signature'),
      verdict: 'fail',
      cause: /signature is 15.0 kohm/,
      exit: 1,
    },
    {
      title: 'a signature of 33 kohm is the phone’s fault, whatever the method',
      lines: looked(probe('high', { ohms: 33_000 })),
      verdict: 'fail',
      cause: /signature is 33.0 kohm/,
      exit: 1,
    },
    {
      title: 'a few hundred ohm are no phone',
      lines: looked(probe('low', { ohms: 150 })),
      verdict: 'error',
      blame: 'operator',
      cause: /150 ohm/,
      exit: 5,
    },
    {
      title: 'a class current above every class is the phone’s fault',
      plan: af,
      lines: looked(probe('signature', { ohms: 24_900, classMilliamps: 49.8 }), 'no-signature'),
      verdict: 'fail',
      cause: /49.8 mA when asked for its 802.3af class, more than any class/,
      exit: 1,
    },
    {
      title: 'a valid signature behind which nothing draws is the phone’s input',
      plan: af,
      lines: [...signed(2), [850, inrush()], [1250, powerOff('UNDERLOAD', 1, 0)]],
      verdict: 'fail',
      cause: /its input stays off/,
      exit: 6,
    },
    {
      title: 'steady power above the class that was told is the phone’s',
      plan: af,
      lines: [...signed(1), [850, inrush()], [1000, current(120)], [3000, powerOff('COMMANDED')]],
      verdict: 'fail',
      cause: /5.76 W, more than the 4.0 W of its class 1/,
      exit: 1,
    },
    {
      title: 'pairs that the board does not feed are the plan’s mistake',
      lines: [
        [0, runStart],
        [100, requested],
        [110, { kind: 'power-refused', code: 'PAIRS' }],
      ],
      verdict: 'error',
      blame: 'config',
      cause: /cannot feed the pairs/,
      exit: 5,
    },
    {
      title: 'a figure outside the board’s bounds is the plan’s mistake',
      lines: [
        [0, runStart],
        [100, requested],
        [110, { kind: 'power-refused', code: 'BAD_PARAMETER' }],
      ],
      verdict: 'error',
      blame: 'config',
      cause: /refused a figure of the plan/,
      exit: 5,
    },
    {
      title: 'other pairs than asked for are the bench’s fault',
      plan: withPower({ feed: feeds[1] }),
      lines: [...found, [220, powerOn], [250, inrush()]],
      verdict: 'error',
      blame: 'bench',
      cause: /did not ask for/,
      exit: 5,
    },
  ]);

  it('tells of a pass by what the phone was found and over which pins it was fed', () => {
    const lines: readonly Line[] = [...signed(2), [850, inrush()], [1000, current(120)], [3000, powerOff('COMMANDED')]];
    const result = resultOf(tell(af, lines), 'power');
    expect(result.cause).toMatch(/802.3af signature \(24.9 kohm, class 2\) and powered over 4,5\+ 7,8−/);
    expect(measurementOf(result, 'power.signatureOhms')?.value).toBe(24_900);
    expect(measurementOf(result, 'power.signatureClass')?.value).toBe(2);
  });
});

describe('the judge of power', () => {
  itJudges('power', [
    {
      title: 'nothing that comes back is the operator’s to sort out',
      lines: [
        [0, runStart],
        [100, requested],
        [800, discovery('nothing', 40)],
      ],
      verdict: 'error',
      blame: 'operator',
      cause: /Nothing came back/,
      exit: 5,
    },
    {
      title: 'a live link partner is no unpowered phone',
      lines: [
        [0, runStart],
        [100, requested],
        [800, discovery('partner')],
      ],
      verdict: 'error',
      blame: 'operator',
      cause: /link partner/,
      exit: 5,
    },
    {
      title: 'noise is blamed on the bench',
      lines: [
        [0, runStart],
        [100, requested],
        [800, discovery('noise')],
      ],
      verdict: 'error',
      blame: 'bench',
      cause: /noise/,
      exit: 5,
    },
    {
      title: 'foreign voltage is a safety trip and blamed on other power',
      lines: [...found, [210, { kind: 'power-refused', code: 'FOREIGN_VOLTAGE' }]],
      verdict: 'error',
      blame: 'power',
      cause: /voltage on the jack/,
      exit: 6,
    },
    {
      title: 'foreign voltage told as a board fault is the same',
      lines: [...found, [210, boardFault('FOREIGN_VOLTAGE')]],
      verdict: 'error',
      blame: 'power',
      cause: /voltage on the jack/,
      exit: 6,
    },
    {
      title: 'a refusal nobody knows is still the bench’s',
      lines: [...found, [210, { kind: 'power-refused', code: 'SOMETHING_NEW' }]],
      verdict: 'error',
      blame: 'bench',
      cause: /SOMETHING_NEW/,
      exit: 5,
    },
    {
      title: 'a short is the phone’s',
      lines: [...found, [220, powerOn], [221, powerOff('SHORT', 0.1, 800)]],
      verdict: 'fail',
      cause: /shorted: 800 mA/,
      exit: 6,
    },
    {
      title: 'an inrush that does not end is the phone’s',
      lines: [...found, [220, powerOn], [281, powerOff('INRUSH')]],
      verdict: 'fail',
      cause: /inrush was not over/,
      exit: 6,
    },
    {
      title: 'an overload after boot is the phone’s, although power had been good',
      lines: [...toConfig, [6300, powerOff('OVERLOAD', 1, 400)]],
      verdict: 'fail',
      cause: /400 mA, more than the 375 mA/,
      exit: 6,
    },
    {
      title: 'a loopback plug echoes and draws nothing',
      lines: [...toPower, [350, current(0)], [620, powerOff('UNDERLOAD', 1, 0)]],
      verdict: 'error',
      blame: 'operator',
      cause: /loopback plug/,
      exit: 6,
    },
    {
      title: 'current that stops after a normal draw is an unplugged phone',
      lines: [...toPower, [350, current(100)], [900, powerOff('UNDERLOAD', 1, 0)]],
      verdict: 'error',
      blame: 'operator',
      cause: /unplugged/,
      exit: 6,
    },
    {
      title: 'current that stops after link is an unplugged phone',
      lines: [...toPower, [3000, linkUp], [3500, linkDown], [3700, powerOff('UNDERLOAD', 1, 0)]],
      verdict: 'error',
      blame: 'operator',
      cause: /unplugged/,
      exit: 6,
    },
    {
      title: 'a heartbeat trip is the bench’s',
      lines: [...toAddress, [5500, powerOff('HEARTBEAT', 501)]],
      verdict: 'error',
      blame: 'bench',
      cause: /heartbeat/,
      exit: 6,
    },
    {
      title: 'a board that is pulled while powered is the bench’s',
      lines: [...toAddress, [5500, { kind: 'board-lost', code: 'BOARD_LOST' }]],
      verdict: 'error',
      blame: 'bench',
      cause: /board went away/,
      exit: 6,
    },
    {
      title: 'an emergency stop is the operator’s',
      lines: [...toAddress, [5500, powerOff('ESTOP')]],
      verdict: 'error',
      blame: 'operator',
      cause: /emergency stop/,
      exit: 6,
    },
    {
      title: 'a switch that sticks after a good run makes it an error of the bench',
      lines: [...toRegistration, [11_600, powerOff('COMMANDED')], [12_100, boardFault('SWITCH_STUCK')]],
      verdict: 'error',
      blame: 'bench',
      cause: /stuck closed/,
      exit: 6,
      endMs: 12_200,
    },
    {
      title: 'a board that never answers the request is the bench’s',
      lines: [
        [0, runStart],
        [100, requested],
      ],
      verdict: 'error',
      blame: 'bench',
      cause: /did not finish a discovery within 5000 ms/,
      exit: 5,
      endMs: 6000,
    },
    {
      title: 'a cut run takes the trip that its board kept',
      lines: [...toAddress, [5200, { kind: 'stored-trip', cause: 'HEARTBEAT', switchOffMs: 503, jackSafeMs: 620 }]],
      verdict: 'error',
      blame: 'bench',
      cause: /heartbeat/,
      exit: 6,
    },
    {
      title: 'a bench fault before power hits the power stage',
      lines: [
        [0, runStart],
        [50, benchFault],
      ],
      verdict: 'error',
      blame: 'bench',
      cause: /capture could not be written/,
      exit: 5,
    },
  ]);
});
