/**
 * One of our servers alone, as the peers are: `node serve-alone.mjs dhcp|tftp INTERFACE PLAN`. The interface has its addresses
 * already. What a run or `linkpulse services` watches on the wire beside it is left out.
 */
import { openUdpPort } from '../../dist/network/socket-ports.js';
import { loadPlan } from '../../dist/plan/load-plan.js';
import { startDhcpServer } from '../../dist/services/dhcp-server.js';
import { startTftpServer } from '../../dist/services/tftp-server.js';
import { systemClock } from '../../dist/timeline/clock.js';

const [, , which, interfaceName, planPath] = process.argv;
const servers = { dhcp: startDhcpServer, tftp: startTftpServer };
const ip = {
  interfaceName,
  bindUdp: ({ address = '0.0.0.0', port }) => openUdpPort({ interfaceName, address, port }),
};
servers[which]({ plan: loadPlan(planPath).plan, ip, clock: systemClock, faults: new Set(), tell: () => {} });
process.on('SIGTERM', () => process.exit(0));
