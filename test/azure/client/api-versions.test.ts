import { describe, expect, it } from 'vitest';
import { createApiVersions } from '../../../src/azure/client/api-versions.ts';

const nic = (version: string) =>
  `https://management.usgovcloudapi.net/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n?api-version=${version}`;
const refused = (code: string, message: string) => JSON.stringify({ error: { code, message } });
const behind = refused(
  'NoRegisteredProviderFound',
  "No registered resource provider found for location 'usgovvirginia' and API version '2026-01-01' for type 'networkInterfaces'. The supported api-versions are '2014-12-01-preview, 2015-05-01-preview, 2024-05-01, 2024-07-01, 2025-09-01-preview'. The supported locations are 'usgovvirginia'.",
);

describe('an api-version that a cloud does not have', () => {
  it('is replaced by the newest final one that the cloud offers', () => {
    const versions = createApiVersions();
    expect(versions.offered(nic('2026-01-01'), 400, behind)).toBe(nic('2024-07-01'));
  });

  it('is replaced at once from then on, for that type alone', () => {
    const versions = createApiVersions();
    expect(versions.known(nic('2026-01-01'))).toBe(nic('2026-01-01'));
    versions.offered(nic('2026-01-01'), 400, behind);
    expect(versions.known(nic('2026-01-01'))).toBe(nic('2024-07-01'));
    expect(versions.known(nic('2025-01-01'))).toBe(nic('2025-01-01'));
    const disk = nic('2026-01-01').replace('Microsoft.Network/networkInterfaces', 'Microsoft.Compute/disks');
    expect(versions.known(disk)).toBe(disk);
  });

  it('is read from Resource Manager’s own sentence too, and a preview is better than nothing', () => {
    const list = 'https://management.azure.com/subscriptions?api-version=2099-01-01';
    const own = refused(
      'InvalidApiVersionParameter',
      "The api-version '2099-01-01' is invalid. The supported versions are '2022-12-01,2021-04-01'.",
    );
    expect(createApiVersions().offered(list, 400, own)).toBe(list.replace('2099-01-01', '2022-12-01'));
    const type = refused(
      'InvalidResourceType',
      "The resource type could not be found in the namespace 'Microsoft.Network' for api version '2026-01-01'. The supported api-versions are '2023-01-01-preview'.",
    );
    expect(createApiVersions().offered(nic('2026-01-01'), 404, type)).toBe(nic('2023-01-01-preview'));
  });

  it('is not what another refusal is about', () => {
    const versions = createApiVersions();
    expect(
      versions.offered(nic('2026-01-01'), 404, refused('ResourceNotFound', 'no such api-version')),
    ).toBeUndefined();
    expect(
      versions.offered(nic('2026-01-01'), 400, refused('InvalidResourceType', 'no api-version is named')),
    ).toBeUndefined();
    expect(versions.offered(nic('2024-07-01'), 400, behind)).toBeUndefined();
    expect(versions.offered(nic('2026-01-01'), 500, behind)).toBeUndefined();
  });
});
