import { describe } from 'vitest';
import { itJudges } from './rows.js';
import { cdp, cdpReply, dhcp, toBoot, vlanUsed } from './story.js';

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
  ]);
});
