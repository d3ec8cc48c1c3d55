import { dirname } from 'node:path';
import { type Json, numberAt, textAt } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { type ActionContext, type ActionPlan, nothingPlanned } from '../../playbook/action.ts';
import { preflight } from '../preflight/preflight.ts';
import { impossible, type Refusal, refusedPlan } from '../refused-plan.ts';
import { readPercentCopied } from '../snapshot/copied.ts';
import { isBlob, largestBlob, storedImage } from './blob-image.ts';
import { type Destination, destinationOf } from './destination.ts';
import { freeBytes, leavesOutZeros, partDone, wholeImage } from './image-file.ts';
import { type ExportSettings, type ExportState, exportSettings, type PlannedImage, sizeText } from './settings.ts';
import { hasAccess, isClosed } from './snapshot-access.ts';
import { candidates } from './snapshots-to-export.ts';

/** Bytes left free on the disk beside the images. */
const margin = 64 * 1024 * 1024;

/** Why a snapshot cannot be exported as it is, with the cure; "" when nothing is known against it. */
function obstacle(id: string, body: Json, percent: number | null, settings: ExportSettings): string {
  const name = shortName(id);
  const property = (key: string) => textAt(body, 'properties', key);
  const own = textAt(body, 'tags', 'cordon-case') !== '';
  if (!/^succeeded$/i.test(property('provisioningState') || 'succeeded')) {
    return `${name} is ${property('provisioningState')}: wait until Azure has made it.`;
  }
  if (percent !== null && percent < 100)
    return `Azure has copied ${percent} % of ${name}: it can be exported when that is 100 %.`;
  if (/^azureactivedirectory$/i.test(property('dataAccessAuthMode'))) {
    return `${name} wants a sign-in at the storage as well (dataAccessAuthMode AzureActiveDirectory), and cordon sends tokens to no storage. Copy it to a snapshot without it, or export it with azcopy.`;
  }
  if (/^allowprivate$/i.test(property('networkAccessPolicy')) && !settings.privateEndpoint) {
    const access = shortName(property('diskAccessId'));
    return `${name} can be read through the private endpoint of ${access || 'its disk access'} alone (networkAccessPolicy AllowPrivate): run this from its network, with privateEndpoint: true in the playbook.`;
  }
  if (!own && isClosed(body)) {
    return `${name} is closed to export (networkAccessPolicy DenyAll), and cordon did not take it. Its owner opens it: az snapshot update --ids ${id} --network-access-policy AllowAll --public-network-access Enabled`;
  }
  if (!own && /^disabled$/i.test(property('publicNetworkAccess')) && !settings.privateEndpoint) {
    return `${name} is closed to public networks (publicNetworkAccess Disabled), and cordon did not take it. Its owner opens it: az snapshot update --ids ${id} --public-network-access Enabled`;
  }
  return '';
}

function remarks(id: string, body: Json, percent: number | null): string[] {
  const said: string[] = [];
  const name = shortName(id);
  if (percent === null) {
    said.push(`Azure does not say how much of ${name} it has copied: it opens none for export before that is 100 %.`);
  }
  if (hasAccess(body)) {
    said.push(`${name} is open to someone by a signed address now: this export ends that address too.`);
  }
  if (/trustedlaunch|confidential/i.test(textAt(body, 'properties', 'securityProfile', 'securityType'))) {
    said.push(
      `${name} is of a trusted-launch VM: its guest state (vTPM) is not in the image, and keys that are sealed in it are not either.`,
    );
  }
  if (textAt(body, 'properties', 'encryptionSettingsCollection', 'enabled') === 'true') {
    said.push(`${name} is encrypted inside (ADE): the image is useless without its keys from the key vault.`);
  }
  return said;
}

/** An image that is at its place already; null when there is none. */
function imageAt(
  connection: Connection,
  file: string,
  signal: AbortSignal,
): Promise<{ snapshot: string; bytes: number; sha256: string } | null> {
  return isBlob(file) ? storedImage(connection, file, signal) : wholeImage(file);
}

async function planImage(
  connection: Connection,
  { signal }: ActionContext,
  { id, body }: { id: string; body: Json },
  to: Destination,
  { everyPage }: ExportSettings,
): Promise<PlannedImage | Refusal> {
  const sectors = numberAt(body, 'properties', 'creationData', 'logicalSectorSize');
  const file = to.placeOf(`${shortName(id)}.${sectors === 4096 ? 'vhdx' : 'vhd'}`);
  const bytes = numberAt(body, 'properties', 'diskSizeBytes') ?? 0;
  if (to.kind === 'container' && bytes > largestBlob) {
    return impossible(
      `${shortName(id)} has ${sizeText(bytes)}: ${sizeText(largestBlob)} at most go into a blob. Export it to a folder.`,
    );
  }
  const whole = file === '' ? null : await imageAt(connection, file, signal);
  if (whole && whole.snapshot.toLowerCase() !== id.toLowerCase()) {
    const what =
      whole.snapshot === '' ? 'no image of cordon’s' : `an image of another snapshot, ${shortName(whole.snapshot)}`;
    return impossible(`${file} is ${what}: give another ${to.kind}.`);
  }
  return {
    snapshotId: id,
    diskId: textAt(body, 'properties', 'creationData', 'sourceResourceId'),
    taken: textAt(body, 'properties', 'timeCreated'),
    file,
    bytes,
    opens: textAt(body, 'tags', 'cordon-case') !== '',
    here: whole !== null,
    everyPage,
  };
}

