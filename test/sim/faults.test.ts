import { describe, expect, it } from 'vitest';
import { type FaultRow, faultTable } from '../../src/plan/faults.js';
import { applyJackFaults, isSimulatorFault, phoneInputOf, simulatorFaults } from '../../src/sim/faults.js';
import { createLivePartner } from '../../src/sim/jack-devices.js';
import { createElectricPhone } from '../../src/sim/phone-power.js';
import { decodeBurst } from '../../src/wire/flp.js';

describe('faults of the simulated bench', () => {
  it('are those that the table of faults places at the jack or the phone, and no others', () => {
    const rows: [string, FaultRow][] = Object.entries(faultTable);
    const expected = rows.filter(([, row]) => row.where === 'jack' || row.where === 'phone');
    expect(
      Object.entries(simulatorFaults)
        .map(([name, fault]) => [name, fault.where])
        .sort(),
    ).toEqual(expected.map(([name, row]) => [name, row.where]).sort());
  });

  it('are known by name only', () => {
    expect(isSimulatorFault('no-echo')).toBe(true);
    expect(isSimulatorFault('toString')).toBe(false);
    expect(isSimulatorFault('dhcp-silent')).toBe(false);
  });

  it('leave a healthy phone on the jack when there is none', () => {
    const phone = createElectricPhone();
    expect(applyJackFaults([], phone)).toEqual({
      device: phone,
      fetWelds: false,
      badCalibration: false,
      unplugAfterAddressMs: undefined,
    });
    expect(applyJackFaults(['switch-stuck', 'no-cdp'], phone)).toMatchObject({ device: phone, fetWelds: true });
  });

  it('echo through a short and a foreign source, but not from an empty jack', () => {
    const echo = (name: 'no-echo' | 'short-circuit' | 'foreign-voltage' | 'loopback-plug' | 'live-partner') =>
      applyJackFaults([name], createElectricPhone()).device.echoDelayCycles();
    expect(echo('no-echo')).toBeUndefined();
    expect(echo('live-partner')).toBeUndefined();
    expect(echo('short-circuit')).toBe(3);
    expect(echo('foreign-voltage')).toBe(3);
    expect(echo('loopback-plug')).toBe(0);
  });

  it('give the phone another power input, the last one named', () => {
    expect(phoneInputOf(['no-cdp'])).toBeUndefined();
    expect(phoneInputOf(['dead-relay'])).toEqual({ kind: 'prestandard', relay: 'dead' });
    expect(phoneInputOf(['af-phone', 'bad-signature'])).toMatchObject({ signatureOhms: 15_000 });
    expect(createElectricPhone(phoneInputOf(['dead-relay'])).echoDelayCycles()).toBeUndefined();
  });

  it('feed 12 V into a jack that is off', () => {
    const { device } = applyJackFaults(['foreign-voltage'], createElectricPhone());
    expect(device.step(0, 0, 1e-4).jackVolts).toBe(12);
  });

  it('let a live partner send bursts of its own word, not in step with 16 ms', () => {
    const partner = createLivePartner(0x41e1);
    const rises: number[] = [];
    for (let at = partner.nextOwnPulse(0); at !== undefined && at < 16e6 * 0.2; at = partner.nextOwnPulse(at))
      rises.push(at);
    const bursts: number[][] = [];
    for (const rise of rises) {
      const burst = bursts.at(-1);
      if (burst === undefined || rise - (burst.at(-1) ?? 0) > 16_000) bursts.push([rise]);
      else burst.push(rise);
    }
    expect(bursts.length).toBeGreaterThan(10);
    for (const burst of bursts.slice(0, -1)) expect(decodeBurst(burst, 16)?.word).toBe(0x41e1);
    const [first = [], second = []] = bursts;
    expect((second[0] ?? 0) - (first[0] ?? 0)).not.toBe(256_000);
  });
});
