import { describe, expect, it } from 'vitest';
import { createElectricPhone, type ElectricPhone } from '../../src/sim/phone-power.js';

const stepSeconds = 100e-6;
const run = (phone: ElectricPhone, seconds: number, volts: number): number => {
  let milliamps = 0;
  for (let at = 0; at < seconds; at += stepSeconds) milliamps = phone.step(volts, 425, stepSeconds).milliamps;
  return milliamps;
};

describe('a CP-7960G at its jack', () => {
  it('echoes while unpowered, after the delay of 20 m of cable out and back', () => {
    expect(createElectricPhone().echoDelayCycles()).toBe(3);
  });

  it('charges 180 uF at the limit in about 20 ms, and its supply comes up above 36 V', () => {
    const phone = createElectricPhone();
    let upAtMs: number | undefined;
    let elapsedMs = 0;
    phone.onSupply((on) => {
      if (on) upAtMs = elapsedMs;
    });
    let milliamps = 425;
    for (; milliamps >= 425 && elapsedMs < 100; elapsedMs += 0.1)
      milliamps = phone.step(48, 425, stepSeconds).milliamps;
    expect(elapsedMs).toBeGreaterThan(18);
    expect(elapsedMs).toBeLessThan(24);
    expect(upAtMs).toBeGreaterThan(14);
    expect(phone.echoDelayCycles()).toBeUndefined();
  });

  it('draws its load at constant power, counted at its jack', () => {
    const phone = createElectricPhone();
    run(phone, 0.1, 48);
    phone.setLoad(6300);
    expect((run(phone, 0.1, 48) / 1000) * (phone.capacitorVolts + 1.4)).toBeCloseTo(6.3, 1);
  });

  it('goes down below 30 V, closes its relay again within 1.5 s and echoes', () => {
    const phone = createElectricPhone();
    const heard: boolean[] = [];
    phone.onSupply((on) => heard.push(on));
    run(phone, 0.1, 48);
    run(phone, 0.2, 0);
    expect(heard).toEqual([true, false]);
    expect(phone.echoDelayCycles()).toBeUndefined();
    run(phone, 1.5, 0);
    expect(phone.echoDelayCycles()).toBe(3);
  });

  it('is an open circuit once unplugged, and runs down by itself', () => {
    const phone = createElectricPhone();
    run(phone, 0.1, 48);
    phone.unplug();
    expect(phone.step(48, 425, stepSeconds)).toEqual({ milliamps: 0, jackVolts: 48 });
    run(phone, 0.3, 48);
    expect(phone.supplyUp).toBe(false);
    run(phone, 2, 48);
    expect(phone.echoDelayCycles()).toBeUndefined();
    phone.replug();
    expect(phone.echoDelayCycles()).toBe(3);
  });

  it('draws far above the overload limit when it wants 20 W, until its supply breaks down at what it cannot get', () => {
    const phone = createElectricPhone();
    run(phone, 0.1, 48);
    phone.setLoad(20_000);
    expect(run(phone, 0.02, 48)).toBeGreaterThan(410);
    const heard: boolean[] = [];
    phone.onSupply((on) => heard.push(on));
    phone.setLoad(25_000);
    expect(run(phone, 0.005, 48)).toBe(425);
    run(phone, 0.1, 48);
    expect(heard[0]).toBe(false);
  });
});
