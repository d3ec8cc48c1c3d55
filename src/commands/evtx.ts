import { type EvtxDocument, evtxDocument } from '../documents/evtx.ts';
import type { VirtualMachine } from '../documents/triage.ts';
import { readEventLogs } from '../eventlog/read-logs.ts';
import { failedLogon, type SecurityEvent, successfulLogon } from '../eventlog/security-events.ts';
import { isLinuxFormat } from '../evidence/evidence-files.ts';
import { exitCode, Failure } from '../failure.ts';
import { counted, listed, progressBar } from '../text/counts.ts';
import { jsonText } from '../text/json-text.ts';
import { printable } from '../text/printable.ts';
import { isoOf } from '../triage/logons/ticks.ts';
import { type BurstFlags, burstOptions } from './burst-options.ts';
import { caseFlags } from './case-flags.ts';
import { evtxText } from './evtx-report.ts';
import { besidesLines } from './evtx-summary.ts';
import { evtxDocumentOf, gatherLogs, logFiles } from './gathered-logs.ts';
import type { CaseFlags } from './into-case.ts';
import type { Streams } from './options.ts';
import { PacedOutput } from './paced-output.ts';
import { printedJson } from './printed-json.ts';

export interface EvtxFlags extends BurstFlags {
  json?: boolean;
  events?: boolean;
  case?: string;
  cases?: string;
}

