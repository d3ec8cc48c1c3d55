import { readlink } from 'node:fs/promises';
import { headOf } from '../archives/open-file.ts';
import { isTimeZone, type TimeZone, zoneOfFile, zoneOfLink } from '../syslog/time-zone.ts';

/** Compiled time zones are a few kilobytes. */
const most = 64 * 1024;

/**
 * The time zone of the computer that a log under var/log was collected from, by the etc beside it: where localtime points
 * to, which is read as a link and not followed, the zone that it holds, or Debian's timezone. Undefined where none of these
 * is there.
 */
export async function collectedZone(log: string): Promise<TimeZone | undefined> {
  const root = /^(.*?)var[/\\]log[/\\]/i.exec(log)?.[1];
  if (root === undefined || !/(?:^|[/\\!])$/.test(root)) return undefined;
  const linked = await readlink(`${root}etc/localtime`).then(zoneOfLink, () => '');
  if (linked !== '') return { name: linked, from: 'etc/localtime' };
  const named = await headOf(`${root}etc/timezone`, 200).then(
    (bytes) => bytes.toString('utf8').trim(),
    () => '',
  );
  if (named !== '' && isTimeZone(named)) return { name: named, from: 'etc/timezone' };
  // A link on disk that names no zone is not followed.
  const isLink = await readlink(`${root}etc/localtime`).then(
    () => true,
    () => false,
  );
  if (isLink) return undefined;
  const rules = await headOf(`${root}etc/localtime`, most).then(zoneOfFile, () => '');
  return rules === '' ? undefined : { name: rules, from: 'etc/localtime' };
}
