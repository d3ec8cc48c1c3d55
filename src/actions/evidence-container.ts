import * as z from 'zod';
import { endsIn } from '../azure/client/clouds.ts';
import type { Connection } from '../azure/client/connection.ts';
import { placeIn, type Signature, signatureVariable } from '../azure/client/storage.ts';
import { type ContainerPolicy, policyText, readContainerPolicy } from '../azure/readers/blob-container.ts';
import { printable } from '../text/printable.ts';
import { impossible, type Refusal } from './refused-plan.ts';

/** A container, or a folder in it: without a signature, which no file and no argument is to hold. */
function isContainer(text: string): boolean {
  const url = URL.parse(text);
  const named = url !== null && url.pathname.split('/').filter(Boolean).length > 0;
  return url?.protocol === 'https:' && named && url.search === '' && url.hash === '' && url.username === '';
}

/** A setting that names a container. */
export const containerSetting = z
  .string()
  .max(1024)
  .refine(isContainer, 'the address of a container: https://ACCOUNT.blob.core.windows.net/CONTAINER');

/** A container of Azure Storage that evidence goes to, as far as it is known. */
export interface EvidenceContainer {
  /** Its address without a slash at its end, with the folder in it. */
  base: string;
  /** "disks/2026-11-23", for people. */
  name: string;
  /** null where it cannot be read. */
  policy: ContainerPolicy | null;
  warnings: string[];
  consequences: string[];
}

/** The rights that a signature must have, by the letters of its "sp": one of each text. */
export interface NeededRight {
  letters: string;
  called: string;
}

/** Why the signature does not do; "" when nothing is known against it. */
function lacksOf({ permissions, until }: Signature, now: Date, needed: readonly NeededRight[]): string {
  if (Date.parse(until) <= now.getTime()) return `The signature in ${signatureVariable} ended at ${until}.`;
  if (permissions === '') return '';
  const lacks = needed.filter(({ letters }) => ![...letters].some((letter) => permissions.includes(letter)));
  const named = lacks.map(({ called }) => called).join(' and ');
  return named === '' ? '' : `The signature in ${signatureVariable} does not permit to ${named}.`;
}

/** How to set a policy on a container. */
const cureOf = ({ account, container }: { account: string; container: string }): string =>
  `az storage container immutability-policy create --account-name ${printable(account, 24)} --container-name ${printable(container, 63)} --period DAYS`;

/**
 * Looks at a container before anything goes there: its host, the signature for it, and what keeps its blobs from being changed.
 * With `immutable` a container where nothing does, or where that cannot be read, is refused.
 */
export async function lookAtContainer(
  connection: Connection,
  signal: AbortSignal,
  address: string,
  { immutable, needed }: { immutable: boolean; needed: readonly NeededRight[] },
): Promise<EvidenceContainer | Refusal> {
  const base = new URL(address).href.replace(/\/+$/, '');
  const { hostname, pathname } = new URL(base);
  if (!endsIn(hostname, connection.cloud.storage)) {
    const hosts = connection.cloud.storage.map((end) => `*.${end}`).join(', ');
    return impossible(`${printable(hostname, 120)} is no storage host of this cloud, which has ${hosts}.`);
  }
  let until = '';
  try {
    const signature = await connection.storage.signature(base);
    const lacks = lacksOf(signature, connection.clock.now(), needed);
    if (lacks !== '') return impossible(lacks);
    until = signature.until;
  } catch (error) {
    return impossible(`${error instanceof Error ? error.message : String(error)}.`);
  }
  const read = await readContainerPolicy(connection, base, signal);
  const policy = 'policy' in read ? read.policy : null;
  const kept = policy ? policyText(policy) : '';
  const name = printable(pathname.slice(1), 200);
  if (immutable && 'because' in read) {
    return impossible(
      `Whether the container ${name} keeps its blobs from being changed is not known: ${read.because}.`,
    );
  }
  if (immutable && kept === '') {
    return impossible(
      `The container ${name} has no time-based retention policy and no legal hold: its blobs can be changed and deleted. Its owner sets one: ${cureOf(placeIn(base))}`,
    );
  }
  const unlocked = policy !== null && policy.days > 0 && !policy.locked && !policy.legalHold;
  return {
    base,
    name,
    policy,
    warnings: [
      ...('because' in read
        ? [`Not seen: whether a policy keeps the blobs of ${name} from being changed (${read.because}).`]
        : []),
      ...(policy && kept === '' ? [`NO policy keeps the blobs of ${name} from being changed or deleted.`] : []),
      ...(unlocked ? [`The policy of ${name} is not locked: who may change the container can take it away.`] : []),
    ],
    consequences: [
      ...(kept === '' ? [] : [`Each blob is ${kept}: it cannot be changed or deleted before, also not by an undo.`]),
      `The signature for ${name} comes from ${signatureVariable}${until === '' ? '' : `, ends at ${until}`}, and is written nowhere.`,
    ],
  };
}
