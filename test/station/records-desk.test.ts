/** The station's questions about past runs, with workers that do what bad ones do. */
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { createRecordsDesk, type RecordsDesk } from '../../src/station/records/desk.js';
import type { RecordsQuestion } from '../../src/station/records/question.js';

const desks: RecordsDesk[] = [];
afterEach(() => {
  for (const desk of desks.splice(0)) desk.close();
});
const deskOf = (script: string): RecordsDesk => {
  const desk = createRecordsDesk({ runsDirectory: '/runs', command: [process.execPath, '-e', script] });
  desks.push(desk);
  return desk;
};
const question: RecordsQuestion = { kind: 'runs', search: { verdict: 'fail' } };
const ask = (desk: RecordsDesk, signal = new AbortController().signal) => desk.ask(question, signal);
const onOrder = (script: string) => `process.once('message', (order) => { ${script} })`;

test('a worker is told folder and question; its answer comes as it was written', async () => {
  const desk = deskOf(onOrder('process.stdout.write(JSON.stringify(order), () => process.disconnect())'));
  expect(JSON.parse(await text(await ask(desk)))).toEqual({ runsDirectory: '/runs', question });
});

test('a refusal is the error it was; a worker that dies without a word is INTERNAL', async () => {
  const refusal = { code: 'RECORD_UNREADABLE', detail: 'no such run', remedy: 'name another' };
  const refusing = deskOf(onOrder(`process.send(${JSON.stringify(refusal)}, () => process.exit(1))`));
  await expect(ask(refusing)).rejects.toMatchObject(refusal);
  await expect(ask(deskOf(onOrder('process.kill(process.pid, "SIGKILL")')))).rejects.toMatchObject({
    code: 'INTERNAL',
    detail: expect.stringContaining('SIGKILL'),
  });
});

test('an answer that breaks off ends as an error, not as a short answer', async () => {
  const answer = await ask(deskOf(onOrder('process.stdout.write("[1,", () => process.exit(1))')));
  await expect(text(answer)).rejects.toMatchObject({ code: 'INTERNAL' });
});

test('two work at a time, twenty wait, more are refused; who goes away ends his worker or leaves the line', async () => {
  const desk = deskOf('setInterval(() => {}, 1_000)');
  const asked = Array.from({ length: 22 }, () => {
    const gone = new AbortController();
    return { gone, answer: ask(desk, gone.signal).catch((error) => error) };
  });
  await expect(ask(desk)).rejects.toMatchObject({ code: 'RECORDS_BUSY' });
  for (const { gone } of asked) gone.abort();
  expect(await Promise.all(asked.map(({ answer }) => answer))).toEqual(
    asked.map(() => expect.objectContaining({ code: 'INTERNAL' })),
  );
});

test('a program that is not there is told, and takes no place', async () => {
  const desk = createRecordsDesk({ runsDirectory: '/runs', command: ['/no/such/program'] });
  for (let index = 0; index < 3; index += 1) await expect(ask(desk)).rejects.toThrow('ENOENT');
});
