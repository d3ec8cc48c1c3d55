import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { triageDocument } from '../../src/documents/triage.ts';
import { cordon } from './cordon.ts';
import { type LoopbackAzure, openLoopbackAzure } from './signed-in/loopback-azure.ts';

// The stand-in is a script with a first line for the system, which Windows does not read.
const posix = process.platform !== 'win32';

describe.runIf(posix)('cordon with az login and no simulator named', () => {
  let azure: LoopbackAzure;
  beforeAll(async () => {
    azure = await openLoopbackAzure();
  });
  afterAll(async () => {
    await azure.close();
  });

  it('reads the failed logons with a token of exactly the audience that Log Analytics has', async () => {
    const { code, stdout, stderr } = await cordon(['triage', 'web01', '--hours', '240', '--json'], azure.env());
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { logons } = triageDocument.parse(JSON.parse(stdout));
    expect(logons).toMatchObject({ state: 'known' });
    expect(logons.state === 'known' ? logons.value.bursts.length : 0).toBeGreaterThan(0);
    expect(new Set(azure.azStarts().map(({ resource }) => resource))).toEqual(
      new Set(['https://management.azure.com', 'https://api.loganalytics.io']),
    );
  });
});
