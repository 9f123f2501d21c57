/** SIP REGISTERs a second under sipp (package sip-tester): ours beside kamailio, A B A B in one run; plain, digest, TCP. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { plansDirectory, root } from '../helpers/linkpulse.js';
import { median } from './measure.js';
import { type BenchWire, openBenchWire, type ServerUse } from './wire.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const cores = { client: 0, server: 1 };
const address = '10.110.0.11';
const atOnce = 100;
/** Registrations of one measurement, each one or two REGISTERs. */
const registrations = 40_000;
/** An interpreter becomes fast on the way; what is measured is a server that has run for a while. */
const warmUp = 10_000;

const kinds = [
  { name: 'UDP', digest: false, transport: 'u1' },
  { name: 'UDP, digest', digest: true, transport: 'u1' },
  { name: 'TCP', digest: false, transport: 't1' },
] as const;
type Kind = (typeof kinds)[number];

const register = (cseq: number, more: string): string => `  <send retrans="500"><![CDATA[
REGISTER sip:[remote_ip] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:10[call_number]@[remote_ip]>;tag=[pid]t[call_number]
To: <sip:10[call_number]@[remote_ip]>
Call-ID: [call_id]
CSeq: ${cseq} REGISTER
Contact: <sip:10[call_number]@[local_ip]:[local_port];transport=[transport]>
${more}Expires: 3600
Content-Length: 0

]]></send>
`;
const scenario = (digest: boolean): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="register">\n${register(1, '')}${
    digest ? `  <recv response="401" auth="true"/>\n${register(2, '[authentication]\n')}` : ''
  }  <recv response="200"/>\n</scenario>\n`;

const kamailioConfiguration = (digest: boolean): string =>
  `debug=-3
log_stderror=yes
fork=no
children=1
tcp_children=1
auto_aliases=no
listen=udp:${address}:5060
listen=tcp:${address}:5060
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
modparam("usrloc", "db_mode", 0)
request_route {
  if ($rm != "REGISTER") { sl_send_reply("405", "Method Not Allowed"); exit; }
${digest ? '  if (!pv_www_authenticate("ccmsipline", "secret", "0")) { www_challenge("ccmsipline", "0"); exit; }\n' : ''}  save("location");
  exit;
}
`;

const prepare = (wire: BenchWire): void => {
  for (const digest of [true, false]) {
    writeFileSync(join(wire.directory, `${digest}.xml`), scenario(digest));
    writeFileSync(join(wire.directory, `${digest}.cfg`), kamailioConfiguration(digest));
    const plan = readFileSync(join(plansDirectory, 'quick-no-voice-vlan.yaml'), 'utf8')
      .replace('protocol: SCCP', 'protocol: SIP')
      .replaceAll('port: 2000', 'port: 5060')
      .replace(
        /^deadlines:/m,
        `sip: { transport: udp, expires: 1h, digest: ${digest ? '{ user: phone, password: secret }' : 'none'} }\n\ndeadlines:`,
      );
    writeFileSync(join(wire.directory, `${digest}.yaml`), plan);
  }
};

const contestants = [
  {
    name: 'linkpulse services',
    command: (wire: BenchWire, { digest }: Kind) =>
      `${process.execPath} ${join(root, 'dist/main.js')} services --json --risk-second-dhcp-server --interface ${wire.serverInterface} --plan ${digest}.yaml`,
  },
  {
    name: 'kamailio',
    command: (wire: BenchWire, { digest }: Kind) =>
      `bash -c 'ip address replace ${address}/16 dev ${wire.serverInterface}; exec kamailio -DD -E -f ${digest}.cfg -Y ${wire.directory}'`,
  },
] as const;

interface Result extends ServerUse {
  readonly perSecond: number;
}

const measure = async (wire: BenchWire, contestant: (typeof contestants)[number], kind: Kind): Promise<Result> => {
  const server = await wire.serve(contestant.command(wire, kind), cores.server);
  const sipp = async (count: number) => {
    const began = performance.now();
    const said = await wire.client(
      `sipp ${address}:5060 -sf ${kind.digest}.xml -au phone -ap secret -i 10.110.0.2 -t ${kind.transport} -r 100000 -rp 1000 -l ${atOnce} -m ${count} -nostdin -timeout 60s -timeout_error; echo exit $?`,
      cores.client,
    );
    if (!/^exit 0$/m.test(said)) throw new Error(`${contestant.name}, ${kind.name}: ${said.slice(-1500)}`);
    return (performance.now() - began) / 1000;
  };
  // sipp takes a while to begin: only what more registrations cost counts.
  await sipp(warmUp);
  const few = await sipp(500);
  const many = await sipp(500 + registrations);
  return { perSecond: (registrations * (kind.digest ? 2 : 1)) / (many - few), ...(await server.stop()) };
};

test('SIP REGISTER', async () => {
  const wire = await openBenchWire({ server: '10.110.0.1', client: '10.110.0.2' });
  try {
    prepare(wire);
    for (const kind of kinds) {
      const results = contestants.map(() => [] as Result[]);
      for (let round = 0; round < rounds; round += 1)
        for (const [index, contestant] of contestants.entries())
          results[index]?.push(await measure(wire, contestant, kind));
      const rates = results.map((each) => median(each.map(({ perSecond }) => perSecond)));
      console.log(`${kind.name}, REGISTERs a second, median of ${rounds}:`);
      for (const [index, { name }] of contestants.entries()) {
        const use = results[index]?.at(-1);
        console.log(
          `  ${name.padEnd(20)} ${(rates[index] ?? 0).toFixed(0).padStart(6)}   ratio ${((rates[index] ?? 0) / (rates[1] ?? 1)).toFixed(2)}${index === 0 ? `   ${use?.cpuSeconds.toFixed(2)} s CPU, ${use?.peakMegabytes.toFixed(0)} MB` : ''}`,
        );
      }
    }
  } finally {
    await wire.close();
  }
});
