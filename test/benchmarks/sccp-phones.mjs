/**
 * Phones that register at a CallManager by SCCP and say how long each took, as JSON: `node sccp-phones.mjs ADDRESS PHONES AT_ONCE`.
 * A registration is complete with the answer to the phone's last question, the time of day. It is a stall when it takes 500 ms.
 */
import { connect } from 'node:net';
import { encodeSccp, SccpFramer } from '../../dist/wire/sccp.js';

const [, , address, phones, atOnce] = process.argv;
const asks = ['VersionReq', 'ButtonTemplateReq', 'SoftKeyTemplateReq', 'SoftKeySetReq', 'ConfigStatReq', 'TimeDateReq'];
const sockets = new Set();

const register = (index) =>
  new Promise((resolve) => {
    const began = performance.now();
    const framer = new SccpFramer();
    const socket = connect(2000, address);
    const end = (how) => resolve({ how, ms: performance.now() - began });
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', (error) => end(error.code));
    socket.on('close', () => end('closed'));
    socket.on('connect', () => {
      const deviceName = `SEP${index.toString(16).toUpperCase().padStart(12, '0')}`;
      socket.write(
        encodeSccp('Register', { deviceName, stationAddress: '10.110.0.2', deviceType: 7, protocolVersion: 11 }),
      );
    });
    socket.on('data', (chunk) => {
      for (const { messageName } of framer.push(chunk)) {
        if (messageName === 'CapabilitiesReq') {
          socket.write(encodeSccp('CapabilitiesRes', { capabilities: '4:40,2:40' }));
          for (const name of asks) socket.write(encodeSccp(name));
        }
        if (messageName === 'DefineTimeDate') end('registered');
      }
    });
  });

const results = [];
let next = 1;
const began = performance.now();
await Promise.all(
  Array.from({ length: Number(atOnce) }, async () => {
    while (next <= Number(phones)) {
      const index = next;
      next += 1;
      results.push(await register(index));
    }
  }),
);
const tookMs = performance.now() - began;
const sorted = results.map(({ ms }) => ms).sort((left, right) => left - right);
const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
const failed = results.filter(({ how }) => how !== 'registered').length;
const stalled = sorted.filter((ms) => ms >= 500).length;
console.log(JSON.stringify({ tookMs, medianMs: at(0.5), p99Ms: at(0.99), maxMs: sorted.at(-1), failed, stalled }));
process.exit(0);
