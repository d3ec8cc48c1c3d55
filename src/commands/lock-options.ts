import { exitCode, Failure } from '../failure.ts';
import { notAllowable } from '../network/sets/given-prefix.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { printable } from '../text/printable.ts';
import { withStepOptions } from './step-options.ts';

/** Options that say how a VM is locked, or which account is disabled, instead of what the playbook says. */
export interface LockFlags {
  allow?: string;
  wayIn?: string;
  existingLock?: string;
  closeOutbound?: boolean;
  account?: string;
}

/** The responder's address of --allow; undefined when it was not given. Throws a Failure when it cannot stay allowed. */
export function allowedAddress({ allow }: LockFlags): string | undefined {
  if (allow === undefined) return undefined;
  const because = notAllowable(allow);
  if (because !== '') throw new Failure(`--allow: ${printable(because, 300)}`, exitCode.usage);
  return allow;
}

/** The playbook with these options in the steps that lock, and in those that check the way in. */
export function withLockOptions(playbook: Playbook, flags: LockFlags): Playbook {
  const both = flags.wayIn === undefined ? {} : { wayIn: flags.wayIn };
  const lock = {
    ...both,
    ...(flags.existingLock === undefined ? {} : { existingLock: flags.existingLock }),
    ...(flags.closeOutbound === true ? { denyOutbound: true } : {}),
  };
  const added = new Map<string, object>([
    ['nsg.lock', lock],
    ['network.check', both],
    ['account.disable', flags.account === undefined ? {} : { account: flags.account }],
  ]);
  return withStepOptions(playbook, added);
}