/** That the images may not fit; "" when they do, or that is not known. What was never written is known when they are opened. */
async function littleRoom(images: readonly PlannedImage[], to: Destination): Promise<string> {
  const folder = to.kind === 'folder' ? dirname(images.find(({ file }) => file !== '')?.file ?? '') : '.';
  if (folder === '.') return '';
  const missing = await Promise.all(
    images.map(async ({ bytes, file, here }) => (here ? 0 : Math.max(0, bytes - (await partDone(file))))),
  );
  const needed = missing.reduce((sum, one) => sum + one, 0);
  if (needed === 0) return '';
  const free = await freeBytes(folder).catch(() => null);
  if (free === null || free >= needed + margin) return '';
  return `The images need up to ${sizeText(needed)}, and ${folder} has ${sizeText(free)} left. Pages that were never written take no room; an image that does not fit nevertheless is not begun. Or give a folder on a larger disk with --to.`;
}

/** Plans an export of snapshots to files, from reads alone. */
export async function planExport(connection: Connection, context: ActionContext, input: unknown): Promise<ActionPlan> {
  const settings = exportSettings.parse(input);
  const title = `Export the disks of ${context.target.name} to ${settings.container === undefined ? 'files' : 'blobs'}`;
  const found = await candidates(connection, context, settings);
  if ('because' in found) return refusedPlan(title, found.kind, found.because);
  const to = await destinationOf(connection, context, settings);
  if ('because' in to) return refusedPlan(title, to.kind, to.because);
  const warnings = [...found.warnings, ...to.warnings];
  const images: PlannedImage[] = [];
  for (const one of found.snapshots) {
    const { id, body } = one;
    const image = await planImage(connection, context, one, to, settings);
    if ('because' in image) return refusedPlan(title, image.kind, image.because);
    const percent = image.here ? 100 : await readPercentCopied(connection, body);
    const against = image.here ? '' : obstacle(id, body, percent, settings);
    if (against !== '') return refusedPlan(title, 'impossible', against);
    if (!image.here) warnings.push(...remarks(id, body, percent));
    images.push(image);
  }
  const full = await littleRoom(images, to);
  if (full !== '' && (settings.everyPage || !leavesOutZeros)) return refusedPlan(title, 'impossible', full);
  if (full !== '') warnings.push(full);
  const wanted = images.filter(({ here }) => !here);
  const ahead = await lookAhead(connection, context, wanted);
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  if (wanted.length < images.length) {
    warnings.push(
      `${images.length - wanted.length} of ${images.length} images are ${to.kind === 'folder' ? 'here already: their digests are made again' : 'there already, by their properties: they are not read again'}.`,
    );
  }
  return {
    ...nothingPlanned(),
    title,
    changes: wanted.flatMap(changesOf),
    permissions: ahead.permissions,
    danger: wanted.length > 0 ? 'reversible' : 'none',
    undo: 'Ends the access to the snapshots and closes them, where that was not done at once. The images stay.',
    // In the folder of the case, where no other is given.
    made: settings.folder === undefined && to.kind === 'folder' ? images.map(({ file }) => file) : [],
    warnings: [...warnings, ...ahead.warnings],
    consequences: [
      `Writes ${sizeText(images.reduce((sum, { bytes }) => sum + bytes, 0))} to ${to.name}.`,
      ...to.consequences,
      ...(settings.everyPage || wanted.length === 0
        ? []
        : [
            'Pages of which Azure says that they were never written are not transferred: they are zeros in the images.',
          ]),
      'While they are copied, the snapshots can be read by a signed address, which nobody is shown; it is ended after.',
    ],
    state: { images } satisfies ExportState,
  };
}

function changesOf({ snapshotId, diskId, opens, file, bytes }: PlannedImage): ActionPlan['changes'] {
  const access = {
    method: 'POST' as const,
    resourceId: `${snapshotId}/beginGetAccess`,
    diff: [
      { property: 'export', before: '', after: `${shortName(diskId)}, ${sizeText(bytes)}` },
      ...(file === '' ? [] : [{ property: 'to', before: '', after: file }]),
      { property: 'access', before: 'none', after: 'read, by a signed address, until the export has ended' },
    ],
    before: null,
    after: { access: 'Read' },
  };
  const upload = {
    method: 'PUT' as const,
    resourceId: file,
    diff: [{ property: 'blob', before: '(none)', after: `${sizeText(bytes)}, with its SHA-256` }],
    before: null,
    after: null,
  };
  const asked = isBlob(file) ? [access, upload] : [access];
  if (!opens) return asked;
  const opening = {
    method: 'PATCH' as const,
    resourceId: snapshotId,
    diff: [
      { property: 'networkAccessPolicy', before: 'DenyAll', after: 'AllowAll for the export, then DenyAll again' },
    ],
    before: null,
    after: null,
  };
  return [opening, ...asked];
}

/** What reading the snapshots, and closing them again, needs. */
function lookAhead(connection: Connection, { signal }: ActionContext, images: readonly PlannedImage[]) {
  const actions = (opens: boolean) => [
    'Microsoft.Compute/snapshots/beginGetAccess/action',
    'Microsoft.Compute/snapshots/endGetAccess/action',
    ...(opens ? ['Microsoft.Compute/snapshots/write'] : []),
  ];
  return preflight(
    connection,
    { signal },
    {
      needed: images.flatMap(({ snapshotId, opens }) =>
        actions(opens).map((action) => ({ action, scope: snapshotId })),
      ),
      intended: images.flatMap(({ snapshotId, opens }) => [
        { method: 'POST' as const, resourceId: `${snapshotId}/beginGetAccess` },
        ...(opens ? [{ method: 'PATCH' as const, resourceId: snapshotId }] : []),
      ]),
    },
  );
}
