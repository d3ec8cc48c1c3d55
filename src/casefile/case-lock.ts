import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { errorCode } from '../text/error-code.ts';

const lockNote = z.object({
  pid: z.int(),
  host: z.string(),
  since: z.string(),
  /** When the process began, in the system's own measure; "" where it cannot be determined. */
  began: z.string(),
  token: z.string(),
});
type LockNote = z.infer<typeof lockNote>;

/** A process that writes to a case. */
export interface LockHolder {
  pid: number;
  host: string;
  /** ISO 8601 UTC. */
  since: string;
}

/** Another process writes to the case. */
export class CaseLockedError extends Error {
  override name = 'CaseLockedError';
  readonly holder: LockHolder | null;
  constructor(directory: string, holder: LockHolder | null) {
    const who = holder === null ? 'another program' : `process ${holder.pid} on ${holder.host} since ${holder.since}`;
    super(
      `the case is open for writing in ${who}. It can be read meanwhile. If that session is gone, remove ${lockPath(directory)}`,
    );
    this.holder = holder;
  }
}

/** The case's folder cannot be written: of a read-only file system, or of somebody else. */
export class CaseUnwritableError extends Error {
  override name = 'CaseUnwritableError';
  constructor(directory: string, code: string) {
    const because =
      { EROFS: 'its file system is read-only', ENOSPC: 'the disk is full', EDQUOT: 'the disk quota is used up' }[
        code
      ] ?? 'permission denied';
    super(`the case cannot be written: ${because} (${directory}). Nothing was changed`);
  }
}

const unwritable = new Set(['EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT']);

export interface CaseLock {
  /** Whose abandoned lock was taken over, or null. */
  readonly takenFrom: LockHolder | null;
  release(): Promise<void>;
}

// Locks of this process, by token: after a restart in a container another process can have our own number.
const ours = new Set<string>();

function lockPath(directory: string): string {
  return join(directory, 'writer.lock');
}

/** Takes the case's lock, or throws a CaseLockedError. A lock whose process is gone from this host is taken over. */
export async function lockCase(directory: string, now: () => Date): Promise<CaseLock> {
  const path = lockPath(directory);
  const mine: LockNote = {
    pid: process.pid,
    host: hostname(),
    since: now().toISOString(),
    began: await processBegan(process.pid),
    token: randomUUID(),
  };
  let takenFrom: LockHolder | null = null;
  // Each round either takes the lock, finds its holder alive, or has moved one abandoned lock out of the way.
  for (let round = 0; round < 8; round += 1) {
    if (await createLockIn(directory, path, mine)) {
      ours.add(mine.token);
      return { takenFrom, release: () => release(path, mine.token) };
    }
    const text = await readLock(path);
    if (text === null) continue;
    const held = parseLock(text);
    if (held !== null && !(await isAbandoned(held))) throw new CaseLockedError(directory, held);
    if (await moveAway(path, text)) takenFrom = held ?? { pid: 0, host: mine.host, since: mine.since };
  }
  throw new CaseLockedError(directory, null);
}

/** The holder of the lock, or null when it is free or the process that held it is gone. */
export async function lockHolder(directory: string): Promise<LockHolder | null> {
  const text = await readLock(lockPath(directory));
  const held = text === null ? null : parseLock(text);
  return held === null || (await isAbandoned(held)) ? null : { pid: held.pid, host: held.host, since: held.since };
}

/** Removes the lock of a process of this host that is gone; true when there was one. */
export async function removeAbandonedLock(directory: string): Promise<boolean> {
  const path = lockPath(directory);
  const text = await readLock(path);
  const held = text === null ? null : parseLock(text);
  if (text === null || held === null || !(await isAbandoned(held))) return false;
  return moveAway(path, text);
}

async function createLockIn(directory: string, path: string, note: LockNote): Promise<boolean> {
  try {
    return await createLock(path, note);
  } catch (error) {
    throw unwritable.has(errorCode(error)) ? new CaseUnwritableError(directory, errorCode(error)) : error;
  }
}

/** The lock appears with its content or not at all: written aside, then linked to its name, which fails if it is taken. */
async function createLock(path: string, note: LockNote): Promise<boolean> {
  const aside = `${path}.${note.token}`;
  const handle = await open(aside, 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(note));
  } finally {
    await handle.close();
  }
  try {
    await link(aside, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    // File systems without links: exclusive creation, which another process may see before it is filled.
    return await createExclusively(path, note);
  } finally {
    await rm(aside, { force: true });
  }
}

async function createExclusively(path: string, note: LockNote): Promise<boolean> {
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(JSON.stringify(note));
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Moves an abandoned lock away, unless another process has taken it meanwhile. */
async function moveAway(path: string, text: string): Promise<boolean> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
  const moved = await readLock(aside);
  const abandoned = moved === text;
  if (!abandoned) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
  return abandoned;
}

async function release(path: string, token: string): Promise<void> {
  ours.delete(token);
  const text = await readLock(path);
  if (text !== null && parseLock(text)?.token === token) await rm(path, { force: true });
}

async function readLock(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).slice(0, 4096);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function parseLock(text: string): LockNote | null {
  try {
    const read = lockNote.safeParse(JSON.parse(text));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}

/** Only of this host can it be known. */
async function isAbandoned(held: LockNote): Promise<boolean> {
  if (held.host !== hostname()) return false;
  if (held.pid === process.pid) return !ours.has(held.token);
  try {
    process.kill(held.pid, 0);
  } catch (error) {
    return errorCode(error) === 'ESRCH';
  }
  const began = await processBegan(held.pid);
  return began !== '' && held.began !== '' && began !== held.began;
}

/**
 * Process numbers are used again; on Linux, field 22 of /proc/PID/stat (start time, see proc_pid_stat(5)) distinguishes
 * them.
 */
async function processBegan(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
