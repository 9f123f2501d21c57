import { describe, expect, it } from 'vitest';
import { createPowerPath } from '../../src/sim/electrical.js';
import { emptyJack } from '../../src/sim/jack-devices.js';
import { createPiSide } from '../../src/sim/pi-side.js';
import type { RegisterBit } from '../../src/sim/pinmap.js';

const build = (shown: readonly RegisterBit[] = []) => {
  const pins = new Map<string, boolean>();
  const path = createPowerPath(emptyJack, { onChange: () => {}, onInput: () => {} });
  const dark: boolean[] = [];
  const side = createPiSide(
    path,
    {
      board: { setPin: (name, high) => pins.set(name, high) },
      register: { high: (name) => shown.includes(name) },
    },
    { setDark: (on) => dark.push(on) },
  );
  return { pins, path, side, dark };
};

describe('the Pi’s side of the board', () => {
  it('carries the discrete lines both ways', () => {
    const { pins, side } = build(['LOOP', 'FAULT_N']);
    expect(Object.fromEntries(pins)).toEqual({ FLP_START: false, PWR_REQ: false, HEARTBEAT: false });
    side.setLine('PWR_REQ', true);
    expect(pins.get('PWR_REQ')).toBe(true);
    expect(side.lines).toMatchObject({ PWR_REQ: true, LOOP: true, PGOOD: false, FAULT_N: true, ESTOP_OK: true });
  });

  it('is low on every line without its supply, and as it was when the supply returns', () => {
    const { pins, path, side, dark } = build(['LOOP', 'PGOOD', 'FAULT_N']);
    side.setLine('HEARTBEAT', true);
    side.setSupply(false);
    side.setLine('PWR_REQ', true);
    expect([...pins.values()]).toEqual([false, false, false]);
    expect(side.lines).toMatchObject({ LOOP: false, PGOOD: false, FAULT_N: false, ESTOP_OK: false });
    expect(path.inputs.ESTOP_OK).toBe(false);
    side.setSupply(true);
    expect(pins.get('HEARTBEAT')).toBe(true);
    expect(path.inputs.ESTOP_OK).toBe(true);
    expect(dark).toEqual([true, false]);
  });

  it('keeps an open e-stop open whatever its supply does', () => {
    const { path, side } = build();
    side.setEstop(false);
    side.setSupply(false);
    side.setSupply(true);
    expect(path.inputs.ESTOP_OK).toBe(false);
    expect(side.lines.ESTOP_OK).toBe(false);
  });
});
