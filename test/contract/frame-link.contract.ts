import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FrameLink, LinkFrame } from '../../src/network/frame-link.js';
import { systemClock } from '../../src/timeline/clock.js';
import { hex, phoneFrame } from '../helpers/frames.js';

/** The other end of the wire, in the test's hand. */
export interface PhoneEnd {
  send(frame: Uint8Array): void;
  onFrame(listener: (frame: Uint8Array) => void): void;
  setCarrier(up: boolean): void;
}

export interface WiredLink {
  readonly link: FrameLink;
  readonly phone: PhoneEnd;
  close(): Promise<void>;
}

/** What every FrameLink guarantees (src/network/frame-link.ts). `open` gives a link whose carrier is down. */
export const frameLinkContract = (name: string, open: () => Promise<WiredLink>): void => {
  describe(`${name} keeps the FrameLink contract`, () => {
    let wired: WiredLink;
    let heard: LinkFrame[];

    beforeEach(async () => {
      wired = await open();
      heard = [];
      wired.link.onFrame((frame) => heard.push(frame));
    });
    afterEach(async () => {
      await wired.close();
    });

    const linkUp = async (): Promise<void> => {
      let carrier = false;
      const unlisten = wired.link.onCarrier((up) => {
        carrier = up;
      });
      wired.phone.setCarrier(true);
      await vi.waitFor(() => expect(carrier).toBe(true));
      unlisten();
    };

    test('a listener hears the present carrier at once and every edge after it', async () => {
      const states: boolean[] = [];
      wired.link.onCarrier((up) => states.push(up));
      expect(states).toEqual([false]);
      wired.phone.setCarrier(true);
      await vi.waitFor(() => expect(states).toEqual([false, true]));
      wired.phone.setCarrier(false);
      await vi.waitFor(() => expect(states).toEqual([false, true, false]));
      const late: boolean[] = [];
      wired.link.onCarrier((up) => late.push(up));
      expect(late).toEqual([false]);
    });

    test('frames come in whole, in order, with the tag in place', async () => {
      await linkUp();
      const sent = Array.from({ length: 40 }, (_, index) => phoneFrame(`frame ${index}`, index % 2 ? 110 : undefined));
      for (const frame of sent) wired.phone.send(frame);
      await vi.waitFor(() => expect(heard.length).toBe(sent.length));
      expect(heard.map(({ bytes }) => hex(bytes))).toEqual(sent.map(hex));
      expect(new Set(heard.map(({ direction }) => direction))).toEqual(new Set(['in']));
      expect(new Set(heard.map(({ synthesised }) => synthesised))).toEqual(new Set([false]));
    });

    test('stamps are in the time base of the clock and never run backwards', async () => {
      await linkUp();
      const beforeUs = systemClock.nowUs();
      wired.phone.send(phoneFrame('one'));
      wired.link.send(phoneFrame('two'));
      wired.phone.send(phoneFrame('three'));
      await vi.waitFor(() => expect(heard.length).toBe(3));
      const stamps = heard.map(({ atUs }) => atUs);
      expect([...stamps].sort((a, b) => a - b)).toEqual(stamps);
      // The system's real-time clock may be slewed meanwhile: a millisecond of grace.
      expect(stamps[0]).toBeGreaterThan(beforeUs - 1000);
      expect(stamps[2]).toBeLessThanOrEqual(systemClock.nowUs() + 1000);
    });

    test('our own frame reaches the phone and is told as ours', async () => {
      await linkUp();
      const got: string[] = [];
      wired.phone.onFrame((frame) => got.push(hex(frame)));
      const frame = phoneFrame('from the bench', 110);
      wired.link.send(frame);
      await vi.waitFor(() => expect(got).toEqual([hex(frame)]));
      expect(heard.map(({ bytes, direction }) => [hex(bytes), direction])).toEqual([[hex(frame), 'out']]);
    });

    test('an answer sent from inside a listener comes after its question for every listener', async () => {
      await linkUp();
      const order: string[] = [];
      wired.link.onFrame(({ direction }) => {
        if (direction === 'in') wired.link.send(phoneFrame('answer'));
      });
      wired.link.onFrame(({ direction }) => order.push(direction));
      wired.phone.send(phoneFrame('question'));
      await vi.waitFor(() => expect(order).toEqual(['in', 'out']));
    });

    test('a listener that throws stops neither the others nor the link', async () => {
      await linkUp();
      const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
      wired.link.onFrame(() => {
        throw new Error('a careless listener');
      });
      const after: LinkFrame[] = [];
      wired.link.onFrame((frame) => after.push(frame));
      wired.phone.send(phoneFrame('first'));
      wired.phone.send(phoneFrame('second'));
      await vi.waitFor(() => expect(after.length).toBe(2));
      expect(heard.length).toBe(2);
      expect(warning).toHaveBeenCalledTimes(2);
      warning.mockRestore();
    });

    test('a listener that took itself off hears nothing', async () => {
      await linkUp();
      const gone: LinkFrame[] = [];
      wired.link.onFrame((frame) => gone.push(frame))();
      wired.phone.send(phoneFrame('anyone?'));
      await vi.waitFor(() => expect(heard.length).toBe(1));
      expect(gone).toEqual([]);
    });

    test('without carrier a frame is told, reaches nobody and is no error', async () => {
      const got: string[] = [];
      wired.phone.onFrame((frame) => got.push(hex(frame)));
      wired.link.send(phoneFrame('into the dark'));
      await linkUp();
      const frame = phoneFrame('into the light');
      wired.link.send(frame);
      await vi.waitFor(() => expect(got).toEqual([hex(frame)]));
      expect(heard.map(({ direction }) => direction)).toEqual(['out', 'out']);
    });

    test.each([13, 1523, 70_000])('a frame of %i bytes is refused', (length) => {
      expect(() => wired.link.send(new Uint8Array(length))).toThrow(
        expect.objectContaining({ code: 'NETWORK_FAILED' }),
      );
      expect(heard).toEqual([]);
    });

    test('nothing is told once close has resolved, and closing again is harmless', async () => {
      await linkUp();
      for (let count = 0; count < 20; count += 1) wired.phone.send(phoneFrame(`late ${count}`));
      await wired.link.close();
      const told = heard.length;
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      expect(heard.length).toBe(told);
      await wired.link.close();
    });

    test('it has a name, a MAC of its own and no drops to begin with', () => {
      expect(wired.link.name).not.toBe('');
      expect(wired.link.macAddress).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
      expect(wired.link.drops()).toBe(0);
    });
  });
};
