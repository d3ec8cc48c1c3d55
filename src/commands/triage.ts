import { resolveVm } from '../azure/readers/inventory.ts';
import { readTriage } from '../azure/triage.ts';
import type { Severity, TriageDocument } from '../documents/triage.ts';
import { exitCode } from '../failure.ts';
import { severityOrder } from '../triage/findings.ts';
import { type BurstFlags, burstOptions } from './burst-options.ts';
import type { withEvidence } from './evidence-beside.ts';
import { exploitedOption, type KevFlags } from './kev-file.ts';
import { type ConnectionFlags, openConnection, type Streams } from './options.ts';
import { type ServiceTagsFlags, serviceTagsOption } from './service-tags-file.ts';
import { triageMarkdown, triageText } from './triage-report.ts';

export interface TriageFlags extends ConnectionFlags, BurstFlags, KevFlags, ServiceTagsFlags {
  json?: boolean;
  markdown?: boolean;
  failOn?: Severity;
  /** Exported event logs. */
  evidence?: string[];
}

/** `cordon triage VM`: the three questions for one machine, without the workbench. */
export async function triage(wanted: string, flags: TriageFlags, streams: Streams): Promise<number> {
  const exploited = await exploitedOption(flags);
  const tags = await serviceTagsOption(flags, new Date());
  const opened = await openConnection(flags);
  try {
    const vm = await resolveVm(opened.connection, wanted);
    const started = new Set<string>();
    const { document: read } = await readTriage(
      opened.connection,
      vm,
      (part) => {
        if (!streams.stderr.isTTY) return;
        for (const name of ['exposure', 'logons', 'patches'] as const) {
          if (part[name] && !started.has(name)) {
            started.add(name);
            streams.stderr.write(`  ${name} …✓\n`);
          }
        }
      },
      { ...burstOptions(flags), ...exploited, ...tags },
    );
    const document = flags.evidence
      ? await besideEvidence(read, flags.evidence, { ...burstOptions(flags), ...exploited }, opened, streams)
      : read;
    streams.stdout.write(
      flags.json
        ? `${JSON.stringify(document, null, 2)}\n`
        : flags.markdown
          ? triageMarkdown(document)
          : triageText(document),
    );
    const failOn = flags.failOn;
    const failed =
      failOn && document.findings.some((finding) => severityOrder[finding.severity] <= severityOrder[failOn]);
    return failed ? exitCode.findings : exitCode.done;
  } finally {
    await opened.close();
  }
}

/** The triage with exported logs beside it; those that do not fit the VM are named on standard error too. */
async function besideEvidence(
  read: TriageDocument,
  paths: readonly string[],
  options: Pick<Parameters<typeof withEvidence>[3], 'thresholds' | 'exploited'>,
  { connection }: Awaited<ReturnType<typeof openConnection>>,
  streams: Streams,
): Promise<TriageDocument> {
  const { withEvidence: beside } = await import('./evidence-beside.ts');
  const { document, leftOut } = await beside(read, read.vm, paths, { ...options, now: connection.clock.now() });
  for (const log of leftOut) streams.stderr.write(`cordon: not counted for ${read.vm.name}: ${log}\n`);
  return document;
}
