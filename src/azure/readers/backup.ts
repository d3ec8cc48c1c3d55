import type { BackupStatusResponse } from '@azure/arm-recoveryservicesbackup';
import { booleanAt, instantAt, type Json, numberAt, textAt } from '../../arm/json.ts';
import { parseResourceId, type ResourceId, shortName } from '../../arm/resource-id.ts';
import type { Fact } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { Backup, RecoveryPoint, VaultSecurity, VirtualMachine } from '../../documents/triage.ts';
import type { Connection } from '../client/connection.ts';
import { isForbidden, unknownFrom, whyOf } from '../client/failure.ts';
import { kqlString, withLiterals } from '../client/kql-literal.ts';
import { loadQuery } from '../client/load-query.ts';
import { rawBody } from '../client/raw-body.ts';
import { queryGraph } from '../client/resource-graph.ts';

const source = 'Azure Backup · backupStatus';
const pointsSource = 'Azure Backup · recovery points';
const vaultSource = 'Resource Graph · resources (vaults)';
/** More points than a policy of 9,999 daily ones would be no policy; what is beyond is said. */
const mostPoints = 2000;

/** Names of one protected item, as Azure gave them. */
interface ItemNames {
  vault: ResourceId;
  fabric: string;
  container: string;
  item: string;
}

/** "AppConsistent" -> "application". */
export function consistencyOf(type: string): RecoveryPoint['consistency'] {
  if (/^app/i.test(type)) return 'application';
  if (/^file/i.test(type)) return 'file-system';
  return /^crash/i.test(type) ? 'crash' : 'unknown';
}

async function readPoints(
  connection: Connection,
  vm: VirtualMachine,
  { vault, fabric, container, item }: ItemNames,
): Promise<Backup['points']> {
  try {
    const client = await connection.backup(vm.subscriptionId);
    const points: RecoveryPoint[] = [];
    let more = false;
    for await (const point of client.recoveryPoints.list(vault.name, vault.resourceGroup, fabric, container, item)) {
      if (points.length >= mostPoints) {
        more = true;
        break;
      }
      const { properties } = point;
      if (!properties || !('recoveryPointTime' in properties) || !properties.recoveryPointTime) continue;
      const tiers = 'recoveryPointTierDetails' in properties ? (properties.recoveryPointTierDetails ?? []) : [];
      points.push({
        id: point.name ?? shortName(point.id ?? ''),
        at: properties.recoveryPointTime.toISOString(),
        consistency: consistencyOf(textAt(properties, 'recoveryPointType')),
        tiers: tiers.filter(({ status }) => status === 'Valid').map(({ type }) => type ?? ''),
        expiresAt: instantAt(properties, 'recoveryPointProperties', 'expiryTime'),
        softDeleted: booleanAt(properties, 'recoveryPointProperties', 'isSoftDeleted') === true,
      });
    }
    return known(
      points.sort((a, b) => b.at.localeCompare(a.at)),
      {
        source: pointsSource,
        asOf: connection.clock.now().toISOString(),
        coverage: `the points that ${vault.name} still keeps`,
        notSeen: more ? [`points older than the newest ${mostPoints}`] : [],
      },
    );
  } catch (error) {
    return unknownFrom(error, pointsSource, {
      permission: 'Microsoft.RecoveryServices/Vaults/…/recoveryPoints/read',
      role: 'Backup Reader',
      scope: vault.name,
    });
  }
}

async function readVaultSecurity(
  connection: Connection,
  vault: string,
  subscriptionId: string,
  signal: AbortSignal | undefined,
): Promise<Fact<VaultSecurity>> {
  const cure = `ask the customer for Reader on the vault ${shortName(vault)}`;
  try {
    const query = withLiterals(await loadQuery('vault-security'), { _vault: kqlString(vault) });
    const { rows } = await queryGraph(connection, query, [subscriptionId], signal);
    const [row] = rows;
    if (!row)
      return unknown('hidden', `the vault ${shortName(vault)} is not to be seen in Resource Graph`, cure, vaultSource);
    const settings = row.security;
    return known(
      {
        softDelete: textAt(settings, 'softDeleteSettings', 'softDeleteState'),
        softDeleteDays: numberAt(settings, 'softDeleteSettings', 'softDeleteRetentionPeriodInDays') ?? null,
        immutability: textAt(settings, 'immutabilitySettings', 'state'),
        multiUserAuthorization: textAt(settings, 'multiUserAuthorization'),
      },
      {
        source: vaultSource,
        asOf: connection.clock.now().toISOString(),
        coverage: `security settings of ${shortName(vault)}`,
      },
    );
  } catch (error) {
    return unknownFrom(error, vaultSource, {
      permission: 'Microsoft.RecoveryServices/vaults/read',
      role: 'Reader',
      scope: shortName(vault),
    });
  }
}

/** What the item's own answer says; times of 2001-01-01 stand for "never". */
type OwnState = Pick<Backup, 'state' | 'lastBackupAt' | 'lastBackupStatus' | 'lastPointAt' | 'policy' | 'softDeleted'>;

function stateOf(item: Json): OwnState {
  const deleted = booleanAt(item, 'properties', 'isScheduledForDeferredDelete') === true;
  return {
    state: textAt(item, 'properties', 'protectionState'),
    lastBackupAt: instantAt(item, 'properties', 'lastBackupTime'),
    lastBackupStatus: textAt(item, 'properties', 'lastBackupStatus'),
    lastPointAt: instantAt(item, 'properties', 'lastRecoveryPoint'),
    policy: textAt(item, 'properties', 'policyName') || shortName(textAt(item, 'properties', 'policyId')),
    softDeleted: deleted
      ? { remaining: textAt(item, 'properties', 'deferredDeleteTimeRemaining') || 'an unknown time' }
      : null,
  };
}

