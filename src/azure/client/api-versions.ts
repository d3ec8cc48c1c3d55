/**
 * The api-versions that this cloud has instead of those that the clients were made for. National and disconnected clouds
 * are behind; the refusal lists what they have.
 */
export interface ApiVersions {
  /** The URL with the version that the cloud has, where another was refused before. */
  known(url: string): string;
  /**
   * The same for a request that was refused just now; undefined when the answer is another, or offers nothing else.
   * `body` is the text of the answer.
   */
  offered(url: string, status: number, body: string): string | undefined;
}

const newestFirst = (left: string, right: string) => (left < right ? 1 : left > right ? -1 : 0);

/** The newest of the versions in ARM's sentence, a final one before a preview; undefined when it lists none. */
function newestIn(text: string): string | undefined {
  const list = /supported (?:api-)?versions are '([^']{1,20000})'/i.exec(text)?.[1] ?? '';
  const versions = list.split(',').map((one) => one.trim());
  const dated = versions.filter((one) => /^\d{4}-\d\d-\d\d(-[a-z]+)?$/i.test(one)).sort(newestFirst);
  return dated.find((one) => one.length === 10) ?? dated[0];
}

/** What a version belongs to: the last provider in the path and its type, "microsoft.network/networkinterfaces". */
function typeOf(path: string): string {
  const at = path.toLowerCase().lastIndexOf('/providers/');
  if (at < 0) return path.toLowerCase().split('/').slice(0, 2).join('/');
  return path
    .toLowerCase()
    .slice(at + '/providers/'.length)
    .split('/')
    .slice(0, 2)
    .join('/');
}

export function createApiVersions(): ApiVersions {
  const instead = new Map<string, string>();
  const parts = (text: string) => {
    const url = new URL(text);
    const version = url.searchParams.get('api-version') ?? '';
    return { url, version, key: `${typeOf(url.pathname)} ${version}` };
  };
  const withVersion = (url: URL, version: string) => {
    url.searchParams.set('api-version', version);
    return url.href;
  };
  return {
    known(text) {
      if (instead.size === 0) return text;
      const { url, key } = parts(text);
      const version = instead.get(key);
      return version === undefined ? text : withVersion(url, version);
    },
    offered(text, status, body) {
      if ((status !== 400 && status !== 404) || !/api-?version/i.test(body)) return undefined;
      if (!/NoRegisteredProviderFound|InvalidResourceType|InvalidApiVersionParameter/.test(body)) return undefined;
      const { url, version, key } = parts(text);
      const newest = newestIn(body);
      if (newest === undefined || newest === version) return undefined;
      instead.set(key, newest);
      return withVersion(url, newest);
    },
  };
}
