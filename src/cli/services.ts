import { type ServeOutcome, type ServeState, type ServeWatcher, serve } from '../bench/serve.js';
import type { ServedPhone } from '../bench/served-phones.js';
import { BenchError, isBenchError } from '../errors.js';
import { type FaultName, faultTable } from '../plan/faults.js';
import { loadPlan } from '../plan/load-plan.js';
import type { Plan } from '../plan/plan.js';
import { parseServiceFault, serviceFaultNames } from '../plan/service-faults.js';
import { describeFact } from '../reports/describe-fact.js';
import type { Fact, TimelineEvent } from '../timeline/events.js';
import type { Terminal } from './terminal.js';
import type { RegisterVerb } from './verb.js';

interface ServicesOptions {
  readonly interface?: string;
  readonly plan: string;
  readonly fault: readonly string[];
  readonly listFaults: boolean;
  readonly json: boolean;
  readonly riskDefaultRoute: boolean;
  readonly riskSecondDhcpServer: boolean;
}

export const registerServices: RegisterVerb = (program, { composition, signal }) => {
  const { terminal, clock, defaults, openWire } = composition;
  program
    .command('services')
    .description(
      'what a phone meets on its wire, for one that something else powers: no board, no verdict; until Ctrl-C',
    )
    .option('--interface <name>', 'network interface of the phone’s wire')
    .option('--plan <file>', 'test plan: addresses, files, CallManagers', defaults.planPath)
    .option(
      '--fault <name...>',
      `lies on purpose, to see what a phone makes of them: ${serviceFaultNames.join(', ')}`,
      [],
    )
    .option('--list-faults', 'what each of them is', false)
    .option('--json', 'newline-delimited JSON instead of text', false)
    .option('--risk-default-route', `serve where the default route leaves: ${risks.INTERFACE_FORBIDDEN.what}`, false)
    .option('--risk-second-dhcp-server', `serve beside another DHCP server: ${risks.DHCP_SERVER_HEARD.what}`, false)
    .action(async (options: ServicesOptions) => {
      if (options.listFaults) return listFaults(terminal, options.json);
      if (options.interface === undefined)
        throw new BenchError('USAGE', 'services needs --interface NAME; linkpulse doctor shows what there is');
      const faults = new Set(options.fault.map(parseServiceFault));
      const { plan } = loadPlan(options.plan);
      const wire = await openWire(options.interface, { isShared: options.riskDefaultRoute }).catch(withItsFlag);
      const view = sparing(
        options.json ? createJsonView((line) => void process.stdout.write(line)) : createTextView(terminal),
        () => process.stdout.writableLength > mostUnreadBytes,
      );
      view.started(plan, options.interface, faults);
      const outcome = await serve({
        plan,
        wire,
        clock,
        faults,
        besideDhcpServers: options.riskSecondDhcpServer,
        signal,
        watcher: view,
      });
      view.finished(outcome);
      if (outcome.failure !== undefined) withItsFlag(outcome.failure);
    });
};

/** What is refused unless a flag is given, and what that flag risks. */
const risks = {
  INTERFACE_FORBIDDEN: {
    flag: '--risk-default-route',
    what: 'machines on that network may take addresses from us and lose their way out',
  },
  DHCP_SERVER_HEARD: {
    flag: '--risk-second-dhcp-server',
    what: 'phones and machines may take either’s offer, or an address twice',
  },
} as const;

const withItsFlag = (reason: unknown): never => {
  if (!isBenchError(reason) || !(reason.code in risks)) throw reason;
  const { flag, what } = risks[reason.code as keyof typeof risks];
  const { code, detail, remedy } = reason;
  throw new BenchError(code, detail, { cause: reason, remedy: `${remedy} Or ${flag}, which risks that ${what}.` });
};

const listFaults = (terminal: Terminal, json: boolean): void => {
  const width = Math.max(...serviceFaultNames.map((name) => name.length));
  for (const name of serviceFaultNames) {
    const { title } = faultTable[name];
    if (json) process.stdout.write(`${JSON.stringify({ name, title })}\n`);
    else terminal.line(`${name.padEnd(width)}  ${terminal.paint('grey', title)}`);
  }
};

interface ServicesView extends ServeWatcher {
  started(plan: Plan, interfaceName: string, faults: ReadonlySet<FaultName>): void;
  finished(outcome: ServeOutcome, untoldEvents: number): void;
}

/** What is said waits in memory while its reader is slower than the wire; beyond so much events are counted, not said. */
const mostUnreadBytes = 1024 * 1024;

