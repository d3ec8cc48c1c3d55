import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';

/** How a browser, a system or a device is found: the pattern, and what is written in place of its groups, by names of the list. */
export interface AgentPattern {
  regex: string;
  /** `i`: in any case. */
  regex_flag?: string;
  [replacement: string]: string | undefined;
}

/** regexes.yaml of uap-core (https://github.com/ua-parser/uap-core, Apache-2.0). */
export interface UserAgentList {
  user_agent_parsers: readonly AgentPattern[];
  os_parsers: readonly AgentPattern[];
  device_parsers: readonly AgentPattern[];
}

/** Where the build puts the list, beside the bundle. */
const BUILT = 'user-agents.json.br';

/** The list: beside the bundle, which brings it as packed JSON, or in its package where the sources run. */
export function userAgentList(): UserAgentList {
  // In a process that began from a snapshot with this module in it, only the entry that it was given has a place.
  const own: string | undefined = import.meta.url;
  const here = own ?? pathToFileURL(process.argv[1] ?? '').href;
  const built = ['./', '../']
    .map((folder) => fileURLToPath(new URL(folder + BUILT, here)))
    .find((path) => existsSync(path));
  if (built !== undefined) return JSON.parse(brotliDecompressSync(readFileSync(built)).toString());
  const require = createRequire(here);
  const { parse }: typeof import('yaml') = require('yaml');
  return parse(readFileSync(require.resolve('uap-core/regexes.yaml'), 'utf8'));
}
