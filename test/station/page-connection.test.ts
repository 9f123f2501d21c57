/** The page's knowledge of the station, with a stream that breaks in every way there is. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pageModule } from '../helpers/page-module.js';

interface Port {
  readonly running: {
    readonly serial: string;
    readonly prompt: object | null;
    readonly supplyWait: object | null;
  } | null;
  readonly lock: object | null;
}
interface Store {
  readonly ports: readonly Port[];
}
const { createStore } = await pageModule<{ createStore(nowMs: () => number): Store }>('store.js');
const { connect } = await pageModule<{ connect(store: Store, listeners: object): () => void }>('connection.js');

type Listener = (event: { data: string; lastEventId: string }) => void;

/** What the browser gives: one is open at a time. */
class Stream {
  static readonly CLOSED = 2;
  static all: Stream[] = [];
  readyState = 1;
  readonly #listeners = new Map<string, Listener>();
  readonly url: string;
  constructor(url: string) {
    this.url = url;
    Stream.all.push(this);
  }
  addEventListener(kind: string, listener: Listener): void {
    this.#listeners.set(kind, listener);
  }
  close(): void {
    this.readyState = Stream.CLOSED;
  }
  say(kind: string, id: number | '' = '', data: unknown = {}): void {
    this.#listeners.get(kind)?.({ data: typeof data === 'string' ? data : JSON.stringify(data), lastEventId: `${id}` });
  }
}

const run = { runId: 'r1', port: 'sim1', plan: { name: 'p', title: 'P' }, limited: [], attempt: null };
const port = {
  port: 'sim1',
  running: null,
  events: [],
  last: null,
  failed: null,
  lock: null,
  lease: null,
  waiting: null,
};
const started = { kind: 'run-started', port: 'sim1', run, serial: 'FCH1' };
const told = (seq: number, fact: object) => ({
  ...{ kind: 'event', port: 'sim1', runId: 'r1', event: { seq, atUs: seq * 1000, source: 'bench', fact } },
});
const question = { kind: 'prompt', id: 'lamp', question: { en: 'Lit?' }, timeoutMs: 60_000, isAnswerable: true };

let view: object;
let views: number;
let states: string[];
let heard: string[];
let store: Store;
let close: () => void;
const stream = (): Stream => Stream.all.at(-1) as Stream;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(async () => {
  vi.useFakeTimers();
  Stream.all = [];
  [views, states, heard] = [0, [], []];
  view = { id: 10, station: 's', ports: [port] };
  vi.stubGlobal('EventSource', Stream);
  vi.stubGlobal('fetch', async () => {
    views += 1;
    return new Response(JSON.stringify(view), { headers: { 'content-type': 'application/json' } });
  });
  store = createStore(() => 0);
  close = connect(store, {
    onNews: (news: { kind: string }) => heard.push(news.kind),
    onState: (state: string) => states.push(state),
    onSignedOut: () => states.push('signed out'),
  });
  await pass(1);
});
afterEach(() => {
  close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the page's connection to the station", () => {
  it('follows the stream message by message', () => {
    stream().say('run-started', 11, started);
    stream().say('event', 12, told(1, question));
    expect(store.ports[0]?.running).toMatchObject({ serial: 'FCH1', prompt: { id: 'lamp', atUs: 1000 } });
    stream().say('event', 13, told(2, { kind: 'prompt-answer', id: 'lamp', answer: 'yes' }));
    expect(store.ports[0]?.running?.prompt).toBeNull();
    const wait = { supply: 'shelf', holders: ['sim2'], ahead: [] };
    stream().say('event', 14, told(3, { kind: 'supply-wait', ...wait }));
    expect(store.ports[0]?.running?.supplyWait).toMatchObject(wait);
    stream().say('event', 15, told(4, { kind: 'supply-granted' }));
    expect(store.ports[0]?.running?.supplyWait).toBeNull();
    stream().say('port-lock', 16, { kind: 'port-lock', port: 'sim1', lock: { code: 'SWITCH_STUCK' } });
    expect(store.ports[0]?.lock).toEqual({ code: 'SWITCH_STUCK' });
    expect([views, states.at(-1), heard.length]).toEqual([1, 'online', 6]);
  });

  it.each([
    ['a message that is no JSON', 11, '{"kind": "run-'],
    ['a message that lacks what it must have', 11, { kind: 'event', port: 'sim1' }],
    ['a gap in the numbers', 13, started],
  ])('says that it may be old after %s, and begins anew', async (_, id, data) => {
    stream().say(typeof data === 'object' && data.kind === 'event' ? 'event' : 'run-started', id, data);
    expect(states.at(-1)).toBe('offline');
    view = { id: 20, station: 's', ports: [{ ...port, running: { run, serial: 'FCH2', stages: [], prompt: null } }] };
    await pass(1_100);
    expect([views, states.at(-1), stream().url]).toEqual([2, 'online', '/api/v1/events?after=20']);
    expect(store.ports[0]?.running?.serial).toBe('FCH2');
  });

  it('takes a line that is silent for ten seconds for gone, and a word each four for alive', async () => {
    for (let word = 0; word < 5; word += 1) {
      await pass(4_000);
      stream().say('alive');
    }
    expect([views, states.at(-1)]).toEqual([1, 'online']);
    await pass(10_000);
    expect(states.at(-1)).toBe('offline');
    await pass(1_100);
    expect([views, states.at(-1)]).toEqual([2, 'online']);
  });

  it('lets a verdict be heard that came while nobody was connected', async () => {
    stream().say('run-started', 11, started);
    stream().say('reset');
    view = { id: 30, station: 's', ports: [{ ...port, last: { runId: 'r1', verdict: 'fail' } }] };
    await pass(1_100);
    expect(heard).toEqual(['run-started', 'run-ended']);
  });
});
