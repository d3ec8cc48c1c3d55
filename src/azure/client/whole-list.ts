/** Says that an answer holds no list, which is none of "there are none". */
export const noList = (): Error => new Error('the answer has no list (value): ask again');

/** The collections that are listed through an SDK's client, by the last segment of their path. */
const collections = new Set(
  [
    'backupJobs',
    'extensions',
    'networkInterfaces',
    'networkSecurityGroups',
    'permissions',
    'recoveryPoints',
    'restorePointCollections',
    'roleAssignments',
    'runCommands',
    'snapshots',
  ].map((name) => name.toLowerCase()),
);

/** Is it the path of such a collection, and not of a resource that has its name? After a provider types and names take turns. */
function isCollection(path: string): boolean {
  const segments = path.toLowerCase().replace(/\/$/, '').split('/');
  if (segments.length === 2 && segments[1] === 'subscriptions') return true;
  const typed = segments.slice(segments.lastIndexOf('providers') + 1);
  return typed.length < segments.length && typed.length % 2 === 0 && collections.has(typed.at(-1) ?? '');
}

/**
 * Throws where the answer to a GET of a collection has no list. The SDK takes it for an empty one, and Azure prints `value` where there
 * is nothing too: an answer without it violates Resource Manager's contract (list-response-envelope of typespec-azure, read 2026-11-30).
 */
export function demandList(url: string, text: string): void {
  if (!isCollection(new URL(url).pathname) || /"value"\s*:\s*\[/.test(text)) return;
  throw noList();
}
