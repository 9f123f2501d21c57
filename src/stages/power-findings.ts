/** What it means that power was refused, went away or came otherwise than asked for: causes and next actions. */
import type { BoardFaultCode, FactOf, PowerOffCause } from '../timeline/events.js';
import { type DetectionMethod, type Feed, feeds } from '../timeline/feed.js';
import { type Finding, phoneFails, wentWrong } from './finding.js';
import type { PowerState } from './power-notes.js';

const foreignVoltage = wentWrong(
  'power',
  'There is voltage on the jack that is not ours; the board refused to power it.',
  'Find the other source (a PoE switch, an injector, a miswired cable) and take it off before the next run.',
);
const switchStuck = wentWrong(
  'bench',
  'The jack kept its voltage after the switches were told to open: a switch is stuck closed; the port is locked.',
  'Unplug the phone, take the board’s supply away and change the hot-swap FET; clear the lock afterwards.',
);
const emergencyStop = wentWrong(
  'operator',
  'The emergency stop is open.',
  'Close the emergency stop when the bench is safe, then run again.',
);
const brokenRelay = wentWrong(
  'bench',
  'The board’s relay does not read back the position it was told.',
  'Run the board’s self-test; change the pass-through relay.',
);

const noHeartbeat = wentWrong(
  'bench',
  'The board heard no heartbeat and refused to power.',
  'The host is too busy or the serial line loses bytes: see the board’s log.',
);
const latchedShort = wentWrong(
  'bench',
  'The board’s short-circuit latch is set although no power flows.',
  'Run the board’s self-test; change the comparator or its latch.',
);

const lineTooFast = wentWrong(
  'bench',
  'Edges on the board’s HEARTBEAT line came faster than a heartbeat may.',
  'Find what else drives that line; the host sends one edge every 100 ms.',
);
const linesFoundNothing = wentWrong(
  'operator',
  'The discrete lines asked for power, and the board found no unpowered phone.',
  'Plug in the phone, take PWR_REQ low and high again.',
);
const requestHeld = wentWrong(
  'bench',
  'PWR_REQ was high when the board started, or has not been low since its last fault.',
  'Take PWR_REQ low; find what drives it while nothing runs.',
);

const untold = wentWrong(
  'bench',
  'The board took power away, or would not give it; over the discrete lines it does not tell why.',
  'Read its last trip over serial (linkpulse board watch), or drive the board over serial.',
);
export const refusalFindings: Readonly<Record<string, Finding>> = {
  PROFILE: wentWrong(
    'config',
    'The plan’s power terms are not those of the profile stored on the board, which is all that the discrete lines can ask for.',
    'Store this plan’s profile over serial (linkpulse board profile --store PLAN) and write the id that it prints into the bench file.',
  ),
  METHOD: wentWrong(
    'config',
    'The plan leaves it to the board how the phone is found (auto), and the discrete lines do not tell which way it was.',
    'Set power.method in the plan to prestandard or 802.3af, or drive the board over serial.',
  ),
  FAULT: wentWrong(
    'bench',
    'The board is not ready: its FAULT_N line is low.',
    'Wait two seconds if something spoke to it over serial; else ask it over serial: linkpulse board info.',
  ),
  PAIRS: wentWrong(
    'config',
    'The board cannot feed the pairs that the plan asks for: revision A feeds spare pairs only.',
    'Set power.pairs in the plan to spare, or use a board that feeds data pairs.',
  ),
  BAD_PARAMETER: wentWrong(
    'config',
    'The board refused a figure of the plan: it lies outside the bounds that the board keeps to.',
    'Compare the plan’s power section with the bounds in docs/board-protocol.md.',
  ),
  LINES: wentWrong(
    'bench',
    'The discrete lines hold the board: PWR_REQ is high.',
    'Take PWR_REQ low; find what drives it while a host is on serial.',
  ),
  FOREIGN_VOLTAGE: foreignVoltage,
  ESTOP: emergencyStop,
  LOCKED: wentWrong(
    'bench',
    'The board is locked since a switch was found stuck.',
    'Check the switches, then clear the lock by hand.',
  ),
  OFF_DWELL: wentWrong('bench', 'The board still waits for the phone’s capacitors to empty.', 'Run again in a while.'),
  NO_HEARTBEAT: noHeartbeat,
  NOT_CALIBRATED: wentWrong(
    'bench',
    'The board’s calibration is missing or damaged: its readings cannot be trusted, so it powers nothing.',
    'Calibrate the board anew (hardware/), which writes its EEPROM; if it comes back, change the board.',
  ),
};

