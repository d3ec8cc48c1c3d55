import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Real event logs with what other readers, and Windows itself, found in them; beside the repository. */
export const realLogs = resolve(process.env.CORDON_SHARED ?? resolve(import.meta.dirname, '../../../shared'), 'evtx');
export const haveRealLogs = existsSync(join(realLogs, 'TRUTH.json'));
if (!haveRealLogs) {
  process.stderr.write(
    `\n  SKIPPED: there are no real event logs in ${realLogs}; only those of this repository's writer are read\n\n`,
  );
}

/** A record as libevtx reads it. */
export interface TrueRecord {
  id: number;
  rec: number;
  ch: string;
  comp: string;
  prov: string;
  t: string;
  d: Record<string, string>;
}

export function realFile(name: string): string {
  return join(realLogs, name);
}

export function realFiles(): string[] {
  return haveRealLogs ? readdirSync(realLogs).filter((name) => name.endsWith('.evtx')) : [];
}

export function trueRecords(name: string): TrueRecord[] {
  return readFileSync(realFile(`${name}.ndjson`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): TrueRecord => JSON.parse(line));
}

/** Event Viewer's export of `nick_Security.evtx`: the XML of each event by its EventRecordID. */
export function windowsExport(): Map<number, string> {
  const text = readFileSync(realFile('nick_Security.windows-export.xml'), 'utf8');
  const events = text.match(/<Event .*?<\/Event>/gs) ?? [];
  return new Map(events.map((xml) => [Number(/<EventRecordID>(\d+)</.exec(xml)?.[1]), xml]));
}
