import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GpioEdge, GpioLines, GpioRequest } from '../../src/os/gpio/gpio-lines.js';
import { systemClock } from '../../src/timeline/clock.js';

/** A chip to try a driver on, and the far end of its wires. */
export interface ChipUnderTest {
  open<Name extends string>(request: GpioRequest<Name>): Promise<GpioLines<Name>>;
  /** Puts a level on an input's wire, as its pull would. */
  drive(line: number, level: boolean): void;
  /** What is on the wire, by somebody who does not ask the driver. */
  level(line: number): boolean;
  /** Who the system says holds the line; undefined: free. */
  consumer(line: number): string | undefined;
  close(): void;
}

const request = {
  consumer: 'linkpulse:jack-1',
  lines: {
    enable: { direction: 'out', line: 27, initially: false },
    ready: { direction: 'out', line: 17, initially: true },
    lamp: { direction: 'out', line: 6, initially: false, activeLow: true },
    good: { direction: 'in', line: 24, bias: 'pull-down' },
    button: { direction: 'in', line: 5, bias: 'pull-up', activeLow: true },
  },
} as const satisfies GpioRequest<string>;
type Name = keyof typeof request.lines;

/** What every driver of GpioLines guarantees (src/os/gpio/gpio-lines.ts), in one suite for all of them. */
export const testGpioLines = (title: string, openChip: () => Promise<ChipUnderTest>): void => {
  describe(`${title} keeps the contract of GpioLines`, () => {
    let chip: ChipUnderTest;
    let lines: GpioLines<Name>;
    let edges: GpioEdge<Name>[];

    beforeEach(async () => {
      chip = await openChip();
      chip.drive(24, false);
      chip.drive(5, true);
      lines = await chip.open<Name>(request);
      edges = [];
      lines.onEdge((edge) => edges.push(edge));
    });
    afterEach(() => {
      lines.close();
      chip.close();
    });
    const told = (count: number) => vi.waitFor(() => expect(edges.length).toBe(count), { timeout: 5_000, interval: 5 });
    const told1 = async () => {
      await told(1);
      return edges.splice(0)[0];
    };

    it('takes outputs at their first value and inputs at what is on the wire', () => {
      expect([17, 27, 6].map((line) => chip.level(line))).toEqual([true, false, true]);
      expect(lines.get('good')).toBe(false);
      expect(lines.get('button')).toBe(false);
    });

    it('sets outputs one by one, active-low ones upside down', () => {
      lines.set('enable', true);
      expect([27, 17, 6].map((line) => chip.level(line))).toEqual([true, true, true]);
      lines.set('lamp', true);
      lines.set('ready', false);
      expect([27, 17, 6].map((line) => chip.level(line))).toEqual([true, false, false]);
      expect(lines.get('enable')).toBe(true);
      lines.set('enable', false);
      expect(chip.level(27)).toBe(false);
    });

    it('tells edges in order, with stamps that grow and lie between cause and now', async () => {
      let beforeUs = systemClock.nowUs();
      for (const level of [true, false, true, false]) {
        chip.drive(24, level);
        const edge = await told1();
        expect(edge).toMatchObject({ name: 'good', active: level });
        expect(edge?.atUs).toBeGreaterThanOrEqual(beforeUs);
        expect(edge?.atUs).toBeLessThanOrEqual(systemClock.nowUs());
        expect(lines.get('good')).toBe(level);
        beforeUs = edge?.atUs ?? beforeUs;
      }
      chip.drive(5, false);
      expect(await told1()).toMatchObject({ name: 'button', active: true });
      expect(lines.get('button')).toBe(true);
    });

    it('tells nothing of a level that does not change, and nothing of outputs', async () => {
      chip.drive(24, false);
      lines.set('enable', true);
      lines.set('enable', false);
      chip.drive(5, false);
      await told(1);
      expect(edges).toMatchObject([{ name: 'button', active: true }]);
    });

    it('holds its lines under a name', () => {
      for (const { line } of Object.values(request.lines))
        expect(chip.consumer(line)).toBe(lines.driver === 'sysfs' ? 'sysfs' : request.consumer);
      lines.close();
      for (const { line } of Object.values(request.lines)) expect(chip.consumer(line)).toBeUndefined();
    });

    it('tells nothing and takes nothing after it is closed', async () => {
      lines.close();
      for (const use of [() => lines.set('enable', true), () => lines.get('good')])
        expect(use).toThrow(expect.objectContaining({ code: 'GPIO_LOST' }));
      lines.close();
      const again = await chip.open<Name>(request);
      chip.drive(24, true);
      await vi.waitFor(() => expect(again.get('good')).toBe(true));
      again.close();
      expect(edges).toEqual([]);
    });
  });
};

/** Where owners are known: all or nothing, and the refusal says who. sysfs takes over what is exported already. */
export const testGpioOwners = (title: string, openChip: () => Promise<ChipUnderTest>): void => {
  it(`${title} takes all lines or none, and says who holds one`, async () => {
    const chip = await openChip();
    const holder = await chip.open({
      consumer: 'somebody',
      lines: { only: { direction: 'in', line: 24, bias: 'pull-down' } },
    });
    await expect(async () => chip.open<Name>(request)).rejects.toMatchObject({
      code: 'GPIO_BUSY',
      message: expect.stringMatching(/line 24 by "somebody"/),
    });
    expect(chip.consumer(27)).toBeUndefined();
    holder.close();
    (await chip.open<Name>(request)).close();
    chip.close();
  });
};
