import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { BenchError } from '../../src/errors.js';
import type { Service } from '../../src/services/service.js';
import { startServices } from '../../src/services/services.js';
import type { ServiceFact } from '../../src/timeline/events.js';
import { dhcpOption, encodeDhcp } from '../../src/wire/dhcp.js';
import { benchPlan } from './bench-plan.js';
import { LoopbackAttachment } from './loopback-attachment.js';
import { ManualClock } from './manual-clock.js';
import { MemoryLink } from './memory-link.js';
import { TftpClient } from './tftp-client.js';
import { UdpClient } from './udp-client.js';

const discover = encodeDhcp({
  op: 1,
  xid: 1,
  broadcast: true,
  clientMac: '00:12:da:db:d3:4e',
  options: [dhcpOption.messageType('DISCOVER')],
});

describe('services together', () => {
  const link = new MemoryLink();
  const clock = new ManualClock();
  const facts: ServiceFact[] = [];
  let service: Service | undefined;

  const startOn = async (ip: LoopbackAttachment): Promise<Service> => {
    service = await startServices({
      plan: benchPlan(),
      link,
      ip,
      clock,
      faults: new Set(),
      tell: (fact) => facts.push(fact),
    });
    return service;
  };
  afterEach(async () => {
    await service?.close();
    service = undefined;
  });

  it('meets a phone on LLDP, CDP, DHCP, TFTP and SCCP, and with nothing any more after close', async () => {
    const ip = new LoopbackAttachment();
    const { close } = await startOn(ip);
    link.carrier(true);
    expect(link.sent, 'LLDP and CDP').toHaveLength(2);

    const phone = await UdpClient.open();
    ip.phonePort = phone.port;
    await phone.send(discover, await ip.realPort('udp', undefined, 67));
    await phone.next();
    const tftp = await TftpClient.open();
    const port = await ip.realPort('udp', '10.110.0.1', 69);
    expect((await tftp.fetch('SEP0012DADBD34E.cnf.xml', port)).error).toBeNull();
    const sccpPort = await ip.realPort('tcp', '10.110.0.2', 2000);
    const socket = net.connect(sccpPort, '127.0.0.1');
    await new Promise((resolve) => socket.on('connect', resolve));

    const ended = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => {});
    await close();
    await ended;
    expect(ip.openUdp.size).toBe(0);
    expect(clock.pending).toBe(0);
    link.carrier(false);
    link.carrier(true);
    expect(link.sent, 'LLDP and CDP, and the goodbye of LLDP').toHaveLength(3);
    phone.close();
    tftp.close();
  });

  it('closes what it has started when one service cannot start, and passes the error on', async () => {
    class NoPort67 extends LoopbackAttachment {
      override bindUdp(options: { readonly address?: string; readonly port: number }) {
        if (options.port === 67) throw new BenchError('NETWORK_PERMISSION', 'port 67');
        return super.bindUdp(options);
      }
    }
    const ip = new NoPort67();
    await expect(startOn(ip)).rejects.toMatchObject({ code: 'NETWORK_PERMISSION' });
    expect(ip.openUdp.size).toBe(0);
    const port = await ip.realPort('tcp', '10.110.0.2', 2000);
    const refused = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('connect', () => resolve(false));
      socket.on('error', () => resolve(true));
    });
    expect(refused).toBe(true);
  });
});
