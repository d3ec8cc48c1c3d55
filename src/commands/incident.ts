import type { Connection } from '../azure/client/connection.ts';
import { type First, readIncident } from '../azure/incident.ts';
import { resolveVm } from '../azure/readers/inventory.ts';
import { findSentinelIncident, readIncidentMachines } from '../azure/readers/sentinel.ts';
import { known } from '../documents/fact.ts';
import type { IncidentDocument } from '../documents/incident.ts';
import { exitCode, Failure } from '../failure.ts';
import type { KeptCase } from '../session/cases/kept-cases.ts';
import { recordTriage } from '../session/cases/triage-record.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { type BurstFlags, burstOptions } from './burst-options.ts';
import { checkHeadlessCase, type HeadlessCaseFlags, openHeadlessCase, withQueries } from './headless-case.ts';
import { incidentText } from './incident-report.ts';
import { type ConnectionFlags, openConnection, type Streams } from './options.ts';
import { printedJson } from './printed-json.ts';

export interface IncidentFlags extends ConnectionFlags, BurstFlags, HeadlessCaseFlags {
  json?: boolean;
  /** In place of a VM: an incident of Microsoft Sentinel, by resource id, GUID or number. */
  sentinel?: string;
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

/** The VMs that an incident of Microsoft Sentinel names; what of it is no VM in reach is said. */
async function machinesOf(connection: Connection, wanted: string, { stderr }: Streams): Promise<First[]> {
  const incident = await findSentinelIncident(connection, wanted);
  const { ids, hosts, others } = await readIncidentMachines(connection, incident.id);
  const name = `incident ${incident.number ?? printable(incident.id, 400)}`;
  stderr.write(`${printable(`${name}: ${incident.title} (${incident.status})`, 400)}\n`);
  const found = new Map<string, First>();
  for (const one of [...ids, ...hosts]) {
    try {
      const vm = await resolveVm(connection, one);
      found.set(vm.id.toLowerCase(), { vm, because: `named by ${name}` });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      stderr.write(`${printable(`? ${one}, named by ${name}, is not followed: ${error.message}`, 600)}\n`);
    }
  }
  const rest = [...others].map(([kind, count]) => `${count} of the kind ${kind}`).join(', ');
  if (rest !== '') stderr.write(`${printable(`Not followed: entities that are no machines (${rest})`, 400)}\n`);
  if (found.size === 0) throw new Failure(`${name} names no VM in reach`, exitCode.usage);
  return [...found.values()];
}

/**
 * `cordon incident VM`, or `cordon incident --sentinel INCIDENT` for the VMs that it names: what leads from a VM to the next, and to
 * data. With `--case` each VM's triage is entered there.
 */
export async function incident(wanted: string | undefined, flags: IncidentFlags, streams: Streams): Promise<number> {
  const { sentinel } = flags;
  if ((wanted === undefined) === (sentinel === undefined)) {
    throw new Failure('incident: name a VM, or an incident of Microsoft Sentinel with --sentinel', exitCode.usage);
  }
  const opened = await openConnection(flags);
  const { connection } = opened;
  try {
    await checkHeadlessCase(opened, flags);
    const firsts =
      sentinel === undefined
        ? [{ vm: await resolveVm(connection, wanted ?? ''), because: '' }]
        : await machinesOf(connection, sentinel, streams);
    const [{ vm } = { vm: undefined }] = firsts;
    if (vm === undefined) return exitCode.usage;
    const kept = flags.case === undefined ? null : await openHeadlessCase(opened, flags, vm, streams);
    try {
      const read = () =>
        readIncident(connection, firsts, burstOptions(flags), async (document) => {
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
