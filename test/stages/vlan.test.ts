import { describe, expect, it } from 'vitest';
import { itJudges } from './rows.js';
import { samplePlan } from './sample-plan.js';
import { cdp, cdpReply, dhcp, end, lldp, lldpReply, resultOf, tell, toBoot, vlanUsed } from './story.js';

describe('the judge of vlan', () => {
  itJudges('vlan', [
    {
      title: 'a phone without CDP fails the vlan stage',
      lines: toBoot,
      verdict: 'fail',
      cause: /No CDP from the phone within 10000 ms/,
      exit: 1,
      endMs: 14_000,
    },
    {
      title: 'a phone without CDP that asks untagged is told to lack CDP',
      lines: [...toBoot, [3300, cdpReply()], [5000, dhcp('DISCOVER', { vlan: null })]],
      verdict: 'fail',
      cause: /No CDP from the phone/,
      exit: 1,
      endMs: 14_000,
    },
    {
      title: 'a phone that is told no voice VLAN is not to blame',
      lines: [...toBoot, [4000, cdp()]],
      verdict: 'error',
      blame: 'network',
      cause: /nobody told it/,
      exit: 5,
      endMs: 14_000,
    },
    {
      title: 'a phone that sends nothing tagged fails',
      lines: [...toBoot, [4000, cdp()], [4001, cdpReply()], [4002, vlanUsed(null)]],
      verdict: 'fail',
      cause: /sent nothing tagged/,
      exit: 1,
      endMs: 14_000,
    },
    {
      title: 'DHCP untagged although told the voice VLAN fails',
      lines: [...toBoot, [4000, cdp()], [4001, cdpReply()], [5000, dhcp('DISCOVER', { vlan: null })]],
      verdict: 'fail',
      cause: /asked for an address untagged/,
      exit: 1,
    },
    {
      title: 'another phone than the label says is the operator’s',
      lines: [...toBoot, [4000, cdp({ deviceId: 'SEP001122334455' })]],
      verdict: 'error',
      blame: 'operator',
      cause: /SEP001122334455/,
      exit: 5,
    },
    {
      title: 'another model than the plan’s is the operator’s',
      lines: [...toBoot, [4000, cdp({ platform: 'Cisco IP Phone 7940' })]],
      verdict: 'error',
      blame: 'operator',
      cause: /7940/,
      exit: 5,
    },
    {
      title: 'a phone that asks for more power than there is fails',
      lines: [...toBoot, [4000, cdp({ powerConsumptionMilliwatts: 15_401 })]],
      verdict: 'fail',
      cause: /15401 mW, above 15400 mW/,
      exit: 1,
    },
    {
      title: 'a phone whose LLDP-MED nobody answers is not to blame',
      lines: [...toBoot, [3500, cdpReply()], [4000, lldp()]],
      verdict: 'error',
      blame: 'network',
      cause: /spoke LLDP-MED, but nobody told it/,
      exit: 5,
      endMs: 14_000,
    },
    {
      title: 'plain LLDP is no word of a phone',
      lines: [...toBoot, [4000, lldp({ medClass: null })], [4100, lldpReply()]],
      verdict: 'fail',
      cause: /and no LLDP-MED/,
      exit: 1,
      endMs: 14_000,
    },
    {
      title: 'a phone told by LLDP-MED that asks untagged fails',
      lines: [...toBoot, [4000, lldp()], [4100, lldpReply()], [5000, dhcp('DISCOVER', { vlan: null })]],
      verdict: 'fail',
      cause: /told voice VLAN 110 and asked for an address untagged/,
      exit: 1,
    },
    {
      title: 'a voice policy for another VLAN is the network’s',
      lines: [...toBoot, [4000, lldp()], [4100, lldpReply(111)]],
      verdict: 'error',
      blame: 'network',
      cause: /by LLDP-MED to speak on VLAN 111; the plan has voice VLAN 110/,
      exit: 5,
    },
    {
      title: 'another VLAN by CDP, told before the phone spoke, is the network’s',
      lines: [...toBoot, [3500, cdpReply(111)], [4000, cdp()]],
      verdict: 'error',
      blame: 'network',
      cause: /by CDP to speak on VLAN 111/,
      exit: 5,
    },
    {
      title: 'another model by LLDP is the operator’s',
      lines: [...toBoot, [4000, lldp({ model: 'CP-7911G' })]],
      verdict: 'error',
      blame: 'operator',
      cause: /plan is for a CP-7960G, the phone says CP-7911G/,
      exit: 5,
    },
    {
      title: 'less power than the phone asked for by LLDP is the network’s',
      lines: [...toBoot, [4000, lldp()], [4100, lldpReply(110, 2900)]],
      verdict: 'error',
      blame: 'network',
      cause: /asked for 6300 mW by LLDP-MED and was granted 2900 mW/,
      exit: 5,
    },
    {
      title: 'less power than the phone asked for by CDP is the network’s',
      lines: [
        ...toBoot,
        [4000, cdp({ powerRequestedMilliwatts: [10_250, 6300] })],
        [4100, cdp({ from: 'bench', powerConsumptionMilliwatts: null, powerAvailableMilliwatts: 6299 })],
      ],
      verdict: 'error',
      blame: 'network',
      cause: /asked for 6300 mW by CDP and was granted 6299 mW/,
      exit: 5,
    },
  ]);

  it('takes the voice VLAN from LLDP-MED alone, and names the frame that told it', () => {
    const result = resultOf(
      tell(samplePlan, [...toBoot, [4000, lldp()], [4100, lldpReply()], [4200, vlanUsed(110)], [9000, end]]),
      'vlan',
    );
    expect(result).toMatchObject({ verdict: 'pass' });
    expect(result.cause).toBe('SEP0011BBCCDDEE (CP-7960G) took up voice VLAN 110, told by LLDP-MED.');
    expect(result.measurements.map(({ name, value }) => [name, value])).toEqual(
      expect.arrayContaining([
        ['vlan.lldpMilliwatts', 6300],
        ['vlan.firstLldpMs', expect.any(Number)],
      ]),
    );
    expect(result.evidence).toHaveLength(3);
  });

  it('holds a grant against the protocol that asked first only: the port is locked to it', () => {
    const lines = [
      [4000, cdp()],
      [4050, lldp()],
      [4100, lldpReply(110, 5800)],
      [4150, cdpReply()],
      [4200, vlanUsed(110)],
      [9000, end],
    ] as const;
    const result = resultOf(tell(samplePlan, [...toBoot, ...lines]), 'vlan');
    expect(result).toMatchObject({ verdict: 'pass' });
    expect(result.cause).toMatch(/told by CDP and LLDP-MED/);
  });

  it('holds no grant against the network that covers what the phone draws, whatever it says by LLDP', () => {
    const lines = [
      [4000, lldp({ powerRequestedMilliwatts: 12_900 })],
      [4050, cdp()],
      [4100, lldpReply(110, 6400)],
      [4200, vlanUsed(110)],
      [9000, end],
    ] as const;
    expect(resultOf(tell(samplePlan, [...toBoot, ...lines]), 'vlan')).toMatchObject({ verdict: 'pass' });
  });

  it('takes a grant of nothing for a port without inline power', () => {
    const silent = cdp({ from: 'bench', powerConsumptionMilliwatts: null, powerAvailableMilliwatts: 0 });
    const lines = [
      [4000, cdp()],
      [4100, silent],
      [4150, cdpReply()],
      [4200, vlanUsed(110)],
      [9000, end],
    ] as const;
    expect(resultOf(tell(samplePlan, [...toBoot, ...lines]), 'vlan')).toMatchObject({ verdict: 'pass' });
  });
});
