import { describe, expect, it } from 'vitest';
import { demandList } from '../../../src/azure/client/whole-list.ts';

const group = 'https://management.azure.com/subscriptions/s/resourceGroups/snapshots';
const inGroup = (path: string): string => `${group}/providers/${path}?api-version=2024-05-01`;

describe('demandList', () => {
  it.each([
    inGroup('Microsoft.Compute/snapshots'),
    inGroup('Microsoft.Compute/virtualMachines/web01/runCommands'),
    `${group}/providers/Microsoft.Compute/virtualMachines/web01/providers/Microsoft.Authorization/roleAssignments`,
    'https://management.azure.com/subscriptions?api-version=2022-12-01',
  ])('takes an empty list, and no answer without one: %s', (url) => {
    expect(() => demandList(url, '{"value" : []}')).not.toThrow();
    for (const text of ['{}', '', '{"nextLink":"x"}', '{"value":null}'])
      expect(() => demandList(url, text)).toThrow('no list');
  });

  it.each([
    group,
    inGroup('Microsoft.Compute/snapshots/snapshots'),
    inGroup('Microsoft.Compute/virtualMachines/web01/instanceView'),
    inGroup('Microsoft.Network/locations/westeurope/serviceTags'),
  ])('asks no list of what is none: %s', (url) => {
    expect(() => demandList(url, '{}')).not.toThrow();
  });
});
