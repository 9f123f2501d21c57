// Appends to the outbox in the folder given until it is killed, and lets go of most of it; tells what it knows, one number a line.
import { writeSync } from 'node:fs';
import { openOutbox } from '../../dist/fleet/outbox.js';

const [folder, from] = process.argv.slice(2);
const outbox = await openOutbox({
  folder,
  plant: 'plant',
  station: 'station',
  wallClock: () => new Date(),
  log: (text) => writeSync(1, `log ${text}\n`),
});
writeSync(1, `opened ${outbox.id} ${outbox.confirmed} ${outbox.last}\n`);
for (let count = Number(from); ; count += 1) {
  const event = { event: 'run-failed', port: 'p', code: 'X', message: `${count} ${'x'.repeat(1_500)}` };
  const seq = await outbox.append({ kind: 'event', at: new Date().toISOString(), event });
  writeSync(1, `appended ${seq} ${count}\n`);
  if (count % 3 === 0) {
    await outbox.confirm(seq - (count % 2));
    writeSync(1, `confirmed ${seq - (count % 2)}\n`);
  }
}
