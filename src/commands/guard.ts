import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { ConnectionFlags } from './options.ts';

/** The options of a command that say which Azure it works on, and where cases are kept. */
type GuardFlags = Pick<ConnectionFlags, 'simulator' | 'cloud' | 'tenant' | 'subscription'> & {
  demo?: boolean;
  world?: string;
};

/** The command line of the process that undoes what a case has overdue, once it is. */
function guardArguments(caseId: string, root: string, flags: GuardFlags): string[] {
  return [
    ...['undo', caseId, '--due', '--wait', '--cases', resolve(root)],
    ...(flags.simulator ? ['--simulator', flags.simulator] : []),
    ...(flags.cloud ? ['--cloud', flags.cloud] : []),
    ...(flags.tenant ? ['--tenant', flags.tenant] : []),
    ...(flags.subscription ? ['--subscription', ...flags.subscription] : []),
  ];
}

/**
 * Starts a process of its own session that waits for the deadlines of a case and undoes changes not kept: it
 * outlives this one, its terminal, and a broken connection. `program` is cordon's own file. Returns who it is, in words; "" where none can be started,
 * as for a simulator inside of this process.
 */
export function startGuard(program: string, caseId: string, root: string, flags: GuardFlags): string {
  if ((flags.demo || flags.world) && !flags.simulator) return '';
  try {
    const child = spawn(process.execPath, [...process.execArgv, program, ...guardArguments(caseId, root, flags)], {
      detached: true,
      stdio: 'ignore',
      windowsHide: true,
      cwd: resolve(root),
    });
    child.on('error', () => undefined);
    child.unref();
    return child.pid === undefined ? '' : `process ${child.pid} of this host`;
  } catch {
    return '';
  }
}
