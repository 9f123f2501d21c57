// Fills the disk of the folder given with entries, lets go of some, and goes on; tells what happened, one line each.
import { openOutbox } from '../../dist/fleet/outbox.js';

const [folder] = process.argv.slice(2);
const outbox = await openOutbox({
  folder,
  plant: 'plant',
  station: 's',
  wallClock: () => new Date(),
  log: console.log,
});
const append = async (message) => {
  const event = { event: 'run-failed', port: 'p', code: 'X', message };
  return outbox.append({ kind: 'event', at: '2026-11-23T03:15:02.000Z', event });
};
const fill = async () => {
  for (let count = 0; count < 1_000; count += 1) {
    try {
      await append('x'.repeat(1_500));
    } catch (error) {
      return error.code;
    }
  }
  return 'never full';
};
console.log(await fill(), outbox.last > 3);
await outbox.confirm(outbox.last - 1);
const before = outbox.last;
console.log((await append('again')) === before + 1);
console.log(await fill());
for (let seq = outbox.confirmed + 1; seq <= outbox.last; seq += 1) JSON.parse((await outbox.read(seq)).text);
console.log('all whole');
