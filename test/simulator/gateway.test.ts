import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NetworkManagementClient } from '@azure/arm-network';
import { ManagedIdentityCredential } from '@azure/identity';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkFaults, FaultsError } from '../../src/simulator/faults.ts';
import { at } from '../../src/simulator/json.ts';
import type { SimulatorOptions } from '../../src/simulator/server.ts';
import { all, type Bench, openBench } from './sdk.ts';
import { group, ids, smallWorld, subscription } from './small-world.ts';

let bench: Bench;
afterEach(() => bench.simulator.close());

const open = async (options: Partial<SimulatorOptions> = {}) => {
  bench = await openBench({ world: smallWorld(), ...options });
};
const denying = (...denied: unknown[]) =>
  smallWorld((world) => {
    world.denied = denied;
  });
const nsg = `${ids.nsg}?api-version=2026-01-01`;

describe('identity', () => {
  it('gives tokens to the managed-identity credential of the SDK', async () => {
    await open();
    vi.stubEnv('IDENTITY_ENDPOINT', `${bench.simulator.url}/msi/token`);
    vi.stubEnv('IDENTITY_HEADER', bench.simulator.identityHeader);
    const credential = new ManagedIdentityCredential();
    const client = new NetworkManagementClient(credential, subscription, bench.options);
    expect((await client.networkSecurityGroups.get('rg-web', 'web01-nsg')).name).toBe('web01-nsg');
    const { token } = (await credential.getToken('https://management.azure.com/.default')) ?? { token: '' };
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ upn: 'responder@contoso.com', oid: expect.any(String), tid: expect.any(String) });
    vi.unstubAllEnvs();
  });

  it('speaks the older form too, and wants its header', async () => {
    await open();
    const url = `${bench.simulator.url}/msi/token?api-version=2017-09-01&resource=https://management.azure.com/`;
    const older = await (await fetch(url, { headers: { secret: bench.simulator.identityHeader } })).json();
    expect(at(older, 'expires_on')).toMatch(/^\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d \+00:00$/);
    expect((await fetch(url)).status).toBe(401);
  });

  it('refuses requests without a token, with a foreign one, with one for another service, with an expired one', async () => {
    await open();
    const ask = (authorization?: string) =>
      fetch(`${bench.simulator.url}${nsg}`, authorization === undefined ? {} : { headers: { authorization } });
    const missing = await ask();
    expect(missing.status).toBe(401);
    expect(missing.headers.get('www-authenticate')).toContain('Bearer authorization_uri=');
    expect(at(await missing.json(), 'error', 'code')).toBe('AuthenticationFailed');
    const foreign = await ask('Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln');
    expect(at(await foreign.json(), 'error', 'code')).toBe('InvalidAuthenticationToken');
    const { token } = (await bench.credential.getToken('https://api.loganalytics.io/.default')) ?? { token: '' };
    expect(at(await (await ask(`Bearer ${token}`)).json(), 'error', 'code')).toBe('InvalidAuthenticationTokenAudience');
    await bench.control('POST', '/simulator/faults', [{ times: 1, effect: { expireTokens: true } }]);
    expect(await bench.ask('GET', nsg)).toMatchObject({ status: 401, code: 'ExpiredAuthenticationToken' });
    expect((await bench.ask('GET', nsg)).status).toBe(200);
  });
});

