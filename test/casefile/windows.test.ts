import { describe, expect, it } from 'vitest';
import { type ReplaceSurroundings, replaceFile } from '../../src/casefile/replace-file.ts';
import { safeName } from '../../src/casefile/safe-name.ts';

/** A file system that refuses the first `times` with `code`, as Windows does while a process has the file open. */
function held(times: number, code: string, platform: NodeJS.Platform) {
  const seen = { tried: 0, waited: 0 };
  const surroundings: ReplaceSurroundings = {
    platform,
    async rename() {
      seen.tried += 1;
      if (seen.tried <= times) throw Object.assign(new Error(code), { code });
    },
    async pause(milliseconds) {
      seen.waited += milliseconds;
    },
  };
  return { seen, surroundings };
}

describe('a file that somebody has open', () => {
  it.each(['EPERM', 'EACCES', 'EBUSY'])('is replaced on Windows once it is let go (%s)', async (code) => {
    const { seen, surroundings } = held(3, code, 'win32');
    await replaceFile('a', 'b', surroundings);
    expect(seen.tried).toBe(4);
  });

  it('is given up within two seconds, with Windows’ own error', async () => {
    const { seen, surroundings } = held(1_000, 'EPERM', 'win32');
    await expect(replaceFile('a', 'b', surroundings)).rejects.toMatchObject({ code: 'EPERM' });
    expect(seen.waited).toBeLessThan(2_000);
  });

  it('is no reason to wait for another error, or on another system', async () => {
    for (const [code, platform] of [
      ['ENOSPC', 'win32'],
      ['EPERM', 'linux'],
      ['EACCES', 'darwin'],
    ] as const) {
      const { seen, surroundings } = held(1, code, platform);
      await expect(replaceFile('a', 'b', surroundings)).rejects.toMatchObject({ code });
      expect(seen).toEqual({ tried: 1, waited: 0 });
    }
  });
});

describe('a name that Windows takes for a device', () => {
  it.each(['con', 'NUL', 'aux.txt', 'COM1', 'lpt9.log', 'Prn'])('%s is none in a case’s folder', (name) => {
    const safe = safeName(name);
    expect(safe).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
    expect(safe.toLowerCase()).toContain(name.slice(0, 3).toLowerCase());
  });

  it.each(['console', 'com10x', 'nullable', 'web01'])('%s stays as it is', (name) => {
    expect(safeName(name)).toBe(name);
  });
});
