import { readChunkHeader } from './chunk-header.ts';
import type { ChunkReader } from './chunk-reader.ts';
import { chunkSize } from './chunk-view.ts';
import type { DamagedRegions } from './damaged-regions.ts';
import type { DeclaredTotals } from './declared-totals.ts';
import type { PlacedChunk } from './event-log-file.ts';
import { fileHeaderSize, startsAsEventLog } from './file-header.ts';

/** Reads one piece of a file: its records to the reader, the places where it is damaged to `regions`. */
export function readChunk(
  { chunk, offset, available, loose }: PlacedChunk,
  { reader, regions, totals }: { reader: ChunkReader; regions: DamagedRegions; totals: DeclaredTotals },
): void {
  if (loose) {
    if (available === fileHeaderSize && startsAsEventLog(chunk.bytes)) {
      regions.damage({ offset, because: 'another event log begins here, and its chunks are read too' });
      return;
    }
    regions.chunk({ offset, because: `a chunk begins ${available} bytes further on than it should` });
    reader.readLoose(chunk, available, offset);
    return;
  }
  const header = readChunkHeader(chunk, available);
  if (header.kind === 'empty') {
    regions.zeros(offset, available);
    return;
  }
  if (header.kind === 'foreign') regions.chunk({ offset, because: header.because });
  else {
    totals.lost(Math.ceil(regions.chunkAfterZeros(offset) / chunkSize));
    if (!header.verified) regions.unverified({ offset, because: header.because }, available);
  }
  totals.add(chunk, header);
  reader.read(chunk, header, available, offset);
}
