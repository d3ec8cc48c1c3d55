import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCaseStore } from '../../src/casefile/case-store.ts';
import { caseVerify } from '../../src/commands/case.ts';

describe('case verify --evidence', () => {
  let root: string;
  let id: string;
  let image: string;
  const bytes = Buffer.from('the bytes of a disk');

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'cordon-images-'));
    const operator = { upn: 'anna', oid: '' };
    const header = { toolVersion: '0', tenantId: '', subscriptionId: '', operator, demo: true, cloud: 'public' };
    const file = await openCaseStore(root).create({
      vmName: 'web01',
      header: { ...header, vm: { id: '/x', name: 'web01' } },
    });
    id = file.id;
    mkdirSync(join(file.directory, 'images'));
    image = join(file.directory, 'images', 'os.vhd');
    writeFileSync(image, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const evidence = await file.evidence.writeJson('disk-image', { file: image, bytes: bytes.length, sha256 });
    const about = { name: 'disk-image', state: 'known' as const, summary: '', source: 'playbook', coverage: '' };
    await file.transcript.append('fact', 'anna', { ...about, notSeen: [], evidence });
    await file.close('anna');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  async function verified(evidence: boolean, folder = root): Promise<{ code: number; said: string }> {
    let said = '';
    const stream = { write: (text: string) => (said += text) };
    const code = await caseVerify(id, { root: folder, evidence }, { stdout: stream, stderr: stream });
    return { code, said };
  }

  it('says that an image is as it was exported', async () => {
    const { code, said } = await verified(true);
    expect(said).toContain('os.vhd is as it was exported');
    expect(code).toBe(0);
  });

  it('finds one byte that was changed, and does not look without being asked', async () => {
    writeFileSync(image, Buffer.from('the bytes of a disc'));
    const { code, said } = await verified(true);
    expect(said).toContain('its SHA-256 does not match');
    expect(code).toBe(6);
    expect((await verified(false)).code).toBe(0);
  });

  it('names a blob that it does not read, and says what was found where it is read', async () => {
    const file = 'https://account.blob.core.windows.net/disks/os.vhd';
    const open = await openCaseStore(root).open(id);
    const evidence = await open.evidence.writeJson('disk-blob', { file, bytes: 19, sha256: 'ab'.repeat(32) });
    const about = { name: 'disk-blob', state: 'known' as const, summary: '', source: 'playbook', coverage: '' };
    await open.transcript.append('fact', 'anna', { ...about, notSeen: [], evidence });
    await open.close('anna');
    const { code, said } = await verified(true);
    expect(said).toContain(`${file} is a blob, which was not read: its SHA-256 was abab`);
    expect(code).toBe(0);
    for (const [because, wanted] of [
      ['', 0],
      ['is missing', 6],
    ] as const) {
      let read = '';
      const stream = { write: (text: string) => (read += text) };
      const options = { root, evidence: true, readBlob: async () => because };
      expect(await caseVerify(id, options, { stdout: stream, stderr: stream })).toBe(wanted);
      expect(read).toContain(`${file} ${because === '' ? 'is as it was uploaded' : because}`);
    }
  });

  it('names an image that is missing, and one that is shorter', async () => {
    writeFileSync(image, bytes.subarray(1));
    expect((await verified(true)).said).toContain(`has ${bytes.length - 1} bytes, not ${bytes.length}`);
    rmSync(image);
    const { code, said } = await verified(true);
    expect(said).toContain('is missing');
    expect(code).toBe(6);
  });

  it('finds the images of a case that was moved', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'cordon-images-'));
    renameSync(join(root, id), join(elsewhere, id));
    expect((await verified(true, elsewhere)).code).toBe(0);
    rmSync(elsewhere, { recursive: true });
  });
});
