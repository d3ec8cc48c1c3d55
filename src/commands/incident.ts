import { readIncident } from '../azure/incident.ts';
import { resolveVm } from '../azure/readers/inventory.ts';
import { exitCode } from '../failure.ts';
import { incidentFact } from '../session/cases/incident-fact.ts';
import { recordTriage } from '../session/cases/triage-record.ts';
import { type BurstFlags, burstOptions } from './burst-options.ts';
import { checkHeadlessCase, type HeadlessCaseFlags, openHeadlessCase, withQueries } from './headless-case.ts';
import { incidentText } from './incident-report.ts';
import { type ConnectionFlags, openConnection, type Streams } from './options.ts';
import { printedJson } from './printed-json.ts';

export interface IncidentFlags extends ConnectionFlags, BurstFlags, HeadlessCaseFlags {
  json?: boolean;
}

/** `cordon incident VM`: what leads from a VM to the next, and to data. With `--case` each VM's triage is entered there. */
export async function incident(wanted: string, flags: IncidentFlags, streams: Streams): Promise<number> {
  const opened = await openConnection(flags);
  const { connection } = opened;
  try {
    await checkHeadlessCase(opened, flags);
    const vm = await resolveVm(connection, wanted);
    const kept = flags.case === undefined ? null : await openHeadlessCase(opened, flags, vm, streams);
    try {
      const read = () =>
        readIncident(connection, vm, burstOptions(flags), {
          async onTriage(document) {
            streams.stderr.write(streams.stderr.isTTY ? `  ${document.vm.name} …✓\n` : '');
            if (kept) await recordTriage(kept, document, connection.clock.now());
          },
        });
      const document = kept ? await withQueries(opened, kept, read) : await read();
      if (kept) {
        const { name, summary, fact } = incidentFact(document);
        await kept.fact(name, summary, fact);
      }
      streams.stdout.write(flags.json ? `${printedJson(document)}\n` : incidentText(document));
    } finally {
      await kept?.close();
    }
    return exitCode.done;
  } finally {
    await opened.close();
  }
}
