import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openCaseStore } from '../../src/casefile/case-store.ts';
import { exportCase } from '../../src/casefile/write-export.ts';
import type { Entry } from '../../src/documents/transcript.ts';

/** A case that has been begun and closed, in a folder of its own which is gone when the file's tests are done. */
export async function begunCase() {
  const cases = mkdtempSync(join(tmpdir(), 'cordon-cases-'));
  afterAll(() => rmSync(cases, { recursive: true, force: true }));
  const store = openCaseStore(cases);
  const begun = await store.create({
    vmName: 'web01',
    header: {
      toolVersion: '0',
      tenantId: '',
      subscriptionId: '',
      operator: { upn: 'responder', oid: '' },
      demo: false,
      cloud: '',
      vm: { id: '', name: 'web01' },
    },
  });
  await begun.close();
  return {
    /** As a command takes it. */
    flags: { case: begun.id, cases },
    /** Its notes as Markdown. */
    async notes(): Promise<string> {
      const { file } = await exportCase(await store.read(begun.id), { format: 'markdown', now: () => new Date() });
      return readFile(file, 'utf8');
    },
    verify: async () => (await store.read(begun.id)).verify(),
    async entries(...kinds: Entry['kind'][]): Promise<Entry[]> {
      const found: Entry[] = [];
      for await (const entry of (await store.read(begun.id)).entries())
        if (kinds.includes(entry.kind)) found.push(entry);
      return found;
    },
  };
}
