import { constantArgument, type Implementation, texts } from '../call.ts';
import { fail } from '../scope.ts';
import { userAgentList } from '../user-agent-list.ts';
import { UserAgents } from '../user-agents.ts';
import type { Bag, Value } from '../values.ts';

let loaded: UserAgents | undefined;

function agents(): UserAgents {
  loaded ??= new UserAgents(userAgentList());
  return loaded;
}

/** By what is looked for: the name of its answer, and the answer. */
const PARTS: Record<string, { name: string; read(text: string): Bag | null }> = {
  browser: {
    name: 'Browser',
    read: (text) => {
      const found = agents().part('browser', text);
      return (
        found && { Family: found.family, MajorVersion: found.major, MinorVersion: found.minor, Patch: found.patch }
      );
    },
  },
  os: {
    name: 'OperatingSystem',
    read: (text) => {
      const found = agents().part('os', text);
      return (
        found && {
          Family: found.family,
          MajorVersion: found.major,
          MinorVersion: found.minor,
          Patch: found.patch,
          PatchMinor: found.patchMinor,
        }
      );
    },
  },
  device: {
    name: 'Device',
    read: (text) => {
      const found = agents().part('device', text);
      return found && { Family: found.family, Brand: found.brand, Model: found.model };
    },
  },
};

/**
 * parse_user_agent(): names and parts of its answer are those of its page
 * (https://learn.microsoft.com/kusto/query/parse-user-agent-function, of 2024-08-11, read 2026-11-30), whose examples uap-core's list
 * gives; of texts that nothing fits the page says nothing, and they are "Other", as that list has it. Null for a text that is
 * longer than this reads, or cannot be searched.
 */
export const USER_AGENT_FUNCTIONS: Record<string, Implementation> = {
  parse_user_agent: (call) => {
    const given = constantArgument(call, 1, null);
    const wanted = Array.isArray(given) ? given : [given];
    const node = call.argumentNodes[1] ?? call.node;
    if (wanted.length === 0 || wanted.some((one) => typeof one !== 'string' || !Object.hasOwn(PARTS, one)))
      fail(
        'semantic',
        'parse_user_agent() looks for "browser", "os" or "device", or an array of these.',
        node,
        call.scope,
      );
    const parts = Object.entries(PARTS).flatMap(([key, part]) => (wanted.includes(key) ? [part] : []));
    const text = texts(call, 0);
    return (row): Value => {
      const bag: Bag = Object.create(null);
      for (const { name, read } of parts) {
        const found = read(text(row));
        if (found === null) return null;
        bag[name] = found;
      }
      return bag;
    };
  },
};