const sparing = (
  view: ServicesView,
  isBehind: () => boolean,
): Omit<ServicesView, 'finished'> & { finished(outcome: ServeOutcome): void } => {
  let untold = 0;
  return {
    started: view.started,
    state: view.state,
    event: (event, phone) => {
      if (isBehind()) untold += 1;
      else view.event(event, phone);
    },
    finished: (outcome) => view.finished(outcome, untold),
  };
};

/** One `started`, every change of `state`, every event, one `summary` last. */
const createJsonView = (write: (line: string) => void): ServicesView => {
  const say = (value: object) => write(`${JSON.stringify(value)}\n`);
  return {
    started: ({ name, title }, interfaceName, faults) =>
      say({ type: 'started', interface: interfaceName, plan: { name, title }, faults: [...faults] }),
    state: (state) => say({ type: 'state', state }),
    event: (event, phone) => say({ type: 'event', phone, ...event }),
    finished: ({ seconds, phones, furtherPhones, droppedFrames }, untoldEvents) =>
      say({ type: 'summary', seconds, phones, furtherPhones, droppedFrames, untoldEvents }),
  };
};

const stateWords: Readonly<Record<ServeState, string>> = {
  'waiting for link': 'waiting for link',
  'listening for DHCP servers': 'listening for other DHCP servers',
  serving: 'serving; Ctrl-C ends',
  stopping: 'stopping',
};

/** Announcements that repeat word for word are told once; so many senders are remembered. */
const mostRemembered = 512;

const createTextView = (terminal: Terminal): ServicesView => {
  const { paint } = terminal;
  const latest = new Map<string, string>();
  const isRepeat = ({ kind, ...fact }: Fact, words: string): boolean => {
    if (kind !== 'cdp' && kind !== 'lldp') return false;
    const sender = `${kind} ${'mac' in fact ? fact.mac : ''}`;
    if (latest.get(sender) === words) return true;
    if (latest.size < mostRemembered) latest.set(sender, words);
    return false;
  };
  return {
    started: (plan, interfaceName, faults) => {
      terminal.line(
        `${paint('bold', 'Linkpulse services')} on ${interfaceName}  ${plan.title}  ${paint('grey', `(plan ${plan.name})`)}`,
      );
      for (const fault of faults) terminal.line(paint('yellow', `  on purpose: ${faultTable[fault].title}`));
    },
    state: (state) => terminal.line(paint('blue', `  ${stateWords[state]}`)),
    event: (event, phone) => {
      const words = describeFact(event.fact);
      if (event.fact.kind === 'tftp-progress') return;
      if (isRepeat(event.fact, words)) return;
      terminal.line(`${paint('grey', seconds(event))}  ${paint('grey', partiesOf(event.fact, phone))}  ${words}`);
    },
    finished: ({ seconds: served, phones, furtherPhones, droppedFrames }, untoldEvents) => {
      terminal.line('');
      const count = phones.length + furtherPhones;
      terminal.line(paint('bold', `${served.toFixed(1)} s, ${count} phone${count === 1 ? '' : 's'}`));
      for (const phone of phones) terminal.line(`  ${phoneLine(phone)}`);
      if (furtherPhones > 0) terminal.line(`  and ${furtherPhones} more`);
      if (droppedFrames > 0) terminal.line(paint('yellow', `  ${droppedFrames} frames came too fast to be told`));
      if (untoldEvents > 0)
        terminal.line(paint('yellow', `  ${untoldEvents} events came faster than this output was read`));
    },
  };
};

const seconds = ({ atUs }: TimelineEvent): string => `${(atUs / 1e6).toFixed(2)} s`.padStart(10);

/** Who said it: the phone by its MAC, the bench with the phone it spoke to. */
const partiesOf = (fact: Fact, phone: string | null): string => {
  if (!('from' in fact)) return ''.padEnd(19);
  return `${fact.from === 'phone' ? ' ' : '>'} ${phone ?? 'all'}`.padEnd(19);
};

const phoneLine = ({ mac, name, address, files, refusals, registeredWith }: ServedPhone): string =>
  [
    mac,
    (name ?? '-').padEnd(16),
    (address ?? 'no address').padEnd(15),
    `${files} files${refusals > 0 ? `, ${refusals} refused` : ''}`,
    registeredWith.length > 0 ? `registered with ${registeredWith.join(', ')}` : 'not registered',
  ].join('  ');
