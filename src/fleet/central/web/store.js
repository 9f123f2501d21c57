/**
 * What the page knows of the plant: the view, kept up by the event stream. Stations are never changed but replaced, so that what is
 * the same need not be drawn again. Nothing here touches the network or the document.
 */
import { createNumbered } from '/common/numbered.js';

const byName = (left, right) => left.localeCompare(right, 'en', { numeric: true });

const newer = (left, right) => (left === null || Date.parse(right) > Date.parse(left) ? right : left);

const withPort = (ports, port) =>
  [...ports.filter((each) => each.port !== port.port), port].sort((left, right) => byName(left.port, right.port));

export const createStore = () => {
  let plant = '';
  let broker = { isConnected: true, since: null, cause: '' };
  let planSet = null;
  let stations = new Map();
  let sorted = null;

  const changed = () => {
    sorted = null;
    numbered.changed();
  };
  const blank = (station) => ({
    ...{ station, presence: null, since: null, lastToldAt: null, state: null, ports: [] },
  });
  const change = (name, update) => {
    const before = stations.get(name) ?? blank(name);
    stations.set(name, { ...before, ...update(before) });
    changed();
  };

  const apply = (news) => {
    switch (news.kind) {
      case 'station':
        return change(news.station.station, () => news.station);
      case 'port':
        return change(news.port.station, ({ ports, lastToldAt }) => ({
          ports: withPort(ports, news.port),
          lastToldAt: newer(lastToldAt, news.port.at),
        }));
      case 'port-gone':
        return change(news.station, ({ ports }) => ({ ports: ports.filter(({ port }) => port !== news.port) }));
      case 'station-gone':
        stations.delete(news.station);
        return changed();
      case 'plan-set':
        planSet = news.planSet;
        return changed();
      case 'broker':
        broker = news.broker;
        return changed();
      default:
        return undefined;
    }
  };

  const numbered = createNumbered(apply);
  return {
    get id() {
      return numbered.id;
    },
    get plant() {
      return plant;
    },
    get broker() {
      return broker;
    },
    get planSet() {
      return planSet;
    },
    get stations() {
      sorted ??= [...stations.values()].sort((left, right) => byName(left.station, right.station));
      return sorted;
    },
    reset: (view) => {
      numbered.begin(view.id);
      ({ plant, broker, planSet } = view);
      stations = new Map(view.stations.map((station) => [station.station, station]));
      changed();
    },
    message: numbered.message,
    onChange: numbered.onChange,
  };
};
