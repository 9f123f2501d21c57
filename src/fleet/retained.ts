/** Retained topics, of which only the newest message counts: what changes often goes out a few times a second. */
import type { Alarm, Clock } from '../timeline/clock.js';

export interface Retained {
  /** Goes out when there is a connection and the topic has rested; one that nobody has sent yet is replaced. */
  set(topic: string, text: string): void;
  /** There is a connection, perhaps of a broker that forgot: everything goes out. */
  connected(): void;
  close(): void;
}

interface Topic {
  text: string;
  isDue: boolean;
  isOnItsWay: boolean;
  resting: Alarm | undefined;
}

export interface RetainedParts {
  readonly clock: Clock;
  /** Between two messages of one topic. */
  readonly restMs: number;
  readonly isConnected: () => boolean;
  publish(topic: string, text: string): Promise<void>;
}

export const createRetained = ({ clock, restMs, isConnected, publish }: RetainedParts): Retained => {
  const topics = new Map<string, Topic>();
  let isClosed = false;

  const send = (name: string, topic: Topic) => {
    if (isClosed || !topic.isDue || topic.isOnItsWay || topic.resting !== undefined || !isConnected()) return;
    topic.isDue = false;
    topic.isOnItsWay = true;
    topic.resting = clock.alarm(restMs, () => {
      topic.resting = undefined;
      send(name, topic);
    });
    publish(name, topic.text)
      // A connection that comes says so.
      .catch(() => {
        topic.isDue = true;
      })
      .finally(() => {
        topic.isOnItsWay = false;
        send(name, topic);
      });
  };

  return {
    set: (name, text) => {
      const topic = topics.get(name) ?? { text, isDue: true, isOnItsWay: false, resting: undefined };
      topic.isDue ||= topic.text !== text;
      topic.text = text;
      topics.set(name, topic);
      send(name, topic);
    },
    connected: () => {
      for (const [name, topic] of topics) {
        topic.isDue = true;
        send(name, topic);
      }
    },
    close: () => {
      isClosed = true;
      for (const { resting } of topics.values()) resting?.cancel();
    },
  };
};
