import type { TriageOptions } from '../azure/readers/asked.ts';
import { resolveVm } from '../azure/readers/inventory.ts';
import { readTriage } from '../azure/triage.ts';
import type { TriageDocument, VirtualMachine } from '../documents/triage.ts';
import { exitCode } from '../failure.ts';
import { recordTriage } from '../session/cases/triage-record.ts';
import type { TriageInProgress } from '../triage/in-progress.ts';
import { type BurstFlags, burstOptions } from './burst-options.ts';
import { type FailOn, triageExit } from './fail-on.ts';
import { checkHeadlessCase, type HeadlessCaseFlags, openHeadlessCase, withQueries } from './headless-case.ts';
import { exploitedOption, type KevFlags } from './kev-file.ts';
import { type ConnectionFlags, type Opened, openConnection, type Streams } from './options.ts';
import { printedJson } from './printed-json.ts';
import { type ServiceTagsFlags, serviceTagsOption } from './service-tags-file.ts';
import { triageMarkdown, triageText } from './triage-report.ts';

export interface TriageFlags extends ConnectionFlags, BurstFlags, KevFlags, ServiceTagsFlags, HeadlessCaseFlags {
  json?: boolean;
  markdown?: boolean;
  /** Exported event logs. */
  evidence?: string[];
  failOn?: FailOn;
}

/** Reports which of the three questions has been answered, for an interactive terminal. */
function narrator({ stderr }: Streams): (part: TriageInProgress) => void {
  const told = new Set<string>();
  return (part) => {
    if (!stderr.isTTY) return;
    for (const name of ['exposure', 'logons', 'patches'] as const) {
      if (part[name] && !told.has(name)) {
        told.add(name);
        stderr.write(`  ${name} …✓\n`);
      }
    }
  };
}

/** Reads the VM; with `--case` everything that was asked, answered and concluded is entered there. */
async function readAndEnter(
  opened: Opened,
  vm: VirtualMachine,
  flags: TriageFlags,
  options: TriageOptions,
  streams: Streams,
): Promise<TriageDocument> {
  const { connection } = opened;
  const read = async () => {
    const { document } = await readTriage(connection, vm, narrator(streams), options);
    return flags.evidence ? besideEvidence(document, flags.evidence, options, opened, streams) : document;
  };
  if (flags.case === undefined) return read();
  const kept = await openHeadlessCase(opened, flags, vm, streams);
  try {
    const document = await withQueries(opened, kept, read);
    await recordTriage(kept, document, connection.clock.now());
    streams.stderr.write(`Entered into case ${kept.id}.\n`);
    return document;
  } finally {
    await kept.close();
  }
}

/** `cordon triage VM`: the three questions for one VM, without the workbench. */
export async function triage(wanted: string, flags: TriageFlags, streams: Streams): Promise<number> {
  const exploited = await exploitedOption(flags);
  const tags = await serviceTagsOption(flags, new Date());
  const opened = await openConnection(flags);
  try {
    await checkHeadlessCase(opened, flags);
    const vm = await resolveVm(opened.connection, wanted);
    const document = await readAndEnter(opened, vm, flags, { ...burstOptions(flags), ...exploited, ...tags }, streams);
    streams.stdout.write(
      flags.json ? `${printedJson(document)}\n` : flags.markdown ? triageMarkdown(document) : triageText(document),
    );
    return flags.failOn ? triageExit(document, flags.failOn, streams) : exitCode.done;
  } finally {
    await opened.close();
  }
}

/** The triage with exported logs beside it; those that do not fit the VM are named on standard error too. */
async function besideEvidence(
  read: TriageDocument,
  paths: readonly string[],
  { thresholds = {}, exploited }: TriageOptions,
  { connection }: Opened,
  streams: Streams,
): Promise<TriageDocument> {
  const { withEvidence } = await import('./evidence-beside.ts');
  const { document, leftOut } = await withEvidence(read, read.vm, paths, {
    thresholds,
    ...(exploited ? { exploited } : {}),
    now: connection.clock.now(),
  });
  for (const log of leftOut) streams.stderr.write(`cordon: not counted for ${read.vm.name}: ${log}\n`);
  return document;
}
