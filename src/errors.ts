/**
 * What the bench did wrong (a phone's faults are values in stage results, never errors). Every error has a
 * stable code; this table is the one home of the codes and is printed in docs/errors.md.
 */
export type Blame = 'power' | 'network' | 'config' | 'bench' | 'operator';

interface ErrorEntry {
  readonly meaning: string;
  readonly remedy: string;
  readonly blame: Blame;
}

const entry = (meaning: string, remedy: string, blame: Blame): ErrorEntry => ({ meaning, remedy, blame });

export const errorTable = {
  INTERNAL: entry('Linkpulse itself failed', 'Report this with the run folder.', 'bench'),
  USAGE: entry('The command line could not be understood', 'See linkpulse --help.', 'config'),
  PLAN_UNREADABLE: entry('The plan file could not be read', 'Check the path and the permissions.', 'config'),
  PLAN_INVALID: entry(
    'The plan does not hold what a plan needs',
    'Mend the lines named; all are listed at once.',
    'config',
  ),
  BENCH_FILE_INVALID: entry('The bench file does not hold what it needs', 'Mend the lines named.', 'config'),
  PORT_UNKNOWN: entry('The bench file has no port of that name', 'Choose one of the ports named.', 'config'),
  LABEL_REFUSED: entry(
    'The label does not read as the plan wants it to',
    'Scan the label again; check that the plan is the one for this model.',
    'operator',
  ),
  PORT_BUSY: entry('Another process owns this port', 'Wait for it, or go through the running station.', 'bench'),
  PORT_RESERVED: entry(
    'This port is reserved',
    'Wait for it, take another port, or end the reservation: linkpulse remote release --port PORT, or on the page.',
    'operator',
  ),
  INTERRUPTED: entry('The run was ended before it began', 'Run again.', 'operator'),
  LEASE_ENDED: entry('This reservation is over, or there was none', 'Take a new one.', 'operator'),
  SHARED_TAKEN: entry(
    'Somebody else has this shared thing',
    'Wait for it, or ask its owner for it; linkpulse shared ls shows who has what.',
    'operator',
  ),
  SHARED_UNKNOWN: entry(
    'The bench file has no shared thing of that name',
    'Choose one of those named, or write it into the bench file (shared: [...]).',
    'config',
  ),
  PORT_LOCKED: entry(
    'This port is locked: its jack was not what it should be',
    'Let an engineer look at that run and at the jack, then unlock it: linkpulse board unlock --port PORT, or on the page.',
    'bench',
  ),
  SUPPLY_TOO_SMALL: entry(
    'The supply could never power this phone',
    'Lower overload in the plan, or give the port another supply in the bench file.',
    'config',
  ),
  NOT_ASKED: entry(
    'This question is not open: it was answered already, its time is over, or the run has ended',
    'Look at the port; a phone that was not judged is tested again.',
    'operator',
  ),
  BOARD_NOT_FOUND: entry(
    'No such board, or no serial port at that path',
    'Plug the board in; check the path in the bench file.',
    'bench',
  ),
  BOARD_AMBIGUOUS: entry(
    'More than one board fits',
    'Name one: --board PATH, or --port of the bench file; linkpulse board list shows them.',
    'config',
  ),
  BOARD_SILENT: entry(
    'The board does not answer',
    'Check the serial cable and the supply; is it a Linkpulse board?',
    'bench',
  ),
  BOARD_VERSION: entry(
    'Firmware and daemon do not fit',
    'Update the one named as older; the board with: linkpulse firmware flash.',
    'bench',
  ),
  BOARD_LOST: entry('The serial line to the board went away', 'Check the USB cable; power is off by itself.', 'bench'),
  BOARD_NOT_READY: entry(
    'The board does not show by its lines that it is ready',
    'Check its supply and the ribbon cable; store a profile over serial (linkpulse board profile --store PLAN) and end what speaks to it there.',
    'bench',
  ),
  NEEDS_SERIAL: entry(
    'The discrete lines alone cannot do this',
    'Plug in the serial cable and set driver: serial (or both) for this port in the bench file.',
    'config',
  ),
  GPIO_UNAVAILABLE: entry(
    'No GPIO lines can be had here',
    'See the reason of each driver in the message, and docs/gpio.md.',
    'bench',
  ),
  GPIO_BUSY: entry(
    'Somebody else holds a GPIO line',
    'End the one named (gpioinfo shows all), or change the bench file.',
    'bench',
  ),
  GPIO_LOST: entry('The GPIO lines went away', 'Run again; if it comes back, see the kernel log.', 'bench'),
  BOARD_REFUSED: entry('The board refused a command', 'See the refusal code in the message.', 'bench'),
  FIRMWARE_UNREADABLE: entry(
    'The firmware that came with this daemon cannot be read',
    'Install Linkpulse again; hardware/firmware belongs to it.',
    'bench',
  ),
  PROGRAMMER_FAILED: entry(
    'The programmer or the chip behind it does not answer',
    'Check the programmer, its port, the six wires, the 5 V on the board.',
    'bench',
  ),
  WRONG_CHIP: entry(
    'This is not the chip of a Linkpulse board; nothing was written',
    'Check what the programmer is plugged into.',
    'bench',
  ),
  PROGRAM_MISMATCH: entry(
    'What was read back is not what was written',
    'Check the wires and the 5 V, take a longer --bit-clock, flash again; after that the chip is worn out.',
    'bench',
  ),
  INTERFACE_UNKNOWN: entry('No such network interface', 'linkpulse doctor tells which there are.', 'config'),
  INTERFACE_FORBIDDEN: entry(
    'This interface carries the default route',
    'Use the port the phone hangs on, never the office network; linkpulse doctor tells which there are.',
    'config',
  ),
  INTERFACE_WITHOUT_WIRE: entry(
    'No phone can hang on this interface',
    'Use the port the phone hangs on; linkpulse doctor tells which there are.',
    'config',
  ),
  DHCP_SERVER_HEARD: entry(
    'Another DHCP server answers on this wire',
    'Give the phone a wire of its own, or end that server.',
    'network',
  ),
  NETWORK_PERMISSION: entry(
    'The system forbids raw frames, interface settings or low ports here',
    'Grant CAP_NET_RAW, CAP_NET_ADMIN and CAP_NET_BIND_SERVICE, or use the simulated bench.',
    'bench',
  ),
  NETWORK_FAILED: entry('A network call failed', 'See the system error in the message.', 'bench'),
  CAPTURE_FAILED: entry(
    'The capture could not be written or proven running',
    'Check the disk and the permissions of the runs folder.',
    'bench',
  ),
  WIRE_FLOODED: entry(
    'The phone’s wire carries more than the capture of a run may hold',
    'See in the capture who sends it: undo a loop in the cabling; a phone that floods its wire goes aside.',
    'network',
  ),
  PHONE_NOT_FOUND: entry(
    'The capture does not show the one phone to judge',
    'Name a phone of the capture with --mac; a phone is known by its CDP, DHCP, TFTP or registration.',
    'config',
  ),
  CAPTURE_UNREADABLE: entry(
    'The capture file could not be read',
    'Give a pcap or pcapng file (gzip is fine); the message says where reading stopped.',
    'config',
  ),
  RECORD_FAILED: entry(
    'The record could not be written',
    'Check the disk and the permissions of the runs folder.',
    'bench',
  ),
  DISK_RESERVE: entry(
    'The disk is too full for another run',
    'Make room (linkpulse records prune --max-runs N --max-size SIZE), or lower diskReserve in the bench file.',
    'bench',
  ),
  GOLDEN_DUE: entry(
    'This port has no golden run that is young enough: it judges no phone',
    'Run: linkpulse golden --port PORT',
    'bench',
  ),
  GOLDEN_FAILED: entry(
    'The golden run did not find what it must: this port judges no phone',
    'See that run; mend the bench (cable, board, network, plan), then: linkpulse golden --port PORT',
    'bench',
  ),
  RECORD_UNREADABLE: entry(
    'A stored run could not be read',
    'The file named is damaged or is no run of Linkpulse.',
    'bench',
  ),
  INDEX_UNAVAILABLE: entry(
    'The index of the records needs a native package that is not installed',
    'Install Linkpulse without --omit=optional; runs and reports need no index.',
    'bench',
  ),
  INDEX_FAILED: entry(
    'The index of the records failed',
    'It is a copy of the run folders; build it anew: linkpulse records reindex.',
    'bench',
  ),
  RECORDS_BUSY: entry(
    'Too many questions about past runs at once',
    'Ask again in a moment; runs go on meanwhile.',
    'bench',
  ),
  BUNDLE_INVALID: entry(
    'This is no evidence bundle, or not as it was made',
    'Nothing was taken from it; have it exported and sent again.',
    'bench',
  ),
  TEARDOWN_STUCK: entry(
    'A step of the teardown hung and was left behind; power was switched off before it',
    'See which step; a hung disk or interface shows in the system journal.',
    'bench',
  ),
  TOOL_MISSING: entry('A system command is missing', 'Install the package named.', 'bench'),
  SIMULATOR_FAILED: entry('The simulated bench did not start', 'See its message.', 'bench'),
  STATION_UNREACHABLE: entry('The station does not answer', 'Start it with: linkpulse station', 'bench'),
  STATION_UNTRUSTED: entry(
    'The certificate of the station is not trusted',
    'Give --ca FILE: the certificate of the station, or of who signed it; call the station by the name in it.',
    'config',
  ),
  TOKENS_INVALID: entry(
    'The file of tokens does not hold what it needs',
    'Mend it, or delete it and take new ones.',
    'config',
  ),
  TLS_UNUSABLE: entry(
    'Certificate and key cannot be used',
    'Give --tls-cert and --tls-key PEM files that belong together and that this user may read.',
    'config',
  ),
  BROKER_UNREACHABLE: entry(
    'The fleet’s broker cannot be reached',
    'Check the address in the bench file and the network; runs go on, what they leave is sent when it is there again.',
    'bench',
  ),
  BROKER_REFUSED: entry(
    'The fleet’s broker does not let this client in',
    'Check username, password file and certificates, and the broker’s access list.',
    'config',
  ),
  STATION_TWICE: entry(
    'Two stations of one name at the broker',
    'Give each station of a plant a name of its own in its bench file.',
    'config',
  ),
  OUTBOX_FAILED: entry(
    'What the fleet is to be told could not be put by on the station’s disk',
    'Make room on the disk and check the state folder’s permissions; records are made up for then.',
    'bench',
  ),
  FLEET_MESSAGE_INVALID: entry(
    'A message of the fleet is not what its topic carries',
    'See who publishes there; the versions of station and collector may not fit.',
    'bench',
  ),
  OUTBOX_CONFLICT: entry(
    'Two stations number their entries in one outbox',
    'A storage card was copied: stop one of the stations, move its outbox away, give it a name of its own; what was refused is kept in the database (docs/fleet.md).',
    'config',
  ),
  RUN_CONFLICT: entry(
    'A run of this station with the same id is in the database already, with another record',
    'Compare the two: the later one is kept in the table refused (docs/fleet.md).',
    'config',
  ),
  ENTRY_REFUSED: entry(
    'The database cannot hold what this entry says',
    'It is kept in the table refused, to the byte; see the message for what was wrong with it.',
    'bench',
  ),
  DATABASE_UNREACHABLE: entry(
    'The plant’s database cannot be reached',
    'Check its address and that it runs; stations keep what it has not taken.',
    'network',
  ),
  DATABASE_REFUSED: entry(
    'The plant’s database does not let this program work',
    'Check user, password file and rights (docs/fleet.md, “Database”).',
    'config',
  ),
  DATABASE_SLOW: entry(
    'The plant’s database did not answer in time',
    'Ask for a shorter time, or for less; then see how busy the database is.',
    'bench',
  ),
  DATABASE_TOO_NEW: entry(
    'The plant’s database was made by a later version',
    'Update this program to the version of the collector that was there last.',
    'config',
  ),
  PLAN_KEY_INVALID: entry(
    'This key cannot be used for plan sets',
    'A pair is made by: linkpulse plan-set keygen --key plant.key; the station and whoever verifies get plant.key.pub.',
    'config',
  ),
  PLAN_SET_UNSIGNED: entry(
    'This plan set is not signed by the plant’s key',
    'Sign it: linkpulse plan-set sign; see who else publishes at the broker, and whether the station’s fleet.planKey is the plant’s.',
    'config',
  ),
  PLAN_SET_INVALID: entry(
    'This plan set is not what a plan set must be',
    'Mend what is named, sign and publish it again; the set in force stays.',
    'config',
  ),
  PLAN_SET_OLD: entry(
    'This plan set is not newer than the one in force',
    'Sign it with a higher version; going back is publishing the old plans under a new version.',
    'config',
  ),
  PLAN_SET_NONE: entry(
    'This station tests by the plant’s plan set alone, and has none yet',
    'Publish one: linkpulse plan-set publish; check that the station reaches the broker.',
    'config',
  ),
  PLAN_NOT_IN_SET: entry(
    'This plan is not of the plan set that the station tests by',
    'Name a plan of the set, or have this one published; at the bench: linkpulse run --no-station.',
    'config',
  ),
  UNAUTHORISED: entry('This needs a token', 'Open the page by the address the station printed.', 'operator'),
  FORBIDDEN: entry('This is not allowed', 'Ask somebody with the role named.', 'operator'),
  SYSTEM_CALL: entry('A system call failed', 'See the system error in the message.', 'bench'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;

export class BenchError extends Error {
  override readonly name = 'BenchError';
  readonly code: ErrorCode;
  readonly detail: string;
  readonly remedy: string;
  readonly blame: Blame;

  /** `detail` says what and where; `remedy` defaults to the table's. */
  constructor(code: ErrorCode, detail: string, options: { cause?: unknown; remedy?: string } = {}) {
    super(`${errorTable[code].meaning}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = detail;
    this.remedy = options.remedy ?? errorTable[code].remedy;
    this.blame = errorTable[code].blame;
  }
}

export const isBenchError = (value: unknown): value is BenchError => value instanceof BenchError;
