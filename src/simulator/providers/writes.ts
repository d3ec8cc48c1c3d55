import { AzureError } from '../azure-error.ts';
import type { Call } from '../call.ts';
import { type Json, record, text } from '../json.ts';
import { lastSegment, readPath } from '../resource-id.ts';
import { find } from '../store.ts';
import type { ArmResource } from '../world.ts';

/** Refuses a write whose `If-Match` or `If-None-Match` does not fit the resource's entity tag. */
export function demandMatch(call: Call, before: ArmResource | undefined): void {
  const match = call.headers['if-match'];
  const none = call.headers['if-none-match'];
  const etag = text(before?.etag);
  const fits = match === undefined || (before !== undefined && (match === '*' || match === etag));
  const fresh = none === undefined || before === undefined || (none !== '*' && none !== etag);
  if (fits && fresh) return;
  throw new AzureError(
    412,
    'PreconditionFailed',
    `Precondition failed. Etag provided in if-match header ${match ?? none ?? ''} does not match etag ${etag ?? ''} of resource ${call.path} in ${lastSegment(readPath(call.path).namespace ?? '')}.`,
    { extra: { details: [] } },
  );
}

/** The region that a written resource names; refuses none, and a move of an existing one. */
export function demandRegion(call: Call, body: Json, before: ArmResource | undefined): string {
  const region = text(body.location)?.toLowerCase().replaceAll(' ', '');
  if (region === undefined || region === '') {
    throw new AzureError(400, 'LocationRequired', 'The location property is required for this definition.');
  }
  const home = before?.location?.toLowerCase().replaceAll(' ', '');
  if (home !== undefined && home !== region) {
    const { group } = readPath(call.path);
    throw new AzureError(
      409,
      'InvalidResourceLocation',
      `The resource '${lastSegment(call.path)}' already exists in location '${home}' in resource group '${group ?? ''}'. A resource with the same name cannot be created in location '${region}'. Please select a new resource name.`,
    );
  }
  return region;
}

/** Tags of a body: names to texts, as Azure keeps them; refuses other shapes and more than fifty. */
export function tagsOf(body: Json): Record<string, string> | undefined {
  if (body.tags === undefined || body.tags === null) return undefined;
  const tags = Object.entries(record(body.tags));
  if (
    tags.length > 50 ||
    tags.some(([name, value]) => name.length > 512 || typeof value !== 'string' || value.length > 256)
  ) {
    throw new AzureError(
      400,
      'InvalidTags',
      'The tags of the resource are invalid: at most 50, names up to 512 and values up to 256 characters.',
    );
  }
  return Object.fromEntries(tags.map(([name, value]) => [name, String(value)]));
}

/** Whether a referenced resource exists in the region; references to other providers' resources are not looked up. */
export function referenceHolds(call: Call, id: string, region: string): ArmResource | undefined {
  const target = find(call.azure.store, id);
  if (target === undefined) return undefined;
  const home = target.location?.toLowerCase().replaceAll(' ', '');
  return home === undefined || home === region ? target : undefined;
}
