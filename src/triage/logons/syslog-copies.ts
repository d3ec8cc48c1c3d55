import type { SyslogLine } from './ssh-logons.ts';
import { type Ticks, ticksPerSecond } from './ticks.ts';

/** A line with the number of the file that holds it. */
export interface FiledLine extends SyslogLine {
  file: number;
}

/** A daemon and the journal give one message times of their own, and files keep them to the second or finer. */
const near = 2 * ticksPerSecond;

/** A message that was kept, and the files that it was found in. */
interface Kept {
  at: Ticks;
  files: Set<number>;
}

/**
 * The lines, each message once: a log and its copy, or the journal and the file that a daemon writes of it, hold the same. Two
 * lines are one message when computer, process and text are the same, and their times nearly, in different files; within
 * one file each counts.
 */
export function onceAcrossFiles(lines: readonly FiledLine[]): SyslogLine[] {
  const [first] = lines;
  if (first === undefined || lines.every(({ file }) => file === first.file)) return [...lines];
  const kept = new Map<string, Kept[]>();
  const once: SyslogLine[] = [];
  for (const line of [...lines].sort((a, b) => a.at - b.at)) {
    const key = `${line.computer.toLowerCase()}\n${line.processId}\n${line.message}`;
    const earlier = (kept.get(key) ?? []).filter(({ at }) => line.at - at <= near);
    const same = earlier.find(({ files }) => !files.has(line.file));
    if (same) same.files.add(line.file);
    else {
      earlier.push({ at: line.at, files: new Set([line.file]) });
      once.push(line);
    }
    kept.set(key, earlier);
  }
  return once;
}
