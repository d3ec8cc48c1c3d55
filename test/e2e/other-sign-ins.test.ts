import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
import { cordon, program, root } from './cordon.ts';
import { type LoopbackAzure, openLoopbackAzure } from './signed-in/loopback-azure.ts';
import { application, userCode } from './signed-in/stand-in-entra.ts';
import { TerminalProgram } from './terminal.ts';

const posix = process.platform !== 'win32';
const patience = 15_000;
/** Both audiences are needed for it. */
const kql = ['kql', 'SecurityEvent | count', '--vm', 'web01', '--hours', '240'];
const note = 'note: of the last 240 hours, which --hours changes\n';
const { tenantId } = builtInWorld().caller;
const claims = '{"access_token":{"acrs":{"essential":true,"values":["p1"]}}}';
const audiences = ['https://management.azure.com', 'https://api.loganalytics.io'];

describe.runIf(posix)('without az, a sign-in', () => {
  let azure: LoopbackAzure;
  beforeAll(async () => {
    azure = await openLoopbackAzure();
  });
  afterAll(async () => {
    await azure.close();
  });
  const signedIn = (auth: string, env: Record<string, string> = {}) =>
    cordon([...kql, '--auth', auth], { ...azure.env({ az: false }), ...env });

  it.each([
    [
      'device-code',
      `Sign in: open https://login.microsoft.com/device and enter ${userCode} (within 15 minutes); Ctrl-C gives up`,
    ],
    ['browser', 'Sign in: a browser opens on this computer. Where there is none: --auth device-code; Ctrl-C gives up'],
  ])('by %s asks the person once, on stderr, and serves all clients', async (auth, asks) => {
    const { code, stdout, stderr } = await signedIn(auth);
    expect(stderr).toBe(`${asks}\n${note}`);
    expect(code).toBe(0);
    expect(stdout).toContain('1 row');
    const asked = azure.entra.asked().map(({ grant }) => grant);
    expect(asked.filter((grant) => grant === 'devicecode' || grant === 'authorization_code')).toHaveLength(1);
    expect(asked.filter((grant) => grant === 'refresh_token')).toHaveLength(1);
  });

  it('by the environment acts as the application, and tells a wrong secret from none', async () => {
    const set = { AZURE_CLIENT_ID: application.id, AZURE_TENANT_ID: tenantId, AZURE_CLIENT_SECRET: application.secret };
    const right = await signedIn('environment', set);
    expect(right).toMatchObject({ code: 0, stderr: note });
    expect(azure.entra.asked().map(({ grant, tenant }) => [grant, tenant])).toEqual(
      audiences.map(() => ['client_credentials', tenantId]),
    );
    const wrong = await signedIn('environment', { ...set, AZURE_CLIENT_SECRET: 'other' });
    expect(wrong.code).toBe(3);
    expect(wrong.stderr).toMatch(/^cordon: the secret .* is wrong or has expired \(AADSTS7000215\); renew/);
    const none = await signedIn('environment');
    expect(none.code).toBe(3);
    expect(none.stderr).toMatch(/^cordon: the environment names no service principal; set AZURE_TENANT_ID/);
  });

  it('by the identity of the VM asks the metadata service, and says when none answers', async () => {
    const there = await signedIn('managed-identity', { AZURE_POD_IDENTITY_AUTHORITY_HOST: azure.imds.url });
    expect(there).toMatchObject({ code: 0, stderr: note });
    expect(azure.imds.asked()).toEqual(audiences);
    const other = { AZURE_POD_IDENTITY_AUTHORITY_HOST: azure.imds.url, AZURE_CLIENT_ID: application.id };
    const none = await signedIn('managed-identity', other);
    expect(none.code).toBe(3);
    expect(none.stderr).toMatch(/^cordon: no managed identity answers here; .*az login/);
  });

  it('by a browser says what to do where none can be opened', async () => {
    const { code, stderr } = await signedIn('browser', { PATH: '/nonexistent' });
    expect(code).toBe(3);
    expect(stderr.split('\n')[1]).toBe('cordon: no browser can be opened here: sign in with --auth device-code');
  });
});

describe.runIf(posix)('on a jump host whose VM has an identity', () => {
  let azure: LoopbackAzure;
  beforeAll(async () => {
    azure = await openLoopbackAzure();
  });
  afterAll(async () => {
    await azure.close();
  });
  const env = (az: boolean) => ({ ...azure.env({ az }), AZURE_POD_IDENTITY_AUTHORITY_HOST: azure.imds.url });

  it('a person who is signed in acts, and the VM is not asked', async () => {
    expect((await cordon(kql, env(true))).code).toBe(0);
    expect(azure.imds.asked()).toEqual([]);
    expect(azure.azStarts().map(({ resource }) => resource)).toEqual(audiences);
  });

  it('the VM acts where nobody is signed in', async () => {
    expect((await cordon(kql, env(false))).code).toBe(0);
    expect(azure.imds.asked()).toEqual(audiences);
  });
});

describe.runIf(posix)('a sign-in that waits for a person', () => {
  let azure: LoopbackAzure;
  let terminal: TerminalProgram | undefined;
  beforeAll(async () => {
    azure = await openLoopbackAzure({
      entra: { entersCode: false },
      faults: [
        {
          match: { method: 'GET', path: '/virtualMachines/web01\\?' },
          times: 1,
          effect: {
            status: 401,
            code: 'InvalidAuthenticationToken',
            message: 'The token lacks claims.',
            headers: { 'www-authenticate': `Bearer error="insufficient_claims", claims="${btoa(claims)}"` },
          },
        },
      ],
    });
  });
  afterAll(async () => {
    terminal?.end();
    await azure.close();
  });

  it('is on the terminal before the workbench, and over its frames when Azure wants more later', async () => {
    terminal = new TerminalProgram(process.execPath, [program, '--auth', 'device-code'], {
      columns: 80,
      rows: 24,
      cwd: root,
      env: { ...azure.env({ az: false }), NO_COLOR: undefined, CI: undefined },
    });
    await terminal.until(`/device and enter ${userCode}`, patience);
    expect(terminal.alternate).toBe(false);
    azure.entra.enterCode();
    await terminal.until(/❯. web01 /, patience);
    expect(azure.entra.asked().filter(({ grant }) => grant === 'devicecode')).toHaveLength(1);
    terminal.type('\r');
    await terminal.until(`Sign in: open https://login.microsoft.com/device and enter ${userCode}`, patience);
    expect(terminal.alternate).toBe(true);
    const codes = azure.entra.asked().filter(({ grant }) => grant === 'devicecode');
    expect(codes.map(({ claims }) => claims).join()).toContain('"acrs"');
    azure.entra.enterCode();
    await terminal.until((screen) => !screen.includes(userCode) && screen.includes('Windows Server 2019'), patience);
    terminal.type('q');
  });

  it('ends with Ctrl-C', async () => {
    const child = spawn(process.execPath, [program, ...kql, '--auth', 'device-code'], {
      env: { ...process.env, ...azure.env({ az: false }) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise((resolve) => child.on('close', (_code, signal) => resolve(signal)));
    await new Promise<void>((resolve) =>
      child.stderr.on('data', (text) => String(text).includes(userCode) && resolve()),
    );
    child.kill('SIGINT');
    expect(await ended).toBe('SIGINT');
  });
});
