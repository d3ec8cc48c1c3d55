import { isIP } from 'node:net';
import { listed } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { onlyComputer } from '../triage/logons/computer-names.ts';
import type { LogonLog } from './logon-log.ts';
import { computersBeside, ofOneComputer } from './utmp-logons.ts';

/** The computers that the nodes of one log of audit are. */
export interface NodeNames {
  /** Of a node; of "" where a record names none. */
  computerOf(node: string): string;
  /** How that was decided. */
  notes: readonly string[];
  /** What it leaves open. */
  notSeen: readonly string[];
}

const shown = (name: string): string => printable(name, 64);
const computersTold = 3;

/**
 * Decides which computers the nodes of logs of audit are. auditd writes no node, the host's name, its full name or an address of it
 * (auditd.conf(5), `name_format`: none, hostname, fqd, numeric; audit 4.0, 2024). A record without a node, and an address, is the
 * only computer of the logs beside it, and the address is that only where no other node is there: what other computers send
 * (audisp-remote) lies in the same files.
 */
export function nodeNames(
  { path, nodes }: { path: string; nodes: readonly string[] },
  audits: readonly { path: string; nodes: readonly string[] }[],
  logs: readonly LogonLog[],
): NodeNames {
  const beside = computersBeside(path, logs);
  const only = onlyComputer(beside);
  const root = ofOneComputer(path);
  const named = new Set(audits.filter((one) => one.path.startsWith(root)).flatMap((one) => one.nodes));
  named.delete('');
  const stands = (node: string): boolean => isIP(node) !== 0 && only !== '' && named.size === 1;
  const computerOf = (node: string): string => (node === '' || stands(node) ? only : node);
  const addresses = nodes.filter((node) => isIP(node) !== 0 && !beside.includes(node));
  const apart = beside.length === 0 ? [] : addresses.filter((node) => !stands(node));
  const open =
    apart.length === 0
      ? []
      : [
          `which of the computers of the logs beside it (${listed(beside.map(shown), computersTold)}) is ${listed(apart, computersTold)}, an address as the name of a node: what it logged may count twice`,
        ];
  return {
    computerOf,
    notes: [
      ...(nodes.includes('')
        ? [only === '' ? 'it does not name its computer' : `its computer is that of the logs beside it: ${shown(only)}`]
        : []),
      ...addresses
        .filter(stands)
        .map(
          (node) => `its node ${node} is an address: taken for ${shown(only)}, the only computer of the logs beside it`,
        ),
      ...open.map((what) => `not known: ${what}`),
    ],
    notSeen: open,
  };
}
