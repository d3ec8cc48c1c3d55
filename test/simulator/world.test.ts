import { describe, expect, it } from 'vitest';
import { parseWorld, WorldError } from '../../src/simulator/world.ts';

const sub = '/subscriptions/11111111-2222-3333-4444-555555555555';
const vmId = `${sub}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm1`;
const least = { schema: 'cordon.world/1', now: '2026-11-23T02:20:11Z', resources: [{ id: vmId }] };

function failure(text: string): WorldError {
  try {
    parseWorld(text, 'w.json');
  } catch (error) {
    if (error instanceof WorldError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('parseWorld', () => {
  it('completes what a file may leave out', () => {
    const world = parseWorld(JSON.stringify(least), 'w.json');
    expect(world.resources[0]).toMatchObject({ name: 'vm1', type: 'Microsoft.Compute/virtualMachines' });
    expect(world.subscriptions).toEqual([
      { subscriptionId: sub.slice(15), displayName: sub.slice(15), tenantId: world.caller.tenantId },
    ]);
    expect(world.tables).toEqual({});
    expect(world.backup).toEqual({ protectedItems: [], recoveryPoints: {}, jobs: [] });
    expect(world.denied).toEqual([]);
    expect(world.caller.upn).toContain('@');
  });

  it('reads a file with a byte order mark, and counts its lines alike', () => {
    expect(parseWorld(`\ufeff${JSON.stringify(least)}`, 'w.json').now).toBe(least.now);
    expect(failure('\ufeff{\n"schema": 1\n}').line).toBe(2);
  });

  it('keeps unknown types, unknown fields and the case of ids', () => {
    const odd = {
      id: `${sub.toUpperCase()}/resourcegroups/RG/providers/Contoso.Odd/things/T`,
      kind: 'x',
      properties: { a: [1] },
    };
    const world = parseWorld(JSON.stringify({ ...least, comment: 'mine', resources: [odd] }), 'w.json');
    expect(world.resources).toEqual([{ ...odd, name: 'T', type: 'Contoso.Odd/things' }]);
  });

  it('derives type and name of child and extension resources', () => {
    const lock = `${vmId}/providers/Microsoft.Authorization/locks/keep`;
    const extension = `${vmId}/extensions/AMA`;
    const group = `${sub}/resourceGroups/rg`;
    const resources = [lock, extension, group, sub].map((id) => ({ id }));
    const world = parseWorld(JSON.stringify({ ...least, resources }), 'w.json');
    expect(world.resources.map(({ name, type }) => [name, type])).toEqual([
      ['keep', 'Microsoft.Authorization/locks'],
      ['AMA', 'Microsoft.Compute/virtualMachines/extensions'],
      ['rg', 'Microsoft.Resources/resourceGroups'],
      [sub.slice(15), 'Microsoft.Resources/subscriptions'],
    ]);
  });

  it('takes an instance view as Resource Graph prints it', () => {
    const instanceView = { statuses: [{ code: 'PowerState/running' }] };
    const vm = { id: vmId, properties: { extended: { instanceView } } };
    const world = parseWorld(JSON.stringify({ ...least, resources: [vm] }), 'w.json');
    expect(world.resources[0]?.properties?.instanceView).toEqual(instanceView);
  });

  it('moves backup items from the resources to Azure Backup', () => {
    const vault = `/Subscriptions/${sub.slice(15)}/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v`;
    const item = `${vault}/backupFabrics/Azure/protectionContainers/c/protectedItems/i`;
    const resources = [{ id: vmId }, { id: item }, { id: `${item.toLowerCase()}/recoveryPoints/1` }];
    const world = parseWorld(JSON.stringify({ ...least, resources }), 'w.json');
    expect(world.resources.map(({ id }) => id)).toEqual([vmId]);
    expect(world.backup.protectedItems.map(({ id }) => id)).toEqual([item]);
    expect(world.backup.recoveryPoints[item]).toHaveLength(1);
  });

  it('completes Resource Graph rows from their ids', () => {
    const id = `${vmId}/patchAssessmentResults/latest`;
    const world = parseWorld(JSON.stringify({ ...least, tables: { patchassessmentresources: [{ id }] } }), 'w.json');
    expect(world.tables.patchassessmentresources?.[0]).toEqual({
      id,
      name: 'latest',
      type: 'microsoft.compute/virtualmachines/patchassessmentresults',
      subscriptionId: sub.slice(15),
      resourceGroup: 'rg',
    });
  });

  it.each<[string, string, number, RegExp]>([
    ['an empty file', '', 1, /expected a value, found the end of the file/],
    ['text that ends early', '{\n"schema": "cordon.world/1",\n', 3, /field name/],
    ['a comma too many', '{\n"resources": [\n1,\n]}', 4, /a value/],
    ['a list', '[]', 1, /a world/],
    ['another schema', '{\n\n"schema": "cordon.world/2", "now": "x", "resources": []}', 3, /"cordon\.world\/1"/],
    ['a local time', '{"schema": "cordon.world/1",\n"now": "2026-11-23 02:20", "resources": []}', 2, /UTC time/],
    [
      'no resources',
      '{"schema": "cordon.world/1", "now": "2026-11-23T02:20:11Z"}',
      1,
      /a list of resources, found nothing/,
    ],
    ['a field misspelt', '{"schema": "cordon.world/1",\n"resource": []}', 2, /the field "resources", found "resource"/],
  ])('names file, line and what was expected: %s', (_, text, line, expected) => {
    const error = failure(text);
    expect(error.message).toMatch(expected);
    expect(error.message).toMatch(new RegExp(`^w\\.json:${line}: expected `));
    expect(error.message).not.toContain('\n');
    expect(error).toMatchObject({ file: 'w.json', line });
  });

  const lines = (value: unknown): string => JSON.stringify({ ...least, ...(value as object) }, null, 1);
  const lineOf = (text: string, part: string): number => text.split('\n').findIndex((line) => line.includes(part)) + 1;

  it.each<[string, object, string, RegExp]>([
    ['an id that is none', { resources: [{ id: vmId }, { id: 'vm2' }] }, '"vm2"', /a resource id such as/],
    ['an id twice', { resources: [{ id: vmId }, { id: vmId.toUpperCase() }] }, vmId.toUpperCase(), /resources\[0\]/],
    ['properties as text', { resources: [{ id: vmId, properties: 'x' }] }, '"properties"', /an object, found "x"/],
    ['a row that is a number', { tables: { Syslog: [{}, 5] } }, '   5', /a row/],
    ['a table misspelt', { tables: { SecurityEvents: [] } }, 'SecurityEvents', /the table "SecurityEvent"/],
    ['a denial that is no action', { denied: ['write'] }, '"write"', /an action such as/],
    ['a column type', { schemas: { T: { c: 'text' } } }, '"text"', /a column type: string, int/],
    ['a backup field', { backup: { protecteditem: [] } }, 'protecteditem', /"protectedItems"/],
  ])('points into the file: %s', (_, value, part, expected) => {
    const text = lines(value);
    const error = failure(text);
    expect(error.message).toMatch(expected);
    expect(error.line).toBe(lineOf(text, part));
  });

  it('keeps hostile text out of its message and its message short', () => {
    const text = lines({ resources: [{ id: `\u001b]0;owned\u0007\u202e${'A'.repeat(5000)}` }] });
    const error = failure(text);
    expect(error.message).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(error.message.length).toBeLessThan(800);
  });

  it('refuses a bottomless resource instead of running out of stack', () => {
    const deep = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
    const text = `{"schema":"cordon.world/1","now":"2026-11-23T02:20:11Z","resources":[{"id":"${vmId}","properties":${deep}}]}`;
    expect(failure(text).message).toMatch(/levels/);
  });
});
