import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { halfDoneIn } from '../../src/casefile/half-done.ts';
import { leftOpen } from '../../src/casefile/left-open.ts';
import { caseExport, caseList, caseShow } from '../../src/commands/case.ts';
import type { Entry } from '../../src/documents/transcript.ts';
import { capture } from '../commands/capture.ts';
import { header, newStore, tickingClock, vm } from './sample-case.ts';

const group = vm.id.replace(/\/providers\/.*$/, '');
const snapshot = `${group}/providers/Microsoft.Compute/snapshots/cordon-web01-os`;
const nic = `${group}/providers/Microsoft.Network/networkInterfaces/web01-nic`;
const lockGroup = { id: `${group}/providers/Microsoft.Network/networkSecurityGroups/cordon-c-web01` };
const intentOf = (id: string, method: string, path: string, body: unknown = null) => ({
  id,
  action: 'an.action',
  step: 'export',
  playbook: 'export-disk',
  record: 'r1',
  request: { method, url: `https://management.azure.com${path}?api-version=1`, apiVersion: '1', body },
  clientRequestId: `request-${id}`,
});
const asked = { durationInSeconds: 14_400 };
const begins = intentOf('1', 'POST', `${snapshot}/beginGetAccess`, asked);
const ends = intentOf('2', 'POST', `${snapshot}/endGetAccess`);

/** Entries of a record: intents, and outcomes as [intent, ok]. */
function entriesOf(of: readonly (ReturnType<typeof intentOf> | [string, boolean | null])[]): Entry[] {
  return of.map((one, index) => ({
    seq: index,
    at: '2026-11-23T02:20:00.000Z',
    actor: 'cordon',
    prev: '',
    hash: '',
    ...(Array.isArray(one) ? { kind: 'outcome', body: { intent: one[0], ok: one[1] } } : { kind: 'intent', body: one }),
  })) as Entry[];
}

describe('leftOpen', () => {
  const text = (of: Parameters<typeof entriesOf>[0]) => leftOpen(entriesOf(of)).map((one) => one.text);
  const access = 'cordon-web01-os may be read by a signed address, until 2026-11-23T06:20:00.000Z at the latest';

  it('names access that was given and not ended, also where neither outcome is known', () => {
    expect(text([begins, ['1', true]])).toEqual([access]);
    expect(text([begins])).toEqual([access]);
    expect(text([begins, ['1', true], ends])).toEqual([access]);
    expect(text([begins, ['1', true], ends, ['2', false]])).toEqual([access]);
  });

  it('names nothing that was refused, or ended', () => {
    expect(text([begins, ['1', false]])).toEqual([]);
    expect(text([begins, ['1', true], ends, ['2', true]])).toEqual([]);
  });

  it.each([
    ['PATCH', snapshot, { properties: { networkAccessPolicy: 'AllowAll' } }, /may be open to export/],
    ['PUT', `${vm.id}/runCommands/cordon-c-net-1`, null, /run command cordon-c-net-1 may be there/],
    ['PUT', nic, { properties: { networkSecurityGroup: lockGroup } }, /web01-nic may be behind cordon-c-web01/],
    [
      'PUT',
      `${snapshot}/providers/Microsoft.Authorization/locks/cordon-evidence`,
      null,
      /web01-os may have a management/,
    ],
    ['POST', `${vm.id}/deallocate`, null, /web01 may be switched off/],
  ])('names what %s %s may have left', (method, path, body, told) => {
    expect(text([intentOf('1', method, path, body)])).toEqual([expect.stringMatching(told)]);
  });
});

describe('halfDoneIn', () => {
  it('tells what was sent to an address that cannot be decoded, as it is written', async () => {
    const odd = { ...intentOf('1', 'PUT', `${nic}%zz`), record: undefined };
    const found = await halfDoneIn({ id: 'a case', vm }, entriesOf([odd as never]), () => [], new Date(0));
    expect(found.map((one) => one.text)).toEqual([expect.stringMatching(/^PUT web01-nic%zz for web01 was sent/)]);
  });
});

describe('a deadline', () => {
  const pending = () => [{ record: 'r1', step: 'lock', playbook: 'lock-nsg', at: '2026-11-23T02:35:00.000Z' }];
  const lock = intentOf('1', 'PUT', nic, { properties: { networkSecurityGroup: lockGroup } });
  const told = async (of: Parameters<typeof entriesOf>[0]) =>
    (await halfDoneIn({ id: 'a case', vm }, entriesOf(of), pending, new Date('2026-11-23T03:00:00Z'))).map(
      ({ kind }) => kind,
    );

  it('is overdue where a change was sent, whatever became of it', async () => {
    expect(await told([lock])).toContain('overdue');
    expect(await told([lock, ['1', true]])).toContain('overdue');
  });

  it('is none where the process ended before the first change, or every change was refused', async () => {
    expect(await told([])).toEqual([]);
    expect(await told([lock, ['1', false]])).toEqual([]);
  });
});

describe('a case whose process died in an export', () => {
  it('says first that a signed address may be open, and what ends it: shown, listed, and in its notes', async () => {
    const store = await newStore();
    const file = await store.create({ vmName: vm.name, header });
    await file.transcript.append('intent', 'cordon', begins);
    await file.transcript.append('outcome', 'cordon', {
      intent: '1',
      status: 200,
      ok: true,
      requestId: '',
      correlationId: '',
      durationSeconds: 0,
    });
    await file.release();
    const options = { root: store.root, now: tickingClock('2026-11-23T02:30:00.000Z') };
    const line = `▲ export on web01 was begun and not brought to its end: cordon-web01-os may be read by a signed address, until 2026-11-23T06:2\\S+ at the latest. To end it: cordon undo ${file.id} --yes`;
    const said = async (run: (streams: ReturnType<typeof capture>['streams']) => Promise<number>) => {
      const { streams, out } = capture();
      await run(streams);
      return out();
    };
    const shown = await said((streams) => caseShow(file.id, options, streams));
    expect(shown.split('\n')[2]).toMatch(new RegExp(`^${line}$`));
    const listed = await said((streams) => caseList(options, streams));
    expect(listed.split('\n')[1]).toMatch(new RegExp(`^ {2}${line}$`));
    const document = await said((streams) => caseShow(file.id, { ...options, json: true }, streams));
    const command = `cordon undo ${file.id} --yes`;
    expect(JSON.parse(document).halfDone).toMatchObject([{ kind: 'unverified', command }]);
    const notes = await said((streams) => caseExport(file.id, { ...options, format: 'markdown' }, streams));
    expect(await readFile(notes.trim(), 'utf8')).toMatch(/may be read by a signed address/);
  });
});