// JSON leaves these as they are, but a terminal may obey them: 8-bit controls, marks without width, turned writing.
const unsafe = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** A logon event as a line of JSON, in ASCII where a terminal could take it for more than text; nothing is lost. */
function eventLine(event: SecurityEvent): string {
  const { recordId, eventId, computer, account, domain, address, workstation, logonType, status, subStatus } = event;
  const line = jsonText({
    recordId,
    time: isoOf(event.at),
    eventId,
    computer,
    account,
    domain,
    address,
    workstation,
    logonType,
    status,
    subStatus,
    process: event.process,
    processName: event.processName,
    verified: event.verified,
  });
  return `${line.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}

/** Draws how far the reading is, on a terminal alone. */
function progressOn({ stderr }: Streams): { show(fraction: number): void; clear(): void } {
  if (!stderr.isTTY) return { show: () => {}, clear: () => {} };
  let drawn = -1;
  return {
    show(fraction) {
      const percent = Math.floor(fraction * 100);
      if (percent === drawn) return;
      drawn = percent;
      stderr.write(`\r${progressBar(fraction, 30)} ${String(percent).padStart(3)} %`);
    },
    clear() {
      if (drawn >= 0) stderr.write(`\r${' '.repeat(40)}\r`);
    },
  };
}

function summaryOf({ logons, files }: EvtxDocument): string {
  const names = files.map(({ path }) => path.split(/[\\/]/).at(-1) ?? path).join(', ');
  if (logons.state === 'unknown') return printable(`failed logons in ${names}: not known, ${logons.because}`, 600);
  const { failures, bursts } = logons.value;
  return printable(
    `failed logons in ${names}: ${counted(failures, 'failure')}, ${counted(bursts.length, 'burst')}`,
    600,
  );
}

/** The computer whose logs were read, which need not be a VM of Azure. */
function unnamedMachine(name: string): VirtualMachine {
  return {
    id: '',
    name,
    resourceGroup: '',
    subscriptionId: '',
    subscriptionName: '',
    location: '',
    os: 'windows',
    osName: '',
    power: 'unknown',
    computerName: '',
    publicAddresses: [],
    networkInterfaces: [],
    tags: {},
  };
}

/** Enters what was read into a case: the files with their hashes, and what they say of logons. */
async function enter(document: EvtxDocument, flags: CaseFlags, now: Date): Promise<void> {
  const [{ enterFiles, intoCase }, { factEntry }, { conclusionOf }, { conclusionFact }, { concluded }, { nothingYet }] =
    await Promise.all([
      import('./into-case.ts'),
      import('../casefile/bodies.ts'),
      import('../triage/conclusion.ts'),
      import('../session/cases/triage-record.ts'),
      import('../triage/in-progress.ts'),
      import('../sources.ts'),
    ]);
  await intoCase(flags, async (file, actor) => {
    const logs = document.files.map(({ path, bytes, sha256, records, damages }) => {
      return { path, bytes, sha256, records, damaged: damages };
    });
    const files = [...(document.besides?.archives ?? []), ...logs];
    const notSeen = document.unread.map(({ because }) => because);
    await enterFiles(file, actor, 'event logs', files, { asOf: now.toISOString(), notSeen });
    const names = [...new Set(document.files.flatMap(({ computers }) => computers))].slice(0, 5).join(', ');
    const vm = { id: '', name: printable(`event logs of ${names || 'an unknown computer'}`, 200) };
    const evidence = await file.evidence.writeJson('logons', document);
    const body = factEntry('logons', summaryOf(document), document.logons, evidence);
    await file.transcript.append('fact', actor, { ...body, vm });
    const part = concluded({ ...nothingYet(unnamedMachine(vm.name)), logons: document.logons }, undefined, now);
    const { name, summary, fact } = conclusionFact(conclusionOf(part, now), [
      { name: 'logons', summary: body.summary, fact: document.logons },
    ]);
    const kept = await file.evidence.writeJson(name, fact);
    await file.transcript.append('fact', actor, { ...factEntry(name, summary, fact, kept), vm });
  });
}

/** `cordon evtx FILE…`: the failed logons in exported logs, folders and archives, without Azure. Files are opened read-only. */
export async function evtx(paths: readonly string[], flags: EvtxFlags, streams: Streams): Promise<number> {
  if (flags.json && flags.events) throw new Failure('--json and --events exclude each other');
  const into = caseFlags(flags);
  if (into) await (await import('./into-case.ts')).checkCase(into);
  const now = new Date();
  const progress = progressOn(streams);
  const lines = new PacedOutput(streams.stdout);
  const gathered = await gatherLogs(paths);
  const reading = await readEventLogs(logFiles(gathered), {
    thresholds: burstOptions(flags).thresholds,
    now,
    onProgress: progress.show,
    ...(flags.events
      ? {
          onEvent(event: SecurityEvent) {
            if (event.eventId === failedLogon || event.eventId === successfulLogon) lines.add(eventLine(event));
          },
          betweenChunks: () => lines.flush(),
        }
      : {}),
  });
  progress.clear();
  await lines.flush();
  const document = evtxDocument.parse(await evtxDocumentOf(gathered, reading));
  // The report says it too; who takes JSON or events, or gets no report, reads it here.
  if (flags.json || flags.events || document.files.length === 0)
    for (const { because } of document.unread) streams.stderr.write(`cordon: ${printable(because, 1200)}\n`);
  if (document.files.length === 0) {
    const found = besidesLines(document.besides);
    // A folder in which nothing is found says so too.
    if (document.unread.length === 0 || found.length > 0)
      streams.stderr.write(`cordon: no log that holds logons is in ${printable(listed(paths, 3), 600)}\n`);
    for (const line of found) streams.stderr.write(`  ${printable(line, 1200)}\n`);
  }
  if (flags.json) streams.stdout.write(`${printedJson(document)}\n`);
  else if (flags.events) {
    const text = gathered.logs.filter(({ format }) => isLinuxFormat(format)).length;
    if (text > 0)
      streams.stderr.write(`cordon: --events prints those of event logs; not of ${counted(text, 'log')} of Linux\n`);
    for (const { path, damaged, damages } of document.files) {
      for (const { offset, because } of damaged.slice(0, 20))
        streams.stderr.write(`${printable(path, 1024)}: at byte ${offset}: ${printable(because, 300)}\n`);
      if (damages > 20) streams.stderr.write(`${printable(path, 1024)}: and ${damages - 20} more places\n`);
    }
  } else if (document.files.length > 0) streams.stdout.write(evtxText(document));
  if (document.files.length === 0) return exitCode.usage;
  if (into) await enter(document, into, now);
  return exitCode.done;
}
