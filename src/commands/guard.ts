import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { ConnectionFlags } from './options.ts';

/** The options of a command that say which Azure it works on, and where cases are kept. */
type GuardFlags = Omit<ConnectionFlags, 'demo' | 'world' | 'latency' | 'faults' | 'traffic'> & {
  demo?: boolean;
  world?: string;
};

const given = (option: string, value: string | number | undefined) =>
  value === undefined ? [] : [option, String(value)];

/** The command line of the process that undoes what a case has overdue, once it is. */
export function guardArguments(caseId: string, root: string, flags: GuardFlags): string[] {
  return [
    ...['undo', caseId, '--due', '--wait', '--cases', resolve(root)],
    ...given('--simulator', flags.simulator),
    ...given('--cloud', flags.cloud),
    ...given('--endpoint', flags.endpoint),
    ...given('--authority', flags.authority),
    ...given('--audience', flags.audience),
    ...given('--logs-endpoint', flags.logsEndpoint),
    ...given('--auth', flags.auth),
    ...given('--timeout', flags.timeout),
    ...given('--tenant', flags.tenant),
    ...(flags.subscription ? ['--subscription', ...flags.subscription] : []),
  ];
}

/**
 * Starts a process of its own session that waits for the deadlines of a case and undoes changes not kept: it
 * outlives this one, its terminal, and a broken connection. `program` is cordon's own file. Returns who it is, in words; "" where none can be started,
 * as for a simulator inside of this process, or a sign-in that only a person can make.
 */
export function startGuard(program: string, caseId: string, root: string, flags: GuardFlags): string {
  if ((flags.demo || flags.world) && !flags.simulator) return '';
  if (flags.auth === 'device-code' || flags.auth === 'browser') return '';
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
