import type { ClusterAddress } from '../azure/client/cluster-door.ts';
import { Failure } from '../failure.ts';
import { printable } from '../text/printable.ts';

/** Hosts that are this computer. */
export const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * The cluster that `--cluster` names: https, or http for an emulator on this computer, which has no sign-in and no
 * encryption ("Azure Data Explorer Kusto emulator", learn.microsoft.com/azure/data-explorer/kusto-emulator-overview,
 * 2025-12-11). Throws Failure for anything else.
 */
export function clusterAddress(given: string): ClusterAddress {
  const url = URL.parse(given);
  const shown = printable(given.replace(/\/\/[^/@]*@/, '//…@').replace(/\?.*$/s, ''), 200);
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new Failure(`--cluster takes an address such as https://NAME.REGION.kusto.windows.net, not ${shown}`);
  if (url.pathname !== '/')
    throw new Failure(`--cluster takes the address of the cluster alone, not ${shown}; --database names the database`);
  // The address of the ingestion service is shown beside that of the cluster, which answers.
  if (url.protocol === 'https:') return { uri: url.origin.replace('//ingest-', '//'), local: false };
  if (url.protocol !== 'http:') throw new Failure(`--cluster takes an https:// address, not ${shown}`);
  if (!loopback.test(url.hostname))
    throw new Failure(
      `--cluster takes http:// for an emulator on this computer alone: ${shown} would get the evidence in clear`,
    );
  return { uri: url.origin, local: true };
}

/** The name of a database. Throws Failure for one that can be none (entity-names, read 2026-11-30). */
export function databaseName(given: string): string {
  if (/^[\p{L}\p{N}_. -]{1,1024}$/u.test(given)) return given;
  throw new Failure(`--database takes letters, digits, _, -, . and blanks, not "${printable(given, 80)}"`);
}
