import { EvidenceEvents, eventLogSource } from './event-logs.ts';
import { type EvidenceFile, isSyslogFormat } from './evidence-files.ts';
import { exportSource } from './exports.ts';
import { shapedSource } from './shaped-exports.ts';
import type { Source } from './source.ts';
import { syslogSource } from './syslog-logs.ts';

/** The rows of evidence files, by their formats. An event that is in several event logs is a row once. */
export function sourcesOf(files: readonly EvidenceFile[]): { file: EvidenceFile; source: Source }[] {
  const events = new EvidenceEvents();
  const sourceOf = ({ path, format, table, found, year, shape }: EvidenceFile): Source => {
    if (format === 'evtx') return eventLogSource(path, events);
    if (isSyslogFormat(format)) return syslogSource({ path, format, ...(year ? { year } : {}) });
    if (shape && table !== undefined) return shapedSource({ path, format, table, shape, lenient: found === true });
    return exportSource(table ?? path, path, format, found === true);
  };
  return files.map((file) => ({ file, source: sourceOf(file) }));
}