/** A backup item, by what Azure calls it. */
interface NamedItem {
  vaultId: string;
  fabric: string;
  container: string;
  item: string;
}

/** The item that `backupStatus` names; undefined when it says that none protects the VM. */
function namedBy(status: BackupStatusResponse): NamedItem | undefined {
  const {
    vaultId = '',
    fabricName: fabric = 'Azure',
    containerName: container = '',
    protectedItemName: item = '',
  } = status;
  return vaultId === '' || status.protectionStatus === 'NotProtected'
    ? undefined
    : { vaultId, fabric, container, item };
}

const notListed = 'whether a vault still keeps a deleted backup of this VM: Resource Graph did not answer';

/**
 * The item that Resource Graph lists. Microsoft's pages do not say whether `backupStatus` names an item that was deleted
 * and is still kept ("Check backup status"; RecoveryServices specification, BackupStatusResponse; read 2026-11-29): a
 * deleted backup must not look like none.
 */
async function keptItem(
  connection: Connection,
  vm: VirtualMachine,
  signal?: AbortSignal,
): Promise<NamedItem | 'unread' | undefined> {
  try {
    const query = withLiterals(await loadQuery('kept-backup'), { _machine: kqlString(vm.id) });
    const { rows } = await queryGraph(connection, query, [vm.subscriptionId], signal);
    const path =
      /^(.*\/vaults\/[^/]+)\/backupFabrics\/([^/]+)\/protectionContainers\/([^/]+)\/protectedItems\/([^/]+)$/i;
    const [, vaultId, fabric, container, item] = path.exec(textAt(rows[0], 'id')) ?? [];
    return vaultId && fabric && container && item ? { vaultId, fabric, container, item } : undefined;
  } catch {
    return 'unread';
  }
}

/**
 * Is the VM protected, when was it last backed up, to which points can it go back, and can the vault be emptied?
 * The vault and the item's names come from Azure's own answer: Microsoft's pages disagree on how they are built.
 */
export async function readBackup(
  connection: Connection,
  vm: VirtualMachine,
  signal?: AbortSignal,
): Promise<Fact<Backup>> {
  const notProtected = unknown('absent', 'this VM is not protected by a vault', 'enable Azure Backup', source);
  const none: Backup = {
    protected: false,
    vault: '',
    vaultName: '',
    policy: '',
    state: '',
    lastBackupAt: null,
    lastBackupStatus: '',
    lastPointAt: null,
    container: '',
    item: '',
    softDeleted: null,
    points: notProtected,
    vaultSecurity: notProtected,
    lastGood: notProtected,
  };
  try {
    const client = await connection.backup(vm.subscriptionId);
    const status = await client.backupStatus.get(vm.location, { resourceType: 'VM', resourceId: vm.id });
    const about = { source, asOf: connection.clock.now().toISOString(), coverage: 'every vault of the subscription' };
    const kept = namedBy(status) ?? (await keptItem(connection, vm, signal));
    if (kept === 'unread') return known(none, { ...about, notSeen: [notListed] });
    if (!kept) return known(none, about);
    const { vaultId, fabric, container, item } = kept;
    const vault = parseResourceId(vaultId);
    if (!vault) {
      return unknown(
        'damaged',
        `Azure names a vault that cordon cannot read: ${vaultId.slice(0, 200)}`,
        'look at the vault in the portal',
        source,
      );
    }
    const vaultName = shortName(vaultId);
    const names: ItemNames = { vault, fabric, container, item };
    const [answer, points, security] = await Promise.all([
      rawBody((options) =>
        client.protectedItems.get(vault.name, vault.resourceGroup, names.fabric, container, item, {
          onResponse: (response) =>
            options.onResponse({ status: response.status, bodyAsText: response.bodyAsText ?? null }),
        }),
      ).catch((error: unknown) => ({ failure: error })),
      readPoints(connection, vm, names),
      readVaultSecurity(connection, vaultId, vm.subscriptionId, signal),
    ]);
    if ('failure' in answer) {
      const what = isForbidden(answer.failure) ? 'no permission to read the vault' : 'the vault did not answer';
      return unknown(
        whyOf(answer.failure),
        `protected in ${vaultName}, but when it was last backed up is not known: ${what}`,
        `ask the customer for Backup Reader on ${vaultName}`,
        source,
      );
    }
    const own = stateOf(answer);
    return known(
      {
        ...none,
        ...own,
        // The points themselves know best.
        lastPointAt: (points.state === 'known' ? points.value[0]?.at : undefined) ?? own.lastPointAt,
        protected: true,
        vault: vaultId,
        vaultName,
        policy: status.policyName || own.policy,
        container,
        item,
        points,
        vaultSecurity: security,
        lastGood: unknown(
          'not-asked',
          'failed logons, alerts and the activity log have not all answered yet',
          'wait',
          source,
        ),
      },
      about,
    );
  } catch (error) {
    return unknownFrom(error, source, {
      permission: 'Microsoft.RecoveryServices/locations/backupStatus/action',
      role: 'Backup Reader',
      scope: 'the subscription',
    });
  }
}
