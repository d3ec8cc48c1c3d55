import type { SessionState } from '../src/session/state.ts';
import { progressBar } from '../src/text/counts.ts';
import { mark } from '../src/words/severity.ts';
import type { Detail } from './detail-text.ts';

const further =
  'o opens others. None of this is in a case: at its VM, o offers this log again, and what it says counts there.';

/** Event logs that were opened without a VM, in the lines of `cordon evtx`. */
export function logReportDetail({ logReport }: SessionState): Detail | null {
  if (!logReport) return null;
  const { typed, reading, lines, because, asOf } = logReport;
  const told =
    reading !== null
      ? [`${mark.loading} reading ${progressBar(reading, 30)}`]
      : because !== ''
        ? [`${mark.failed} not read: ${because}`, '', 'o opens another.']
        : [...lines, '', further];
  return {
    title: `Event logs opened read-only: ${typed}`,
    asOf: reading === null ? asOf : '',
    lines: told.map((text) => ({ label: '', text })),
    tables: [],
  };
}
