// The phone's process of wire-real.test.ts: its own network namespace, commands on stdin, one answer a line on stdout.
import { createInterface } from 'node:readline';
import { createPhoneWire } from '../../../dist/sim/phone/phone-wire.js';
import { systemClock } from '../../../dist/timeline/clock.js';

const mac = '00:12:da:db:d3:4e';
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
say({ waiting: true });
const wire = await createPhoneWire({ kind: 'real', interface: 'lpphone0' }, mac, systemClock);
let stack;
let heard = 0;
wire.onFrame(() => {
  heard += 1;
});

const commands = {
  link: ({ up }) => wire.setLink(up),
  frame: ({ hex }) => wire.sendFrame(Buffer.from(hex, 'hex')),
  attach: async (options) => {
    stack = await wire.attachIp(options);
  },
  detach: () => wire.detachIp(),
  udp: async ({ address, port, text }) => {
    const socket = await stack.udp(0);
    return new Promise((resolve) => {
      socket.onMessage((data, peer) => {
        socket.close();
        resolve({ text: Buffer.from(data).toString(), peer });
      });
      socket.send(Buffer.from(text), address, port);
    });
  },
  tcp: async ({ address, port, bytes }) => {
    try {
      const socket = await stack.connect(address, port, 3_000);
      socket.end(Buffer.alloc(bytes, 7));
      let echoed = 0;
      for await (const chunk of socket) echoed += chunk.length;
      return { echoed };
    } catch (error) {
      return { refused: error.code };
    }
  },
  heard: () => ({ heard }),
  close: () => wire.close(),
};

say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...more } = JSON.parse(line);
  say({ done: command, ...(await commands[command](more)) });
}
process.exit(0);
