import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/timeline/events.js';
import { samplePlan } from './sample-plan.js';
import * as story from './story.js';

const { resultOf, tell, toAddress, toBoot, toConfig, toEnd, toVlan } = story;
const anyPhone = { ...samplePlan, phone: { ...samplePlan.phone, deviceId: null } };
const other = '00:11:bb:cc:dd:ff';
const label = (mac: string | null, serial: string | null = 'FCH1234AB5D'): story.Line => [
  1,
  { kind: 'label', serial, mac } satisfies Fact,
];
const right = label('00:11:bb:cc:dd:ee');

describe('a label that is read', () => {
  it.each([
    ['its MAC', right],
    ['only its serial number', label(null)],
  ])('changes nothing where %s is right', (_, line) => {
    const verdicts = tell(anyPhone, [...toEnd, line]).verdicts();
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(Array.from({ length: 6 }, () => 'pass'));
    expect(verdicts.map(({ cause }) => cause)).toEqual(
      tell(anyPhone, toEnd)
        .verdicts()
        .map(({ cause }) => cause),
    );
  });

  it('is found swapped by CDP, with both names, the operator to blame and the label as evidence', () => {
    const tribunal = tell(anyPhone, [...toVlan, label(other)]);
    expect(resultOf(tribunal, 'vlan')).toMatchObject({
      verdict: 'error',
      blame: 'operator',
      cause:
        'The label says 00:11:bb:cc:dd:ff, the phone calls itself SEP0011BBCCDDEE by CDP: a label is swapped, or this is another phone.',
      nextAction: expect.stringContaining('Read the label on this phone again'),
    });
    const [first, second] = resultOf(tribunal, 'vlan').evidence;
    const events = story.timeline([...toVlan, label(other)]);
    expect([first, second].map((seq) => events.find((event) => event.seq === seq)?.fact.kind)).toEqual([
      'label',
      'cdp',
    ]);
    expect(tribunal.shouldEnd()).not.toBeNull();
    expect(resultOf(tribunal, 'address').verdict).toBe('not-reached');
  });

  it('is found swapped by LLDP, whatever domain stands behind the name', () => {
    const lines = [...toBoot, [4000, story.lldp({ systemName: 'SEP0011BBCCDDEE.example.org' })] as const, label(other)];
    expect(resultOf(tell(anyPhone, lines), 'vlan').cause).toContain('SEP0011BBCCDDEE.example.org by LLDP');
  });

  it('is found swapped by DHCP where no voice VLAN is judged', () => {
    const plan = { ...anyPhone, network: { ...anyPhone.network, voiceVlan: null } };
    const result = resultOf(tell(plan, [...toAddress, label(other)]), 'address');
    expect(result).toMatchObject({ verdict: 'error', blame: 'operator' });
    expect(result.cause).toContain('the phone calls itself 00:11:bb:cc:dd:ee to DHCP');
  });

  it('is not held against a PC behind the phone, which asks DHCP, too', () => {
    const pc = story.dhcp('DISCOVER', { mac: other, clientMac: other, vendorClass: 'MSFT 5.0' });
    const tribunal = tell(anyPhone, [...toEnd, [5000.05, pc], right]);
    expect(resultOf(tribunal, 'address').verdict).toBe('pass');
  });

  it('is found swapped before the VLAN is judged at all', () => {
    const lines = [...story.toPower, [3000, story.cdp()] as const, [3220, story.linkUp] as const, label(other)];
    expect(resultOf(tell(anyPhone, lines), 'vlan')).toMatchObject({ verdict: 'error', blame: 'operator' });
  });
});

describe('a phone of two names', () => {
  it('fails where its CallManager hears another than its frames carry', () => {
    const register = story.sccp('phone', 'Register', '10.110.0.11', { fields: { deviceName: 'SEP0011BBCCDDFF' } });
    const lines = [...toConfig, [6500, story.tcp('connecting')] as const, [6502, register] as const, label(null)];
    expect(resultOf(tell(anyPhone, lines), 'registration')).toMatchObject({
      verdict: 'fail',
      blame: null,
      cause: 'The phone calls itself SEP0011BBCCDDFF to its CallManager and sends from 00:11:bb:cc:dd:ee.',
    });
  });

  it('fails by SIP, too', () => {
    const [asked] = story.sipRegisters(6500, { fields: { deviceName: 'SEP0011BBCCDDFF' } });
    const lines = [...toConfig, ...(asked === undefined ? [] : [asked]), label(null)];
    expect(resultOf(tell(anyPhone, lines), 'registration').cause).toContain('SEP0011BBCCDDFF to its registrar');
  });

  it('is let alone where nobody read a label and the plan asks for no form', () => {
    const lines = [...toBoot, [4000, story.cdp({ deviceId: 'SEP0011BBCCDDFF' })] as const];
    expect(resultOf(tell(anyPhone, lines), 'vlan').verdict).not.toBe('fail');
  });
});

describe('the plan’s form of MACs', () => {
  const plan = { ...anyPhone, identity: { serial: null, mac: '000F24.{6}', required: [] } };

  it('finds a phone of another batch without a label', () => {
    const result = resultOf(tell(plan, toVlan), 'vlan');
    expect(result).toMatchObject({ verdict: 'error', blame: 'operator' });
    expect(result.cause).toContain('SEP0011BBCCDDEE by CDP, which is not of the plan’s form 000F24.{6}');
  });
});