export const otherRefusal = (code: string): Finding =>
  wentWrong(
    'bench',
    `The board refused to power the jack (${code}).`,
    'See the refusal code in docs/board-protocol.md.',
  );

const neverDrew = wentWrong(
  'operator',
  'The jack echoes link pulses but draws no current: a loopback plug, or a phone with an open power pair.',
  'Take the loopback plug out; if a phone is plugged in, check pins 4/5 and 7/8 of the cable and try another cable.',
);
const neverTurnedOn = phoneFails(
  'The phone shows a valid 802.3af signature over these pairs but draws no current when powered: its input stays off.',
  'Repeat once with another cable; if it stays, put the phone aside for repair of its power input.',
);
const unplugged = wentWrong(
  'operator',
  'The phone was unplugged while powered: its current stopped.',
  'Plug the phone in again, wait ten seconds and repeat the run.',
);

/** Why the board opened its switches. null: not for this stage to judge. */
export const offFindings: Readonly<Record<PowerOffCause, ((milliamps: number, state: PowerState) => Finding) | null>> =
  {
    COMMANDED: null,
    LINK_DEADLINE: null,
    SHORT: (milliamps) =>
      phoneFails(
        milliamps > 0
          ? `The jack is shorted: ${Math.round(milliamps)} mA when the board opened its switches.`
          : 'The jack is shorted: the board’s comparator opened the switches at once.',
        'Try another cable; if the short stays, the phone’s power input is broken.',
      ),
    OVERLOAD: (milliamps, { plan }) =>
      phoneFails(
        `The phone drew ${Math.round(milliamps)} mA, more than the ${plan.power.overloadMilliamps} mA allowed for ` +
          `${plan.power.overloadMs} ms.`,
        'Unplug headset, handset and side modules and repeat; if it stays, put the phone aside for repair.',
      ),
    INRUSH: (_, { plan }) =>
      phoneFails(
        `The inrush was not over within ${plan.power.inrushTimerMs} ms: a short, or input capacitors that do not charge.`,
        'Try another cable; if it stays, the phone’s power input is broken.',
      ),
    UNDERLOAD: (_, { notes }) => {
      if (notes.sawLink || notes.drewNormally) return unplugged;
      return notes.fed?.method === '802.3af' ? neverTurnedOn : neverDrew;
    },
    ESTOP: () => emergencyStop,
    HEARTBEAT: () =>
      wentWrong(
        'bench',
        'The board heard no heartbeat and took power away.',
        'The host was held up or killed: see its log and load, then run again.',
      ),
    SYSTEM_RESET: () =>
      wentWrong(
        'bench',
        'The board was reset over the serial line and took power away.',
        'Find what else holds the port.',
      ),
    BOARD_RESET: () =>
      wentWrong('bench', 'The board restarted while powered.', 'Check the board’s own supply and its watchdog cause.'),
    RELAY: () => brokenRelay,
    FOREIGN_VOLTAGE: () => foreignVoltage,
    SWITCH_STUCK: () => switchStuck,
    LINE_TOO_FAST: () => lineTooFast,
    NOT_FOUND: () => linesFoundNothing,
    PWR_REQ_HELD: () => requestHeld,
    UNTOLD: () => untold,
  };

export const boardFaultFindings = {
  FOREIGN_VOLTAGE: foreignVoltage,
  SWITCH_STUCK: switchStuck,
  ESTOP: emergencyStop,
  RELAY: brokenRelay,
  HEARTBEAT: noHeartbeat,
  SHORT: latchedShort,
  LINE_TOO_FAST: lineTooFast,
  NOT_FOUND: linesFoundNothing,
  PWR_REQ_HELD: requestHeld,
  UNTOLD: untold,
} as const satisfies Record<BoardFaultCode, Finding>;

export const boardLost = (code: string): Finding =>
  wentWrong(
    'bench',
    `The board went away (${code}); it takes power off by itself.`,
    'Check the USB cable, the board’s supply and the 5 V of its Pi side.',
  );

/** What the plan asks to be fed when a phone was found by this method. */
export const feedAskedFor = ({ power }: PowerState['plan'], method: DetectionMethod): Feed =>
  power.feed ?? (method === 'prestandard' ? feeds[0] : feeds[1]);

export const fedOtherwise = (fed: FactOf<'power-on'>): Finding =>
  wentWrong(
    'bench',
    `The board fed ${fed.pairs} pairs in ${fed.polarity} polarity, which the plan did not ask for.`,
    'Take the board out of service: its firmware or its polarity relay is wrong.',
  );
