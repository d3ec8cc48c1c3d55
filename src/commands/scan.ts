import { readScan } from '../azure/scan.ts';
import { factEntry } from '../casefile/bodies.ts';
import { known } from '../documents/fact.ts';
import type { ScanDocument } from '../documents/triage.ts';
import { exitCode, Failure } from '../failure.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { severityMarks } from '../words/severity.ts';
import { type BurstFlags, burstOptions } from './burst-options.ts';
import { type FailOn, scanExit } from './fail-on.ts';
import { checkHeadlessCase, type HeadlessCaseFlags, today } from './headless-case.ts';
import { type CaseFlags, intoCase } from './into-case.ts';
import { exploitedOption, type KevFlags } from './kev-file.ts';
import { type ConnectionFlags, openConnection, type Streams } from './options.ts';
import { PacedOutput } from './paced-output.ts';
import { printedJson } from './printed-json.ts';
import { type ServiceTagsFlags, serviceTagsOption } from './service-tags-file.ts';

export interface ScanFlags extends ConnectionFlags, BurstFlags, KevFlags, ServiceTagsFlags, HeadlessCaseFlags {
  json?: boolean;
  full?: boolean;
  failOn?: FailOn;
}

function scanText(document: ScanDocument): string {
  const lines = document.vms.map((row) =>
    [
      `${severityMarks[row.severity]} ${printable(row.name, 40).padEnd(16)}`,
      printable(row.vm.resourceGroup, 40).padEnd(14),
      printable(row.because.join('; '), 400),
    ].join(' '),
  );
  const { notListed } = document;
  if (notListed) {
    return `? The VMs could not be listed: ${printable(notListed.because, 2000)}\n  ${printable(notListed.cure, 20_000)}\n`;
  }
  return [
    `${document.vms.length} VMs  ${document.asOf}`,
    ...lines,
    ...document.notSeen.map((what) => `? not seen: ${printable(what)}`),
    '',
  ].join('\n');
}

/** The document as JSON, VM by VM: with whole exposures it may be longer than one string can be. */
function* jsonOf({ vms, ...rest }: ScanDocument): Generator<string> {
  const [before = '', after = ''] = printedJson({ ...rest, vms: [] }).split(/(?<="vms": \[)(?=\]\n\}$)/);
  yield before;
  for (const [index, row] of vms.entries()) {
    yield `${index === 0 ? '' : ','}\n${printedJson(row).replace(/^/gm, '    ')}`;
  }
  yield `${vms.length === 0 ? '' : '\n  '}${after}\n`;
}

/** Enters what was read of the fleet into a case; the exposures of `--full` stay out, as they do in the printed list. */
async function enter(document: ScanDocument, flags: CaseFlags, { stderr }: Streams): Promise<void> {
  const rows = document.vms.map(({ exposure: _, ...row }) => row);
  const fact = known(
    { ...document, vms: rows },
    {
      source: 'Resource Graph, Log Analytics',
      asOf: document.asOf,
      coverage: counted(rows.length, 'VM'),
      notSeen: document.notSeen,
    },
  );
  const worst = rows.filter(({ severity }) => severity === 'critical' || severity === 'high');
  const summary = `scan of ${counted(rows.length, 'VM')}: ${worst
    .slice(0, 8)
    .map(({ name, severity }) => `${name} ${severity}`)
    .join(', ')}${worst.length > 8 ? ` and ${worst.length - 8} more` : ''}`;
  await intoCase(flags, async (file, actor) => {
    const evidence = await file.evidence.writeJson('scan', fact);
    await file.transcript.append('fact', actor, factEntry('scan', printable(summary, 1000), fact, evidence));
  });
  stderr.write(`Entered into case ${flags.case}.\n`);
}

/** `cordon scan`: every VM in reach, ranked by suspicion. */
export async function scan(flags: ScanFlags, streams: Streams): Promise<number> {
  const exploited = await exploitedOption(flags);
  const tags = await serviceTagsOption(flags, new Date());
  if (flags.case === today) throw new Failure('a scan is about many VMs: give --case the id of a case', exitCode.usage);
  const opened = await openConnection(flags);
  try {
    await checkHeadlessCase(opened, flags);
    const told = (rows: unknown[]) => {
      if (rows.length > 0) streams.stderr.write(`\r${rows.length} VMs …`);
    };
    const document = await readScan(opened.connection, streams.stderr.isTTY ? told : undefined, {
      ...burstOptions(flags),
      ...exploited,
      ...tags,
      full: flags.full ?? false,
    });
    if (streams.stderr.isTTY) streams.stderr.write('\r\u001b[K');
    if (flags.case !== undefined) await enter(document, { ...flags, case: flags.case }, streams);
    if (flags.json) await new PacedOutput(streams.stdout).write(jsonOf(document));
    else streams.stdout.write(scanText(document));
    if (document.vms.length === 0 && document.notSeen.length > 0) return exitCode.notPermitted;
    return flags.failOn ? scanExit(document.vms, flags.failOn, streams) : exitCode.done;
  } finally {
    await opened.close();
  }
}
