import { expect, test } from 'vitest';
import { NetworkResources } from '../../src/network/resources.ts';

const ID = '/subscriptions/S/resourceGroups/RG/providers/Microsoft.Network/virtualNetworks/Vnet';

test('ids are found in any case, and the body added last counts, whatever its case', () => {
  const resources = new NetworkResources([{ id: ID, etag: 1 }]);
  for (const id of [ID, ID.toLowerCase(), ID.toUpperCase()]) expect(resources.get(id)?.etag).toBe(1);
  resources.add({ id: ID.toLowerCase(), etag: 2 });
  for (const id of [ID, ID.toLowerCase(), ID.toUpperCase()]) expect(resources.get(id)?.etag).toBe(2);
  resources.add({ id: ID, etag: 3 });
  for (const id of [ID, ID.toLowerCase(), ID.toUpperCase()]) expect(resources.get(id)?.etag).toBe(3);
  expect(resources.size).toBe(1);
});

test('types are told by the body or by the id; subnets are found inside their network, and alone', () => {
  const inside = { id: `${ID}/subnets/a`, properties: { addressPrefix: '10.0.0.0/24' } };
  const resources = new NetworkResources([
    { id: ID, properties: { subnets: [inside, { id: `${ID}/subnets/bare` }] } },
    { id: `${ID}/subnets/b`, properties: {} },
  ]);
  expect([...resources.ofType('microsoft.network/VIRTUALNETWORKS')]).toHaveLength(1);
  expect([...resources.ofType('Microsoft.Network/virtualNetworks/subnets')].map((one) => one.id)).toEqual([
    `${ID}/subnets/a`,
    `${ID}/subnets/b`,
  ]);
  expect(resources.childrenOf(ID.toUpperCase(), 'Microsoft.Network/virtualNetworks/subnets')).toHaveLength(2);
  expect(resources.get(`${ID}/subnets/bare`)).toBeUndefined();
});

test('what is no resource is counted, not thrown', () => {
  const resources = new NetworkResources([null, 7, 'x', [], {}, { id: 5 }, { id: '' }, { id: 'x'.repeat(3000) }]);
  expect([resources.size, resources.refused]).toEqual([1, 7]);
});

test('a network read again brings its subnets again', () => {
  const network = (nsg: string) => ({
    id: ID,
    properties: { subnets: [{ id: `${ID}/subnets/a`, properties: { networkSecurityGroup: { id: nsg } } }] },
  });
  const resources = new NetworkResources([network('old'), network('new')]);
  expect(resources.get(`${ID}/subnets/a`)?.properties).toEqual({ networkSecurityGroup: { id: 'new' } });
});
