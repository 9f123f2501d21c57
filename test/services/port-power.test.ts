import { describe, expect, it } from 'vitest';
import { createPortPower, deciwattsAtPhone, milliwattsAtPort } from '../../src/services/port-power.js';

describe('the power of a port', () => {
  it.each([
    [4000, 38],
    [7000, 64],
    [15_400, 129],
    [30_000, 255],
    [0, 0],
  ])('of %i mW brings the phone %i tenths of a watt, as 802.3 reckons', (port, phone) => {
    expect(deciwattsAtPhone(port)).toBe(phone);
  });

  it('reckons back: no grant falls short of what was asked for', () => {
    for (let deciwatts = 1; deciwatts <= 255; deciwatts += 1) {
      expect(deciwattsAtPhone(milliwattsAtPort(deciwatts))).toBeGreaterThanOrEqual(deciwatts);
    }
    expect(milliwattsAtPort(129)).toBeLessThanOrEqual(15_400);
    expect(milliwattsAtPort(0xffff)).toBe(Infinity);
  });

  it('belongs to the first protocol that asks, until link goes down', () => {
    const power = createPortPower(15_400);
    expect(power.request('lldp', [7000])).toBe('changed');
    expect(power.request('cdp', [6300])).toBe('ignored');
    expect(power.grantedMilliwatts()).toBe(7000);
    power.linkDown();
    expect(power.grantedMilliwatts()).toBe(15_400);
    expect(power.request('cdp', [6300])).toBe('changed');
    expect(power.request('lldp', [7000])).toBe('ignored');
  });

  it('gives what there is where no level asked for is', () => {
    const power = createPortPower(7000);
    expect(power.request('cdp', [15_400, 10_250])).toBe('same');
    expect(power.grantedMilliwatts()).toBe(7000);
    expect(power.request('cdp', [0, 6300, 10_250])).toBe('changed');
    expect(power.grantedMilliwatts()).toBe(6300);
  });
});
