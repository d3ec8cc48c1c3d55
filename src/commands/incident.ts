import { readIncident } from '../azure/incident.ts';
import { resolveVm } from '../azure/readers/inventory.ts';
import { known } from '../documents/fact.ts';
import type { IncidentDocument } from '../documents/incident.ts';
import { exitCode } from '../failure.ts';
import type { KeptCase } from '../session/cases/kept-cases.ts';
import { recordTriage } from '../session/cases/triage-record.ts';
import { counted } from '../text/counts.ts';
import { type BurstFlags, burstOptions } from './burst-options.ts';
import { checkHeadlessCase, type HeadlessCaseFlags, openHeadlessCase, withQueries } from './headless-case.ts';
import { incidentText } from './incident-report.ts';
import { type ConnectionFlags, openConnection, type Streams } from './options.ts';
import { printedJson } from './printed-json.ts';

export interface IncidentFlags extends ConnectionFlags, BurstFlags, HeadlessCaseFlags {
  json?: boolean;
}

/** Enters the leads as a fact of their own, so that the notes say how it went from VM to VM. */
async function enterIncident(kept: Pick<KeptCase, 'fact'>, document: IncidentDocument): Promise<void> {
  const leads = document.vms.flatMap(({ logons, operations }) => [logons, operations]);
  const count = leads.reduce((sum, fact) => sum + (fact.state === 'known' ? fact.value.length : 0), 0);
  const names = document.vms.map(({ vm }) => vm.name).join(', ');
  const fact = known(document, {
    source: 'cordon, from the logs and the activity log',
    asOf: document.asOf,
    coverage: names,
    notSeen: leads.flatMap((one) => (one.state === 'unknown' ? [`${one.source}: ${one.because}`] : one.notSeen)),
  });
  await kept.fact('incident', `${counted(count, 'lead')} from ${names}`, fact);
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
        readIncident(connection, vm, burstOptions(flags), async (document) => {
          streams.stderr.write(streams.stderr.isTTY ? `  ${document.vm.name} …✓\n` : '');
          if (kept) await recordTriage(kept, document, connection.clock.now());
        });
      const document = kept ? await withQueries(opened, kept, read) : await read();
      if (kept) await enterIncident(kept, document);
      streams.stdout.write(flags.json ? `${printedJson(document)}\n` : incidentText(document));
    } finally {
      await kept?.close();
    }
    return exitCode.done;
  } finally {
    await opened.close();
  }
}
