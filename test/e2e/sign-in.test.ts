import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scanDocument, triageDocument } from '../../src/documents/triage.ts';
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
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

  it('reads the failed logons with tokens of exactly the audiences that Azure has, and az is started once for each', async () => {
    const { code, stdout, stderr } = await cordon(['triage', 'web01', '--hours', '240', '--json'], azure.env());
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { logons } = triageDocument.parse(JSON.parse(stdout));
    expect(logons).toMatchObject({ state: 'known' });
    expect(logons.state === 'known' ? logons.value.bursts.length : 0).toBeGreaterThan(0);
    // Once for each audience, whatever the number of clients.
    expect(
      azure
        .azStarts()
        .map(({ resource }) => resource)
        .sort(),
    ).toEqual(['https://api.loganalytics.io', 'https://management.azure.com']);
  });

  it('says in doctor who acts, through what, and that another tenant was asked for', async () => {
    const { tenantId, upn } = builtInWorld().caller;
    const asked = await cordon(['doctor', '--tenant', 'fabrikam.com', '--vm', 'web01'], azure.env());
    expect(azure.azStarts()[0]?.tenant).toBe('fabrikam.com');
    expect(asked.stdout).toContain(`${upn} in tenant ${tenantId}, public cloud, through Azure CLI`);
    expect(asked.stdout).toContain(`whether tenant ${tenantId} is fabrikam.com could not be told`);
    azure.azStarts();
  });

  it.each([
    [
      ['--cloud', 'usgov'],
      ['https://management.usgovcloudapi.net', 'https://api.loganalytics.us'],
    ],
    [
      ['--cloud', 'china'],
      ['https://management.chinacloudapi.cn', 'https://api.loganalytics.azure.cn'],
    ],
    [
      [
        ...['--cloud', 'custom', '--endpoint', 'https://management.azure.com', '--authority', 'https://login.example'],
        ...['--audience', 'https://management.core.windows.net/', '--logs-endpoint', 'https://api.loganalytics.us/'],
      ],
      ['https://management.core.windows.net/', 'https://api.loganalytics.us'],
    ],
  ])('asks for the audiences of the cloud: %j', async (cloud, audiences) => {
    const { code, stdout } = await cordon(
      ['kql', 'SecurityEvent | count', '--vm', 'web01', '--hours', '240', ...cloud],
      azure.env(),
    );
    expect(code).toBe(0);
    expect(stdout).toContain('1 row');
    expect(azure.azStarts().map(({ resource }) => resource)).toEqual(audiences);
  });

  it('signs in to a custom cloud for the audience that was given, and says what that cloud lacks', async () => {
    const custom = ['--cloud', 'custom', '--endpoint', 'https://management.azure.com/', '--auth', 'cli'];
    const named = ['--authority', 'https://login.example', '--audience', 'https://management.core.windows.net/'];
    const { code, stderr } = await cordon(['kql', 'Heartbeat', '--vm', 'web01', ...custom, ...named], azure.env());
    expect(stderr).toContain('no Log Analytics endpoint: where the cloud has it: --logs-endpoint');
    expect(code).toBe(5);
    expect(azure.azStarts()).toEqual([{ resource: 'https://management.core.windows.net/', tenant: '' }]);
    const wrong = await cordon(['scan', '--cloud', 'custom', '--endpoint', 'http://arm.example']);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--cloud custom needs') });
    const stray = await cordon(['scan', '--endpoint', 'https://arm.example']);
    expect(stray).toMatchObject({ code: 2, stderr: expect.stringContaining('belong to --cloud custom') });
  });

  const trace = 'Trace ID: 0 Correlation ID: 0a0b0c0d-1111-4222-8333-444455556666 Timestamp: 2026-11-23 02:20:11Z';
  it.each([
    [
      'an expired sign-in, which the SDK calls none',
      `ERROR: AADSTS700082: The refresh token has expired due to inactivity. ${trace}\nInteractive authentication is needed. Please run:\naz login`,
      /^cordon: the sign-in has expired \(AADSTS700082\).*az login/,
      2,
    ],
    [
      'a Conditional Access policy',
      `ERROR: AADSTS53003: Access has been blocked by Conditional Access policies. ${trace}`,
      /^cordon: a Conditional Access policy .*0a0b0c0d-1111-4222-8333-444455556666.*Sign-in logs/,
      1,
    ],
    ['nobody signed in', "ERROR: Please run 'az login' to setup account.", /^cordon: not signed in.*az login/, 2],
  ])('tells %s in its first line, with the cure', async (_what, says, line, starts) => {
    const { code, stderr, stdout } = await cordon(['triage', 'web01'], azure.env({ says }));
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr.split('\n')[0]).toMatch(line);
    expect(azure.azStarts()).toHaveLength(starts);
  });

  it('counts no VMs where none could be listed', async () => {
    const says = `ERROR: AADSTS50057: The user account is disabled. ${trace}`;
    const text = await cordon(['scan'], azure.env({ says }));
    expect(text.stdout).toMatch(/^\? The VMs could not be listed: the account is disabled \(AADSTS50057\)/);
    expect(text.code).toBe(3);
    const json = await cordon(['scan', '--json'], azure.env({ says }));
    expect(scanDocument.parse(JSON.parse(json.stdout))).toMatchObject({
      vms: [],
      notListed: { why: 'not-signed-in', because: 'the account is disabled (AADSTS50057)' },
    });
    azure.azStarts();
  });

  it('names the setting for a certificate of a proxy in between', async () => {
    const { code, stderr } = await cordon(['triage', 'web01'], azure.env({ trusted: false }));
    expect(stderr.split('\n')[0]).toMatch(/^cordon: a proxy on the way .*NODE_EXTRA_CA_CERTS/);
    expect(code).toBe(3);
    azure.azStarts();
  });
});

describe.runIf(posix)('a sign-in without a second factor', () => {
  let azure: LoopbackAzure;
  beforeAll(async () => {
    const world = builtInWorld();
    azure = await openLoopbackAzure({ world: { ...world, caller: { ...world.caller, amr: ['pwd'] } } });
  });
  afterAll(async () => {
    await azure.close();
  });
  const lock = ['run', 'lock-nsg', '--vm', 'web01', '--allow', '198.51.100.20'];

  it('is told in the plan, before the first step', async () => {
    const { stdout } = await cordon([...lock, '--dry-run'], azure.env());
    expect(stdout).toContain('no second factor went into this sign-in');
    expect(stdout).toContain(`az login --tenant ${builtInWorld().caller.tenantId}`);
  });

  it('is refused with the whole line that signs in with one, and nothing has changed', async () => {
    const { stdout } = await cordon([...lock, '--yes', '--confirm', 'web01'], azure.env());
    const claims = Buffer.from('{"access_token":{"acrs":{"essential":true,"values":["p1"]}}}').toString('base64');
    expect(stdout).toContain(
      `az login --tenant ${builtInWorld().caller.tenantId} --scope https://management.azure.com/.default --claims-challenge ${claims}\n`,
    );
    expect(azure.simulator.mutations()).toEqual([]);
  });
});
