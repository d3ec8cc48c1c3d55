import { reaches, readScan } from '../azure/scan.ts';
import type { ScanDocument } from '../documents/triage.ts';
import { exitCode } from '../failure.ts';
import { printable } from '../text/printable.ts';
import { severityMarks } from '../words/severity.ts';
import { type BurstFlags, burstOptions } from './burst-options.ts';
import { exploitedOption, type KevFlags } from './kev-file.ts';
import { type ConnectionFlags, openConnection, type Streams } from './options.ts';
import { type ServiceTagsFlags, serviceTagsOption } from './service-tags-file.ts';

export interface ScanFlags extends ConnectionFlags, BurstFlags, KevFlags, ServiceTagsFlags {
  json?: boolean;
  full?: boolean;
  failOn?: 'critical' | 'high' | 'medium' | 'low';
}

function scanText(document: ScanDocument): string {
  const lines = document.vms.map((row) =>
    [
      `${severityMarks[row.severity]} ${printable(row.name, 40).padEnd(16)}`,
      printable(row.vm.resourceGroup, 40).padEnd(14),
      printable(row.because.join('; '), 400),
    ].join(' '),
  );
  return [
    `${document.vms.length} VMs  ${document.asOf}`,
    ...lines,
    ...document.notSeen.map((what) => `? not seen: ${printable(what)}`),
    '',
  ].join('\n');
}

/** The document as JSON, machine by machine: with whole exposures it may be longer than one string can be. */
function* jsonOf({ vms, ...rest }: ScanDocument): Generator<string> {
  const [before = '', after = ''] = JSON.stringify({ ...rest, vms: [] }, null, 2).split(/(?<="vms": \[)(?=\]\n\}$)/);
  yield before;
  for (const [index, row] of vms.entries()) {
    yield `${index === 0 ? '' : ','}\n${JSON.stringify(row, null, 2).replace(/^/gm, '    ')}`;
  }
  yield `${vms.length === 0 ? '' : '\n  '}${after}\n`;
}

/** `cordon scan`: every machine in reach, ranked by suspicion. */
export async function scan(flags: ScanFlags, streams: Streams): Promise<number> {
  const exploited = await exploitedOption(flags);
  const tags = await serviceTagsOption(flags, new Date());
  const opened = await openConnection(flags);
  try {
    const told = (rows: unknown[]) => {
      if (streams.stderr.isTTY && rows.length > 0) streams.stderr.write(`\r${rows.length} VMs …`);
    };
    const document = await readScan(opened.connection, told, {
      ...burstOptions(flags),
      ...exploited,
      ...tags,
      full: flags.full ?? false,
    });
    if (streams.stderr.isTTY) streams.stderr.write('\r\u001b[K');
    if (flags.json) for (const piece of jsonOf(document)) streams.stdout.write(piece);
    else streams.stdout.write(scanText(document));
    if (document.vms.length === 0 && document.notSeen.length > 0) return exitCode.notPermitted;
    return flags.failOn && reaches(document.vms, flags.failOn) ? exitCode.findings : exitCode.done;
  } finally {
    await opened.close();
  }
}
