// Runs on the emulated Raspberry Pi 3 (run.sh): takes lines of the header as the daemon does, and reads what the pin
// controller's driver says of them.
import { strictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { openBoard } from './node_modules/linkpulse/dist/board/open-board.js';
import { describeGpio, openGpio } from './node_modules/linkpulse/dist/os/gpio/open-gpio.js';
import { systemClock } from './node_modules/linkpulse/dist/timeline/clock.js';

const say = (text) => process.stdout.write(`${text}\n`);
/** ` gpio-475 (GPIO17              |linkpulse           ) out hi ` */
const shown = (bcm) => {
  const row = readFileSync('/sys/kernel/debug/gpio', 'utf8')
    .split('\n')
    .find((line) => line.includes(`(GPIO${bcm} `));
  return row
    ?.replace(/^ gpio-\d+ \(GPIO\d+ +/, '')
    .replace(/\s+/g, ' ')
    .trim();
};
const seen = (bcm, expected) => {
  say(`BCM ${bcm}: ${shown(bcm)}`);
  strictEqual(shown(bcm), expected);
};

const { chosen, drivers } = await describeGpio();
say(`driver ${chosen}, chip ${drivers[chosen].chip.label} (${drivers[chosen].chip.path})`);
const request = {
  consumer: 'linkpulse',
  lines: {
    enable: { direction: 'out', line: 27, initially: false },
    ready: { direction: 'out', line: 17, initially: true },
    good: { direction: 'in', line: 24, bias: 'pull-down' },
  },
};
const lines = await openGpio(request, systemClock);
seen(27, '|linkpulse ) out lo');
seen(17, '|linkpulse ) out hi');
seen(24, '|linkpulse ) in lo IRQ');
lines.set('enable', true);
lines.set('ready', false);
seen(27, '|linkpulse ) out hi');
seen(17, '|linkpulse ) out lo');
const second = await openGpio(request, systemClock).catch((error) => error);
say(`a second owner: ${second.code}: ${second.message}`);
strictEqual(second.code, 'GPIO_BUSY');
lines.close();
seen(27, ')');

// The driver of the board's discrete lines, with no board on the header: nothing is ready, and nothing is asked for.
const { injector, path } = await openBoard({ driver: 'lines', board: null, profile: 1 }, systemClock);
say(`a board by the ${path}`);
seen(27, '|linkpulse ) out lo');
injector.heartbeat();
seen(22, '|linkpulse ) out hi');
injector.heartbeat();
seen(22, '|linkpulse ) out lo');
const refusal = await injector.identify().catch((error) => error);
say(`identify: ${refusal.code}: ${refusal.message}`);
strictEqual(refusal.code, 'BOARD_NOT_READY');
seen(27, '|linkpulse ) out lo');
await injector.close();
seen(22, ')');
