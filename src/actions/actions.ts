import type { Connection } from '../azure/connection.ts';
import type { Action } from '../playbook/action.ts';
import { backupTrigger } from './backup-trigger.ts';
import { disksSnapshot } from './disks-snapshot.ts';
import { jitEnable } from './jit-enable.ts';
import { jitRequest } from './jit-request.ts';
import { networkCheck } from './network-check.ts';
import { nsgLock } from './nsg-lock.ts';
import { patchesAssess } from './patches-assess.ts';

/** All that can be changed in Azure, and what is looked at around it, by name. Nothing is asked of Azure yet. */
export function createActions(connection: Connection): Map<string, Action> {
  const all = [
    nsgLock(connection),
    disksSnapshot(connection),
    backupTrigger(connection),
    patchesAssess(connection),
    jitEnable(connection),
    jitRequest(connection),
    networkCheck(connection),
  ];
  return new Map(all.map((action) => [action.name, action]));
}
