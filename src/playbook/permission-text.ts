import type { Permission } from '../documents/run.ts';

/** A permission as it is asked for: "Microsoft.Network/…/write on /subscriptions/… (Network Contributor; for the undo)". */
export function permissionText({ action, scope, role, forUndo, deniedBy, eligible }: Permission): string {
  const about = [
    ...(role === undefined ? [] : [role]),
    ...(forUndo === true ? ['for the undo'] : []),
    ...(deniedBy === undefined ? [] : [`denied by the deny assignment ${deniedBy}`]),
    ...(eligible === undefined ? [] : [eligible]),
  ];
  return `${action} on ${scope}${about.length > 0 ? ` (${about.join('; ')})` : ''}`;
}
