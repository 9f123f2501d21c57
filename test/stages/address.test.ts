import { describe, expect, it } from 'vitest';
import { itJudges } from './rows.js';
import { samplePlan } from './sample-plan.js';
import { addressUsed, dhcp, type Line, resultOf, tell, toVlan } from './story.js';

describe('the judge of address', () => {
  it('tells that two servers offered', () => {
    const lines: readonly Line[] = [
      ...toVlan,
      [5100, dhcp('DISCOVER')],
      [5101, dhcp('OFFER', { serverIdentifier: '10.110.0.1' })],
      [5102, dhcp('OFFER', { serverIdentifier: '10.110.0.254' })],
      [5103, dhcp('REQUEST')],
      [5104, dhcp('ACK')],
      [5200, addressUsed('10.110.0.100')],
    ];
    const { verdict, cause } = resultOf(tell(samplePlan, lines), 'address');
    expect({ verdict, cause }).toEqual({
      verdict: 'pass',
      cause: expect.stringContaining('2 DHCP servers offered one: 10.110.0.1, 10.110.0.254.'),
    });
  });

  itJudges('address', [
    {
      title: 'a phone that asks for neither option 150 nor 66 fails',
      lines: [...toVlan, [5000.1, dhcp('DISCOVER', { parameterRequestList: [1, 3, 6, 15] })]],
      verdict: 'fail',
      cause: /neither option 150 nor 66 \(it asks for 1, 3, 6, 15\)/,
      exit: 1,
    },
    {
      title: 'a DHCP server of ours that stays silent is the network’s',
      lines: [...toVlan, [5100, dhcp('DISCOVER')], [9100, dhcp('DISCOVER')]],
      verdict: 'error',
      blame: 'network',
      cause: /asked for an address 2 times and the DHCP server offered none/,
      exit: 5,
      endMs: 16_000,
    },
    {
      title: 'a phone that never asks fails',
      lines: toVlan,
      verdict: 'fail',
      cause: /asked for no address/,
      exit: 1,
      endMs: 16_000,
    },
    {
      title: 'a phone that ignores the offer fails',
      lines: [...toVlan, [5100, dhcp('DISCOVER')], [5101, dhcp('OFFER')], [9100, dhcp('DISCOVER')]],
      verdict: 'fail',
      cause: /was offered 10\.110\.0\.100/,
      exit: 1,
      endMs: 16_000,
    },
    {
      title: 'a request without an answer is the network’s',
      lines: [...toVlan, [5100, dhcp('DISCOVER')], [5101, dhcp('OFFER')], [5102, dhcp('REQUEST')]],
      verdict: 'error',
      blame: 'network',
      cause: /requested an address once/,
      exit: 5,
      endMs: 16_000,
    },
    {
      title: 'a refused request is the network’s',
      lines: [...toVlan, [5102, dhcp('REQUEST')], [5103, dhcp('NAK')]],
      verdict: 'error',
      blame: 'network',
      cause: /NAK/,
      exit: 5,
      endMs: 16_000,
    },
    {
      title: 'an address that is never used fails',
      lines: [
        ...toVlan,
        [5100, dhcp('DISCOVER')],
        [5101, dhcp('OFFER')],
        [5102, dhcp('REQUEST')],
        [5103, dhcp('ACK')],
        [5200, addressUsed('10.110.0.77')],
      ],
      verdict: 'fail',
      cause: /given 10\.110\.0\.100 and never used it/,
      exit: 1,
      endMs: 16_000,
    },
    {
      title: 'a declined address is the network’s',
      lines: [
        ...toVlan,
        [5102, dhcp('REQUEST')],
        [5103, dhcp('ACK')],
        [5104, dhcp('DECLINE', { requestedAddress: '10.110.0.100' })],
      ],
      verdict: 'error',
      blame: 'network',
      cause: /declined 10\.110\.0\.100/,
      exit: 5,
    },
    {
      title: 'an answer that names no TFTP server is the network’s',
      lines: [...toVlan, [5102, dhcp('REQUEST')], [5103, dhcp('ACK', { tftpServers: [] })]],
      verdict: 'error',
      blame: 'network',
      cause: /names no TFTP server/,
      exit: 5,
    },
    {
      title: 'an offer with option 150 as a text, which no phone takes, is the network’s',
      lines: [
        ...toVlan,
        [5100, dhcp('DISCOVER')],
        [5101, dhcp('OFFER', { tftpServers: [], tftpServersText: '10.110.0.1', tftpServerName: '10.110.0.1' })],
        [9100, dhcp('DISCOVER')],
      ],
      verdict: 'error',
      blame: 'network',
      cause: /option 150 as “10\.110\.0\.1”, which is no list of addresses/,
      exit: 5,
      endMs: 16_000,
    },
    {
      title: 'an offer that names no TFTP server and is not taken is the network’s',
      lines: [
        ...toVlan,
        [5100, dhcp('DISCOVER')],
        [5101, dhcp('OFFER', { tftpServers: [] })],
        [9100, dhcp('DISCOVER')],
      ],
      verdict: 'error',
      blame: 'network',
      cause: /names no TFTP server/,
      exit: 5,
      endMs: 16_000,
    },
    {
      title: 'a source that ends too early is no fault of the phone',
      lines: toVlan,
      verdict: 'error',
      blame: 'bench',
      cause: /ended before address was decided/,
      exit: 5,
    },
  ]);
});
