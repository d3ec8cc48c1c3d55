import { basename } from 'node:path';
import { serviceTagsFile } from '../documents/service-tags-file.ts';
import type { PublishedTags } from '../network/sets/address-prefixes.ts';
import { parsePrefix } from '../network/sets/address-set.ts';
import { printable } from '../text/printable.ts';
import { parseGiven } from './given-file.ts';
import { readNamedFile } from './named-file.ts';
import type { ConnectionFlags } from './options.ts';

/** Options of the commands that evaluate exposure. */
export interface ServiceTagsFlags extends ConnectionFlags {
  /** Microsoft's ServiceTags_Public_<date>.json. */
  serviceTags?: string;
}

// Microsoft publishes every week, and uses new addresses a week later at the earliest.
const STALE_DAYS = 14;
const DAY = 86_400_000;

const cloudNames = { public: /^(azure)?public$/i, usgov: /government/i, china: /china/i, custom: /./ };

/**
 * Reads Microsoft's file of service tags. Throws a Failure, one line with the file, the line in it and what was expected
 * there; also for a file of another cloud, whose addresses would be wrong. A file older than two weeks, or whose name
 * does not report its day, is read, and that is reported wherever its addresses are used.
 */
export function parseServiceTags(text: string, path: string, cloud: keyof typeof cloudNames, now: Date): PublishedTags {
  const given = { option: '--service-tags', path, what: 'Microsoft’s service tags' };
  const { data, complain } = parseGiven(text, given, serviceTagsFile);
  if (!cloudNames[cloud].test(data.cloud)) {
    complain(['cloud'], `the tags of the cloud that is asked (${cloud}), found ${data.cloud}`);
  }
  const tags = new Map<string, readonly string[]>();
  for (const [index, { name, properties }] of data.values.entries()) {
    for (const [at, prefix] of properties.addressPrefixes.entries()) {
      if (parsePrefix(prefix) !== undefined) continue;
      const place = ['values', index, 'properties', 'addressPrefixes', at];
      complain(place, `${place.join('.')}: an address block, found "${prefix}"`);
    }
    tags.set(name, properties.addressPrefixes);
  }
  const name = printable(basename(path), 100);
  return { tags, source: `${name}, change ${data.changeNumber}`, doubt: doubtOf(name, now) };
}

function doubtOf(name: string, now: Date): string {
  const day = /(20\d\d)-?([01]\d)-?([0-3]\d)/.exec(name);
  const published = day ? Date.parse(`${day[1]}-${day[2]}-${day[3]}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(published)) return 'its name does not report when it was published: it may be old';
  const days = Math.floor((now.getTime() - published) / DAY);
  return days > STALE_DAYS ? `it is ${days} days old: addresses that Azure added since are not counted` : '';
}

/** The tags that `--service-tags` names, as an option of what is read; {} when there is none. */
export async function serviceTagsOption(flags: ServiceTagsFlags, now: Date): Promise<{ serviceTags?: PublishedTags }> {
  if (!flags.serviceTags) return {};
  const text = await readNamedFile(flags.serviceTags, '--service-tags');
  return { serviceTags: parseServiceTags(text, flags.serviceTags, flags.cloud ?? 'public', now) };
}
