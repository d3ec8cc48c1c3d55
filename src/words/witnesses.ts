import type { Burst } from '../documents/triage.ts';
import { counted } from '../text/counts.ts';

const shown = 8;

/** Clients that connected while failures without an address were logged: "203.0.113.9 (3 events of RdpCoreTS 140, …); joined by time alone". */
export function witnessTexts({ witnesses = [] }: Burst): string[] {
  return witnesses
    .slice(0, shown)
    .map(
      ({ address, events, source }) => `${address} (${counted(events, 'event')} of ${source}); joined by time alone`,
    );
}
