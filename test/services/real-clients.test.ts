/** Clients of Debian, each against the running `linkpulse services` over a cable of its own. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FrameLink } from '../../src/network/frame-link.js';
import { openPacketLink } from '../../src/network/packet-link.js';
import { openVoiceVlan } from '../../src/network/voice-vlan.js';
import type { VlanDevice } from '../../src/os/vlan-device.js';
import { syntheticImage } from '../../src/services/generated-files.js';
import { systemClock } from '../../src/timeline/clock.js';
import type { FactOf } from '../../src/timeline/events.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { runIp } from '../helpers/ip.js';
import { openServedWire, type RunningServices, type ServedWire } from '../helpers/served-wire.js';
import { needs } from '../helpers/tools.js';
import { seededBytes } from './seeded-bytes.js';

const image = 'P00308010200.bin';
const configuration = 'SEP000F245A7960.cnf.xml';
const bigFile = { name: 'Big.sbn', bytes: seededBytes(7, 3 * 1024 * 1024 + 17) };
const callManager = '10.110.0.11';
const fixedAddress = '10.110.0.50';
const scenario = (name: string) => fileURLToPath(new URL(`./sipp/${name}.xml`, import.meta.url));

/** Called by either DHCP client; puts the address on and writes down what was received. */
const leaseScript = `#!/bin/sh
case "\${reason:-$1}" in
  bound|BOUND) address=\${new_ip_address:-$ip}
    ip address replace "$address/24" dev "$interface"
    env | grep -E '^(reason|new_|ip=|opt|siaddr|serverid|router|lease)' > lease.env ;;
  PREINIT) ip link set "$interface" up ;;
  deconfig|RELEASE) ip address flush dev "$interface" ;;
esac
`;
const dhclientConfiguration = `option tftp-servers code 150 = array of ip-address;
request subnet-mask, broadcast-address, routers, domain-name-servers, tftp-servers;
timeout 15;
`;

vi.setConfig({ testTimeout: 60_000 });

