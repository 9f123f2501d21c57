import { afterAll, describe, expect, it } from 'vitest';
import { createReportThread } from '../../src/reports/report-thread.js';

const thread = createReportThread();
afterAll(() => thread.close());

describe('the thread that makes reports', () => {
  it('says of each folder what is wrong with it, and goes on', async () => {
    const asked = ['/nowhere/one', '/nowhere/two'].map((folder) => thread.write({ folder }));
    for (const [index, answer] of asked.entries())
      await expect(answer).rejects.toMatchObject({
        code: 'RECORD_UNREADABLE',
        detail: expect.stringContaining(index === 0 ? '/nowhere/one' : '/nowhere/two'),
      });
  });

  it('starts anew after it was closed', async () => {
    await thread.close();
    await expect(thread.write({ folder: '/nowhere/three' })).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' });
  });
});
