import { type AuditRecord, auditRecord, isAuditSeparator } from './audit-record.ts';
import { linesOf, noteUnread, type SyslogGaps } from './syslog-file.ts';

/** A record with its line, one-based, and its text. */
export interface AuditLine {
  line: number;
  text: string;
  record: AuditRecord;
}

/** The records of a log of audit, in portions and in bounded memory. Throws as the system does, or an ArchiveError. `gaps` is added to. */
export async function* auditRecords(
  path: string,
  gaps: SyslogGaps,
  read: (bytes: number) => void = () => {},
): AsyncGenerator<AuditLine[]> {
  for await (const lines of linesOf(path, gaps, read)) {
    const portion: AuditLine[] = [];
    for (const { number, text } of lines) {
      const record = auditRecord(text);
      if (record) portion.push({ line: number, text, record });
      else if (!isAuditSeparator(text)) noteUnread(gaps, number);
    }
    yield portion;
  }
}