describeInNamespace(import.meta.url, 'real clients', () => {
  let wire: ServedWire;
  let services: RunningServices;

  const open = async (name: string, base: string, ...changes: readonly (readonly [string, string])[]) => {
    wire = await openServedWire(name);
    const files = join(wire.directory, 'files');
    mkdirSync(files);
    writeFileSync(join(files, bigFile.name), bigFile.bytes);
    const script = join(wire.directory, 'lease.sh');
    writeFileSync(script, leaseScript);
    chmodSync(script, 0o755);
    writeFileSync(join(wire.directory, 'dhclient.conf'), dhclientConfiguration);
    writeFileSync(join(wire.directory, 'leases'), '');
    services = wire.services('--plan', wire.plan(base, ['filesDirectory: none', 'filesDirectory: files'], ...changes));
    await services.reached('serving');
  };
  const close = async () => {
    services?.child.kill('SIGTERM');
    const exitCode = await services?.exitCode;
    await wire?.close();
    expect(exitCode).toBe(0);
  };

  const lease = (): Readonly<Record<string, string>> =>
    Object.fromEntries(
      readFileSync(join(wire.directory, 'lease.env'), 'utf8')
        .split('\n')
        .map((line) => line.split(/=(.*)/s).slice(0, 2)),
    );
  const fetched = (name: string) => readFileSync(join(wire.directory, name));
  const factsOf = <K extends 'tftp-end' | 'dhcp' | 'sip' | 'service'>(kind: K) =>
    services.facts().filter((fact): fact is FactOf<K> => fact.kind === kind);
  const udhcpc = (interfaceName: string) =>
    wire.client('udhcpc', ['-i', interfaceName, '-f', '-n', '-q', '-O', '150', '-s', join(wire.directory, 'lease.sh')]);
  const dhclient = (interfaceName: string, ...words: readonly string[]) => {
    const at = (name: string) => join(wire.directory, name);
    const files = ['-cf', at('dhclient.conf'), '-lf', at('leases'), '-pf', at('dhclient.pid'), '-sf', at('lease.sh')];
    return wire.client('dhclient', ['-4', ...words, ...files, interfaceName], 30_000);
  };

  describe('untagged, a SIP plan with digest', () => {
    beforeAll(async () => {
      const digest = 'sip: { digest: { user: phone, password: secret } }';
      await open(
        'rcu',
        'quick-no-voice-vlan.yaml',
        ['protocol: SCCP', 'protocol: SIP'],
        ['port: 2000', 'port: 5060'],
        ['\nsccp:', `\n${digest}\nsccp:`],
      );
      await wire.far.within(() => runIp('address', 'add', `${fixedAddress}/24`, 'dev', wire.phone));
    });
    afterAll(close);

    it('udhcpc takes a lease and is told option 150', async (context) => {
      needs(context, 'udhcpc', 'udhcpc');
      const { status, stderr } = await udhcpc(wire.phone);
      expect(status, stderr).toBe(0);
      expect(lease()).toMatchObject({
        opt150: '0a6e0001',
        serverid: '10.110.0.1',
        siaddr: '10.110.0.1',
        lease: '3600',
      });
      expect(lease().ip).toMatch(/^10\.110\.0\.1\d\d$/);
      expect(factsOf('service')).toContainEqual(
        expect.objectContaining({ action: 'lease-granted', detail: expect.objectContaining({ address: lease().ip }) }),
      );
    });

    it('isc-dhcp-client takes a lease, is told option 150, and gives the lease back', async (context) => {
      needs(context, 'dhclient', 'isc-dhcp-client');
      const { status, stderr } = await dhclient(wire.phone, '-1', '-v');
      expect(status, stderr).toBe(0);
      expect(lease()).toMatchObject({
        new_tftp_servers: '10.110.0.1',
        new_routers: '10.110.0.1',
        new_broadcast_address: '10.110.0.255',
        new_dhcp_lease_time: '3600',
      });
      const released = await dhclient(wire.phone, '-r', '-v');
      expect(released.status, released.stderr).toBe(0);
      expect(released.stderr).toContain('DHCPRELEASE');
      await expect
        .poll(() => factsOf('service').some(({ action }) => action === 'lease-released'), { timeout: 5000 })
        .toBe(true);
      await wire.far.within(() => runIp('address', 'replace', `${fixedAddress}/24`, 'dev', wire.phone));
    });

    it('tftp-hpa fetches by 512 bytes, in octet and netascii, in any case of the name', async (context) => {
      needs(context, 'tftp', 'tftp-hpa');
      const get = (mode: string, name: string, to: string) =>
        wire.client('tftp', ['-m', mode, '10.110.0.1', '-c', 'get', name, to]);
      expect(await get('octet', image, 'hpa.bin')).toMatchObject({ status: 0, stderr: '' });
      expect(fetched('hpa.bin').equals(syntheticImage(image))).toBe(true);
      await get('octet', bigFile.name.toUpperCase(), 'hpa-big.bin');
      expect(fetched('hpa-big.bin').equals(bigFile.bytes)).toBe(true);
      await get('netascii', configuration, 'hpa.xml');
      expect(fetched('hpa.xml').toString()).toContain('</device>');
      expect((await get('octet', 'nosuch.bin', 'none')).stdout).toContain('Error code 1: File not found');
    });

    it('tftp-hpa may not write', async (context) => {
      needs(context, 'tftp', 'tftp-hpa');
      writeFileSync(join(wire.directory, 'mine.txt'), 'mine');
      const put = await wire.client('tftp', ['-m', 'octet', '10.110.0.1', '-c', 'put', 'mine.txt', image]);
      expect(put.stdout).toMatch(/Error code 2/);
    });

    it.for([
      { blksize: 512, windowsize: 1 },
      { blksize: 1428, windowsize: 8 },
      { blksize: 512, windowsize: 16 },
      { blksize: 8192, windowsize: 4 },
    ])('atftp fetches with block size $blksize and window $windowsize', async ({ blksize, windowsize }, context) => {
      needs(context, 'atftp', 'atftp');
      const options = ['--option', `blksize ${blksize}`, '--option', `windowsize ${windowsize}`, '--option', 'tsize 0'];
      const words = [...options, '-g', '-r', bigFile.name, '-l', 'atftp.bin', '10.110.0.1'];
      const { status, stderr } = await wire.client('atftp', words);
      expect(status, stderr).toBe(0);
      expect(stderr).not.toMatch(/timeout/i);
      expect(fetched('atftp.bin').equals(bigFile.bytes)).toBe(true);
    });

    it('curl fetches over HTTP 6970 and over TFTP', async (context) => {
      needs(context, 'curl', 'curl');
      const curl = (url: string, to: string) =>
        wire.client('curl', ['-sS', '--noproxy', '*', '-o', to, '-w', '%{response_code} %{size_download}', url]);
      const length = String(bigFile.bytes.length);
      expect(await curl(`http://10.110.0.1:6970/${bigFile.name}`, 'http.bin')).toMatchObject({
        stdout: `200 ${length}`,
      });
      expect(fetched('http.bin').equals(bigFile.bytes)).toBe(true);
      expect((await curl('http://10.110.0.1:6970/nosuch.xml', 'none')).stdout).toMatch(/^404 /);
      expect(await curl(`tftp://10.110.0.1/${bigFile.name}`, 'tftp.bin')).toMatchObject({ status: 0, stderr: '' });
      expect(fetched('tftp.bin').equals(bigFile.bytes)).toBe(true);
      expect((await curl('tftp://10.110.0.1/nosuch.xml', 'none')).status, 'CURLE_TFTP_NOTFOUND').toBe(68);
    });

    it.for([
      { transport: 'u1', meaning: 'one UDP socket' },
      { transport: 'un', meaning: 'a UDP socket for each phone' },
      { transport: 't1', meaning: 'one TCP connection' },
      { transport: 'tn', meaning: 'a TCP connection for each phone' },
    ])('sipp registers by digest: $transport, $meaning', async ({ transport }, context) => {
      needs(context, 'sipp', 'sip-tester');
      const { status, stdout } = await sipp('register', 'secret', '-t', transport, '-m', '50', '-r', '100');
      expect(status, stdout.slice(-2000)).toBe(0);
      const registered = factsOf('sip').filter(
        ({ purpose, statusCode, from }) => from === 'bench' && purpose === 'register' && statusCode === 200,
      );
      expect(new Set(registered.map((fact) => fact.transport))).toContain(transport.startsWith('u') ? 'udp' : 'tcp');
    });

    it('sipp with a wrong password is refused', async (context) => {
      needs(context, 'sipp', 'sip-tester');
      const { status, stdout } = await sipp('wrong-password', 'guessed', '-m', '5');
      expect(status, stdout.slice(-2000)).toBe(0);
    });

    const sipp = (name: string, password: string, ...words: readonly string[]) =>
      wire.client('sipp', [
        `${callManager}:5060`,
        ...['-sf', scenario(name), '-au', 'phone', '-ap', password, '-i', fixedAddress],
        ...['-nostdin', '-max_socket', '200', '-timeout', '15s', '-timeout_error', ...words],
      ]);
  });

  describe('on the voice VLAN', () => {
    let link: FrameLink;
    let vlan: VlanDevice;

    beforeAll(async () => {
      await open('rcv', 'quick.yaml');
      link = await wire.far.within(() => openPacketLink(wire.phone, systemClock));
      vlan = await wire.far.within(() => openVoiceVlan({ link, vlan: 110, clock: systemClock }));
    });
    afterAll(async () => {
      await wire.far.within(() => vlan?.close());
      await link?.close();
      await close();
    });

    it('udhcpc, and curl with the address it got', async (context) => {
      needs(context, 'udhcpc', 'udhcpc');
      const { status, stderr } = await udhcpc(vlan.interfaceName);
      expect(status, stderr).toBe(0);
      expect(lease()).toMatchObject({ opt150: '0a6e0001' });
      const words = ['-sS', '--noproxy', '*', `http://10.110.0.1:6970/${configuration}`];
      expect((await wire.client('curl', words)).stdout).toContain('<callManagerGroup>');
      expect(factsOf('dhcp').at(-1)).toMatchObject({ messageType: 'ACK', vlan: 110 });
    });

    it('isc-dhcp-client', async (context) => {
      needs(context, 'dhclient', 'isc-dhcp-client');
      const { status, stderr } = await dhclient(vlan.interfaceName, '-1', '-v');
      expect(status, stderr).toBe(0);
      expect(lease()).toMatchObject({ new_tftp_servers: '10.110.0.1' });
      expect((await dhclient(vlan.interfaceName, '-r')).status).toBe(0);
    });
  });
});