describe('requests', () => {
  it('need a well-formed api-version', async () => {
    await open();
    expect(await bench.ask('GET', ids.nsg)).toMatchObject({ status: 400, code: 'MissingApiVersionParameter' });
    expect((await bench.ask('GET', `${ids.nsg}?api-version=latest`)).code).toBe('InvalidApiVersionParameter');
  });

  it('are answered with ids, the world’s time and what is left of the limits', async () => {
    await open();
    const { headers } = await bench.ask('GET', nsg, undefined, { 'x-ms-client-request-id': 'abc' });
    expect(headers.get('x-ms-client-request-id')).toBe('abc');
    expect(headers.get('x-ms-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('x-ms-correlation-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('x-ms-ratelimit-remaining-subscription-reads')).toMatch(/^\d+$/);
    expect(new Date(headers.get('date') ?? '').toISOString()).toMatch(/^2026-11-23T02:3/);
  });

  it('without a body are refused as such, also where a policy adds to what is written', async () => {
    const type = 'Microsoft.Network/networkSecurityGroups';
    const details = [{ field: `${type}/securityRules[*]`, value: { name: 'for-everyone' } }];
    const authorization = `${group}/providers/Microsoft.Authorization`;
    const definition = `${authorization}/policyDefinitions/d`;
    const entry = (id: string, kind: string, properties: Record<string, unknown>) => ({
      ...{ id, name: id.slice(id.lastIndexOf('/') + 1) },
      ...{ type: `Microsoft.Authorization/${kind}`, properties },
    });
    const policyRule = Object.fromEntries([
      ['if', { field: 'type', equals: type }],
      ['then', { effect: 'append', details }],
    ]);
    const world = smallWorld(({ resources }) => {
      (resources as unknown[]).push(
        entry(definition, 'policyDefinitions', { policyRule }),
        entry(`${authorization}/policyAssignments/a`, 'policyAssignments', { policyDefinitionId: definition }),
      );
    });
    await open({ world });
    expect((await bench.ask('PUT', nsg)).status).toBe(400);
  });

  it('for what is not there are refused in Azure’s words', async () => {
    await open();
    const version = '?api-version=2026-01-01';
    const cases: [string, string][] = [
      [`/subscriptions/00000000-0000-0000-0000-000000000001${version}`, 'SubscriptionNotFound'],
      [`${group}x${version}`, 'ResourceGroupNotFound'],
      [`${group}x/providers/Microsoft.Network/networkSecurityGroups/a${version}`, 'ResourceGroupNotFound'],
      [`${ids.nsg}x${version}`, 'ResourceNotFound'],
      [`${group}/providers/Nonsense.Here/things${version}`, 'InvalidResourceNamespace'],
    ];
    for (const [path, code] of cases) expect(await bench.ask('GET', path)).toMatchObject({ status: 404, code });
    expect((await bench.ask('GET', `${ids.nsg}x${version}`)).message).toBe(
      "The Resource 'Microsoft.Network/networkSecurityGroups/web01-nsgx' under resource group 'rg-web' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    );
  });

  it('of more than 4 MiB are refused', async () => {
    await open();
    const answer = await fetch(`${bench.simulator.url}${nsg}`, {
      method: 'PUT',
      body: 'x'.repeat(5 * 1024 * 1024),
    }).catch(() => undefined);
    // The connection may be gone before the answer is read; what counts is that nothing was taken in.
    expect([413, undefined]).toContain(answer?.status);
    expect(bench.simulator.mutations()).toEqual([]);
  });

  it('that are no JSON are refused', async () => {
    await open();
    const { token } = (await bench.credential.getToken('https://management.azure.com/.default')) ?? { token: '' };
    const answer = await fetch(`${bench.simulator.url}${nsg}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
      body: '{',
    });
    expect(at(await answer.json(), 'error', 'code')).toBe('InvalidRequestContent');
  });

  it('for lists are answered in pages with a link to the host that was asked', async () => {
    await open({ pageSize: 2 });
    const client = new NetworkManagementClient(bench.credential, subscription, bench.options);
    expect((await all(client.networkSecurityGroups.listAll())).map((each) => each.name)).toEqual([
      'web01-nsg',
      'subnet-nsg',
      'far-nsg',
    ]);
    const { body } = await bench.ask(
      'GET',
      `${group}/providers/Microsoft.Network/networkSecurityGroups?api-version=2026-01-01`,
    );
    expect(body.nextLink).toMatch(/^https:\/\/management\.azure\.com\/subscriptions\//);
  });

  it('list resources of a type, and a group’s', async () => {
    await open();
    const filter = encodeURIComponent(
      "resourceType eq 'Microsoft.Network/networkSecurityGroups' and name eq 'web01-nsg'",
    );
    const { body } = await bench.ask(
      'GET',
      `/subscriptions/${subscription}/resources?api-version=2025-04-01&$filter=${filter}`,
    );
    expect(body.value).toMatchObject([{ id: ids.nsg, location: 'westeurope' }]);
    const groups = await bench.ask('GET', `/subscriptions/${subscription}/resourcegroups?api-version=2025-04-01`);
    expect(groups.body.value).toMatchObject([{ name: 'rg-web' }]);
  });
});

describe('permissions', () => {
  it('are refused with the sentence of Resource Manager, and nothing is changed', async () => {
    await open({ world: denying('Microsoft.Network/networkSecurityGroups/write') });
    const answer = await bench.ask('PUT', nsg, { location: 'westeurope', properties: {} });
    expect(answer).toMatchObject({ status: 403, code: 'AuthorizationFailed' });
    expect(answer.message).toContain(`'Microsoft.Network/networkSecurityGroups/write' over scope '${ids.nsg}'`);
    expect(bench.simulator.mutations()).toEqual([]);
    expect((await bench.ask('GET', nsg)).status).toBe(200);
  });

  it('of a scope hold below it only; lists over a subscription leave out what may not be read', async () => {
    await open({ world: denying({ action: 'Microsoft.Network/*/read', scope: ids.nsg }) });
    expect((await bench.ask('GET', nsg)).status).toBe(403);
    expect((await bench.ask('GET', `${ids.subnetNsg}?api-version=2026-01-01`)).status).toBe(200);
    const list = await bench.ask(
      'GET',
      `/subscriptions/${subscription}/providers/Microsoft.Network/networkSecurityGroups?api-version=2026-01-01`,
    );
    expect(at(list.body, 'value')).toMatchObject([{ name: 'subnet-nsg' }, { name: 'far-nsg' }]);
  });

  it('are asked for linked resources too', async () => {
    await open({
      world: denying({ action: 'Microsoft.Network/networkSecurityGroups/join/action', scope: ids.subnetNsg }),
    });
    const { body } = await bench.ask('GET', `${ids.nic}?api-version=2026-01-01`);
    const properties = { ...(body.properties as object), networkSecurityGroup: { id: ids.subnetNsg } };
    const answer = await bench.ask('PUT', `${ids.nic}?api-version=2026-01-01`, { ...body, properties });
    expect(answer).toMatchObject({ status: 403, code: 'LinkedAuthorizationFailed' });
  });

  it('are told at a scope', async () => {
    await open({
      world: denying('Microsoft.Compute/snapshots/write', {
        action: 'Microsoft.Network/*/write',
        scope: `${ids.nsg}x`,
      }),
    });
    const path = `${ids.vm}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`;
    expect((await bench.ask('GET', path)).body.value).toMatchObject([
      { actions: ['*'], notActions: ['Microsoft.Compute/snapshots/write'] },
    ]);
  });

  it('stop at locks', async () => {
    await open();
    const lock = `${group}/providers/Microsoft.Authorization/locks/keep?api-version=2020-05-01`;
    expect((await bench.ask('PUT', lock, { properties: { level: 'ReadOnly' } })).status).toBe(201);
    expect(await bench.ask('POST', `${ids.vm}/deallocate?api-version=2026-04-01`)).toMatchObject({
      status: 409,
      code: 'ScopeLocked',
    });
    expect((await bench.ask('DELETE', lock)).status).toBe(200);
    expect((await bench.ask('POST', `${ids.vm}/deallocate?api-version=2026-04-01`)).status).toBe(202);
  });
});

describe('faults', () => {
  it('strike the requests that they name, as often as they say', async () => {
    await open({
      faults: checkFaults(
        [
          {
            match: { method: 'GET', path: 'web01-nsg' },
            after: 1,
            times: 1,
            effect: { status: 429, code: 'TooManyRequests', retryAfter: 7 },
          },
          { match: { operation: 'Microsoft.Network/networkInterfaces/read' }, effect: { drop: true } },
        ],
        'test',
      ),
    });
    expect((await bench.ask('GET', nsg)).status).toBe(200);
    const struck = await bench.ask('GET', nsg);
    expect(struck).toMatchObject({ status: 429, code: 'TooManyRequests' });
    expect(struck.headers.get('retry-after')).toBe('7');
    expect((await bench.ask('GET', nsg)).status).toBe(200);
    await expect(bench.ask('GET', `${ids.nic}?api-version=2026-01-01`)).rejects.toThrow();
  });

  it('can lose the answer to a change that was made', async () => {
    await open({ faults: checkFaults([{ match: { method: 'PATCH' }, times: 1, effect: { drop: 'answer' } }], 'test') });
    await expect(bench.ask('PATCH', nsg, { tags: { a: 'b' } })).rejects.toThrow();
    expect((await bench.ask('GET', nsg)).body.tags).toEqual({ a: 'b' });
    expect(bench.simulator.mutations()).toHaveLength(1);
  });

  it.each([
    [[{ effect: { explode: true } }], /0\.effect: expected one of/],
    [[{ effect: { status: 200, code: 'x' } }], /0\.effect\.status: Too small/],
    [[{ match: { path: '(' }, effect: { drop: true } }], /0\.match\.path: expected a regular expression/],
    [{ schema: 'cordon.faults/2', faults: [] }, /faults/],
    [[{ effect: { drop: true }, unknown: 1 }], /unknown/i],
  ])('are refused in one line when they are wrong', async (given, message) => {
    await open();
    expect(() => checkFaults(given, 'faults.json')).toThrow(FaultsError);
    expect(() => checkFaults(given, 'faults.json')).toThrow(message);
  });
});

describe('the log of mutations', () => {
  it('has every change with before, after and who asked, and no read', async () => {
    const file = join(tmpdir(), `mutations-${process.pid}-${Date.now()}.jsonl`);
    await open({ mutationLog: file });
    await bench.ask('GET', nsg);
    const headers = { 'x-ms-client-request-id': 'mine' };
    await bench.ask('PATCH', nsg, { tags: { a: 'b' } }, headers);
    await bench.ask('PUT', nsg, { location: 'westeurope', properties: { securityRules: [{ name: 'bad' }] } }, headers);
    const [mutation, ...others] = bench.simulator.mutations();
    expect(others).toEqual([]);
    expect(mutation).toMatchObject({
      seq: 1,
      method: 'PATCH',
      path: ids.nsg,
      apiVersion: '2026-01-01',
      clientRequestId: 'mine',
      caller: 'responder@contoso.com',
      status: 200,
      before: { id: ids.nsg },
      after: { id: ids.nsg, tags: { a: 'b' } },
    });
    expect(mutation?.before).not.toHaveProperty('tags');
    const text = await readFile(file, 'utf8');
    expect(JSON.parse(text.trim())).toEqual(mutation);
    expect(text).not.toMatch(/bearer|eyJ/i);
    expect(await bench.control('GET', '/simulator/mutations')).toEqual({ mutations: [mutation] });
    await rm(file);
  });
});
