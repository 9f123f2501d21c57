// The bench's process of wire-real.test.ts, in a private network: makes the veth pair, gives one end to the phone's
// process, tells what stood on the wire and what came of it as one line of JSON.
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { watchLink } from '../../../dist/os/link-watch.js';
import { openPacketSocket } from '../../../dist/os/packet-socket.js';
import { createPhoneWire } from '../../../dist/sim/phone/phone-wire.js';
import { systemClock } from '../../../dist/timeline/clock.js';

const benchMac = '02:00:00:00:00:01';
const bench = '10.110.0.1';
const phone = '10.110.0.20';

const ip = (words) => execFileSync('ip', words.split(' '), { env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` } });
ip('link set lo up');
ip('link add lpbench0 type veth peer name lpphone0');
const frames = [];
const carrier = [];
const child = spawn(
  'unshare',
  ['-n', process.execPath, fileURLToPath(new URL('wire-real.phone.mjs', import.meta.url))],
  {
    stdio: ['pipe', 'pipe', 'inherit'],
  },
);
const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const answer = async () => JSON.parse((await answers.next()).value);
await answer();
ip(`link set lpphone0 netns ${child.pid}`);
// The bench's side of the wire is made of the same parts, with another MAC.
const side = await createPhoneWire({ kind: 'real', interface: 'lpbench0' }, benchMac, systemClock);
const tap = openPacketSocket({
  interfaceName: 'lpbench0',
  clock: systemClock,
  seeOutgoing: false,
  onPacket: ({ bytes, checksumNotReady }) => frames.push({ hex: Buffer.from(bytes).toString('hex'), checksumNotReady }),
});
const watch = watchLink('lpbench0', systemClock, (up) => carrier.push(up));
await answer();
const ask = async (command, more = {}) => {
  child.stdin.write(`${JSON.stringify({ command, ...more })}\n`);
  return answer();
};

const udp = createSocket('udp4');
udp.on('message', (data, peer) => udp.send(`heard ${data}`, peer.port, peer.address));
const tcp = createServer((socket) => socket.on('error', () => {}).pipe(socket));

await side.setLink(true);
const story = {};
const deaf = `${'ff'.repeat(6)}0012dadbd34e88b5${'00'.repeat(46)}`;
await ask('frame', { hex: deaf });
await ask('link', { up: true });
await ask('frame', { hex: deaf });
await side.attachIp({ vlan: 110, address: bench, prefixLength: 24, router: null });
await new Promise((resolve) => udp.bind(6969, bench, resolve));
await new Promise((resolve) => tcp.listen(2000, bench, resolve));
await ask('attach', { vlan: 110, address: phone, prefixLength: 24, router: bench });
story.udp = await ask('udp', { address: bench, port: 6969, text: 'tagged' });
story.tcp = await ask('tcp', { address: bench, port: 2000, bytes: 20_000 });
story.refused = await ask('tcp', { address: bench, port: 2001, bytes: 1 });
story.tagged = frames.splice(0);
// Both ends untagged.
await side.attachIp({ vlan: null, address: bench, prefixLength: 24, router: null });
await ask('attach', { vlan: null, address: phone, prefixLength: 24, router: null });
story.untaggedUdp = await ask('udp', { address: bench, port: 6969, text: 'untagged' });
story.untagged = frames.splice(0);
await ask('link', { up: false });
await ask('frame', { hex: deaf });
await new Promise((resolve) => systemClock.alarm(200, resolve));
story.afterLinkDown = frames.splice(0);
story.carrier = carrier;
await ask('close');
process.stdout.write(JSON.stringify(story));
child.stdin.end();
watch.close();
tap.close();
await side.close();
process.exit(0);
