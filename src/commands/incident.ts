import type { Connection } from '../azure/client/connection.ts';
import { type First, readIncident } from '../azure/incident.ts';
import { resolveVm } from '../azure/readers/inventory.ts';
import { findSentinelIncident, readIncidentMachines } from '../azure/readers/sentinel.ts';
import { exitCode, Failure } from '../failure.ts';
import { incidentFact } from '../session/cases/incident-fact.ts';
import { recordTriage } from '../session/cases/triage-record.ts';
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
        readIncident(connection, firsts, burstOptions(flags), {
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
