import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { certificateFor } from '../e2e/signed-in/certificate.ts';

/*
 * The simulator against a client that nobody here wrote: Microsoft's Azure CLI, over TLS, in a cloud of its own, signed in
 * by the managed identity of an App Service. Where it is not installed there is nothing to run, and that is said.
 */
const az = process.env.CORDON_AZ ?? 'az';
const installed = spawnSync(az, ['version'], { stdio: 'ignore' }).status === 0;
if (!installed)
  process.stderr.write(
    'SKIPPED: the simulator against az. Install the Azure CLI, or name it in CORDON_AZ, and run npx vitest run test/simulator/az.test.ts\n',
  );

describe.skipIf(!installed)('az over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cordon-az-'));
  let simulator: Simulator;
  let env: NodeJS.ProcessEnv;

  /** What az prints as JSON; rejects with what it says when it fails. */
  const run = (...args: string[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const child = spawn(az, [...args, '--output', 'json', '--only-show-errors'], { env });
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk) => (out += String(chunk)));
      child.stderr.on('data', (chunk) => (err += String(chunk)));
      child.on('error', reject);
      child.on('close', (code) =>
        code === 0
          ? resolve(out.trim() === '' ? undefined : JSON.parse(out))
          : reject(new Error(`az ${args.join(' ')}: ${err.slice(-1500)}`)),
      );
    });

  beforeAll(async () => {
    const tls = certificateFor(['localhost']);
    simulator = await startSimulator({ world: builtInWorld(), tls, limits: 'none' });
    const certificate = join(folder, 'certificate.pem');
    writeFileSync(certificate, tls.cert);
    const url = `https://localhost:${simulator.port}`;
    env = {
      ...process.env,
      AZURE_CONFIG_DIR: join(folder, 'config'),
      AZURE_CORE_COLLECT_TELEMETRY: '0',
      REQUESTS_CA_BUNDLE: certificate,
      APPSETTING_WEBSITE_SITE_NAME: 'simulated',
      MSI_ENDPOINT: `${url}/msi/token`,
      MSI_SECRET: simulator.identityHeader,
      IDENTITY_ENDPOINT: `${url}/msi/token`,
      IDENTITY_HEADER: simulator.identityHeader,
    };
    const endpoints = {
      'resource-manager': url,
      management: url,
      'active-directory': url,
      'active-directory-resource-id': 'https://management.azure.com/',
      'active-directory-graph-resource-id': 'https://graph.windows.net/',
    };
    const named = Object.entries(endpoints).flatMap(([name, value]) => [`--endpoint-${name}`, value]);
    await run('cloud', 'register', '--name', 'simulated', ...named);
    await run('cloud', 'set', '--name', 'simulated');
    await run('login', '--identity');
  }, 300_000);
  afterAll(async () => {
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const shop = ['--resource-group', 'rg-shop'];
  const names = (listed: unknown): unknown[] =>
    Array.isArray(listed) ? listed.map((one: { name?: unknown }) => one.name) : [];

  it('reads machines, disks, groups of rules, vaults and the activity log', async () => {
    expect(names(await run('vm', 'list'))).toContain('shop01');
    expect(names(await run('disk', 'list', ...shop))).toContain('shop01-os');
    expect(names(await run('network', 'nsg', 'list'))).toContain('shop-nsg');
    const vault = ['--resource-group', 'rg-backup', '--vault-name', 'vault-eus'];
    expect(names(await run('backup', 'item', 'list', ...vault))).toContain('VM;iaasvmcontainerv2;rg-shop;shop01');
    const span = ['--start-time', '2026-11-01', '--end-time', simulator.now().toISOString()];
    expect(await run('monitor', 'activity-log', 'list', '--max-events', '2', ...span)).toHaveLength(2);
  }, 300_000);

  it('makes a snapshot, a rule and a backup, and takes the rule away', async () => {
    const made = await run('snapshot', 'create', ...shop, '--name', 'by-az', '--source', 'shop01-os');
    expect(made).toMatchObject({ name: 'by-az', provisioningState: 'Succeeded' });
    const rule = ['network', 'nsg', 'rule'];
    const named = [...shop, '--nsg-name', 'shop-nsg', '--name', 'by-az'];
    const closes = ['--priority', '100', '--access', 'Deny', '--destination-port-ranges', '3389'];
    expect(await run(...rule, 'create', ...named, ...closes)).toMatchObject({ access: 'Deny' });
    await run(...rule, 'delete', ...named);
    expect(names(await run(...rule, 'list', ...shop, '--nsg-name', 'shop-nsg'))).not.toContain('by-az');
    const item = ['--resource-group', 'rg-backup', '--vault-name', 'vault-eus', '--container-name', 'shop01'];
    const kind = ['--item-name', 'shop01', '--backup-management-type', 'AzureIaasVM'];
    const backup = await run('backup', 'protection', 'backup-now', ...item, ...kind, '--retain-until', '31-12-2026');
    expect(backup).toMatchObject({
      properties: { operation: 'Backup', status: expect.stringMatching(/InProgress|Completed/) },
    });
  }, 300_000);
});
