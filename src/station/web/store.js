/**
 * What the page knows of the station: the view, kept up by the event stream. One `message` of the stream after another;
 * nothing here touches the network or the document.
 */
import { createNumbered } from './numbered.js';

const mostEvents = 8_000;

/**
 * A port as the page keeps it: as in the API's view, and `offsetMs`, the monotonic time of this browser at the run's start.
 * @typedef {object} Port
 */
const portOf = (view, nowMs) => ({
  ...view,
  offsetMs: view.running === null ? null : nowMs - (view.events.at(-1)?.atUs ?? 0) / 1000,
});

/** A question is open until its answer, or until power goes off. */
const promptAfter = (before, { fact, atUs }) => {
  if (fact.kind === 'prompt') return fact.isAnswerable ? { ...fact, atUs } : null;
  return ['prompt-answer', 'power-off', 'end'].includes(fact.kind) ? null : before;
};

const supplyWaitAfter = (before, { fact, atUs }) => {
  if (fact.kind === 'supply-wait') return { ...fact, atUs };
  return ['supply-granted', 'interrupted', 'end'].includes(fact.kind) ? null : before;
};

export const createStore = (nowMs = () => performance.now()) => {
  let station = '';
  let ports = [];
  let shared = [];
  /** null: the station tests by plans of its own. */
  let planSet = null;

  const changed = () => {
    numbered.changed();
  };
  const change = (name, update) => {
    ports = ports.map((port) => (port.port === name ? { ...port, ...update(port) } : port));
    changed();
  };

  const apply = (news) => {
    switch (news.kind) {
      case 'run-started':
        return change(news.port, () => ({
          running: {
            run: news.run,
            serial: news.serial,
            labelMac: news.labelMac,
            stages: [],
            prompt: null,
            supplyWait: null,
          },
          events: [],
          failed: null,
          waiting: null,
          offsetMs: nowMs(),
        }));
      case 'event':
        return change(news.port, ({ running, events, offsetMs }) => ({
          events: events.length < mostEvents ? [...events, news.event] : events,
          running: running && {
            ...running,
            stages: news.stages ?? running.stages,
            prompt: promptAfter(running.prompt, news.event),
            supplyWait: supplyWaitAfter(running.supplyWait, news.event),
          },
          // The message that travelled fastest tells best when the run began.
          offsetMs: Math.min(offsetMs ?? Number.POSITIVE_INFINITY, nowMs() - news.event.atUs / 1000),
        }));
      case 'run-ended':
        // Another attempt of the same phone may follow: the port is not free.
        return change(news.port, ({ running }) => ({
          running: news.again === true ? running : null,
          last: news.summary,
          failed: null,
        }));
      case 'port-lock':
        return change(news.port, () => ({ lock: news.lock }));
      case 'port-lease':
        return change(news.port, () => ({ lease: news.lease }));
      case 'run-waiting': {
        const { kind: _, port, ...waiting } = news;
        return change(port, () => ({ waiting }));
      }
      case 'shared':
        shared = news.shared;
        return changed();
      case 'plan-set':
        planSet = news.planSet;
        return changed();
      case 'run-failed': {
        const { kind: _, port, ...failed } = news;
        // What is drawn would be of the phone before where this one never began.
        return change(port, ({ running, events }) => ({
          running: null,
          waiting: null,
          failed,
          events: running === null ? [] : events,
        }));
      }
      default:
        return undefined;
    }
  };

  const numbered = createNumbered(apply);
  return {
    get id() {
      return numbered.id;
    },
    get station() {
      return station;
    },
    get ports() {
      return ports;
    },
    get shared() {
      return shared;
    },
    get planSet() {
      return planSet;
    },
    reset: (view) => {
      numbered.begin(view.id);
      station = view.station;
      shared = view.shared;
      planSet = view.planSet;
      ports = view.ports.map((port) => portOf(port, nowMs()));
      changed();
    },
    message: numbered.message,
    /** Earlier events of a run, as they lie on the station's disk, before those that are here. */
    older: (name, runId, stored) =>
      change(name, ({ events, running, last }) => {
        if ((running?.run.runId ?? last?.runId) !== runId) return {};
        const first = events[0]?.seq ?? Number.POSITIVE_INFINITY;
        return { events: [...stored.filter(({ seq }) => seq < first), ...events].slice(0, mostEvents) };
      }),
    onChange: numbered.onChange,
  };
};
