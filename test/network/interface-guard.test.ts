import { expect, test } from 'vitest';
import { defaultRouteInterfaces } from '../../src/network/interface-guard.js';

const tables =
  (ipv4: string, ipv6 = '') =>
  (path: string) =>
    path.endsWith('ipv6_route') ? ipv6 : ipv4;
const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';

test('every interface with a default route is found, and no other', () => {
  const found = defaultRouteInterfaces(
    tables(
      `${head}eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
eth1\t00006E0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth2\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n`,
    ),
  );
  expect(found).toEqual(new Set(['eth0', 'wlan0']));
});

test('a default route of IPv6 counts, one that only refuses does not', () => {
  const any = '0'.repeat(32);
  const found = defaultRouteInterfaces(
    tables(
      head,
      `${any} 00 ${any} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 eth3
${any} 00 ${any} 00 ${any} ffffffff 00000001 00000000 00200200       lo
fe80${'0'.repeat(28)} 40 ${any} 00 ${any} 00000100 00000001 00000000 00000001     eth1\n`,
    ),
  );
  expect(found).toEqual(new Set(['eth3']));
});

test('an empty table forbids nothing', () => {
  expect(defaultRouteInterfaces(tables(''))).toEqual(new Set());
});
