import type { Entry } from '../documents/transcript.ts';
import type { TimeLineEntry } from '../documents/triage.ts';
import { printable } from '../text/printable.ts';
import type { CaseHeader } from './bodies.ts';
import { type CaseDigest, digestCase } from './case-digest.ts';
import { timesOver } from './case-story.ts';
import type { NotesSource } from './notes-source.ts';
import { entryLine } from './one-line.ts';

const descriptions: Record<Entry['kind'], string> = {
  case: 'Case opened',
  open: 'VM opened',
  fact: 'Fact recorded',
  query: 'Query sent',
  plan: 'Plan made',
  confirm: 'Change confirmed',
  intent: 'Change requested',
  outcome: 'Change answered',
  verify: 'Change verified',
  undo: 'Change undone',
  note: 'Note written',
  export: 'Case exported',
  error: 'Error recorded',
  close: 'Case closed',
};

/** The meaning of an entry's time, by its source. */
const timeKinds: Record<TimeLineEntry['source'], string> = {
  logons: 'Logon time',
  activity: 'Azure change time',
  defender: 'Alert time',
  jit: 'Access grant time',
  patches: 'Installation time',
  backup: 'Backup time',
};

/** What happened, from the readings that the case holds, as events of its own. */
function* incidentEvents(header: CaseHeader, digest: CaseDigest): Generator<string> {
  for (const { at, until, text, who, from, vms, severity, attack, source, where } of timesOver(digest.subjects)) {
    const event: Record<string, string | number | boolean> = {
      message: `${vms.join(', ')}: ${text}`,
      datetime: at.replace('Z', '+00:00'),
      timestamp_desc: timeKinds[source],
      data_type: `cordon:time-line:${source}`,
      case_id: header.caseId,
      vm_name: vms.join(', '),
      severity,
      user: who,
      source_ip: from,
      attack_technique: attack.join(', '),
      evidence: where,
      demo: header.demo,
      ...(until === null ? {} : { end_datetime: until.replace('Z', '+00:00') }),
    };
    yield `${JSON.stringify(event)}\n`;
  }
}

/**
 * What happened, and the transcript, for Timesketch: JSON Lines with its mandatory fields `message`, `datetime` and `timestamp_desc`, and
 * the entry's own as further ones. https://timesketch.org/guides/user/import-from-json-csv/
 */
export async function* timesketchEvents(source: NotesSource): AsyncGenerator<string> {
  const { header } = source;
  yield* incidentEvents(header, await digestCase(source));
  for await (const entry of source.entries()) {
    const { text } = entryLine(entry);
    const event: Record<string, string | number | boolean> = {
      message: `[cordon] ${entry.kind}: ${text}`,
      datetime: entry.at.replace('Z', '+00:00'),
      timestamp_desc: descriptions[entry.kind],
      data_type: `cordon:${entry.kind}`,
      case_id: header.caseId,
      vm_name: printable(header.vm.name),
      vm_id: printable(header.vm.id, 1024),
      actor: printable(entry.actor),
      entry: entry.seq,
      entry_hash: entry.hash,
      demo: header.demo,
    };
    for (const [name, value] of plainValues(entry.body)) event[name] ??= value;
    yield `${JSON.stringify(event)}\n`;
  }
}

/** The body's values by snake-case path, two levels deep, at most 40: `request_method`, `client_request_id`. */
function plainValues(body: Record<string, unknown>): [string, string | number | boolean][] {
  const found: [string, string | number | boolean][] = [];
  const visit = (value: unknown, path: string, depth: number) => {
    if (found.length >= 40) return;
    if (typeof value === 'string') found.push([path, printable(value, 4000)]);
    else if (typeof value === 'number' || typeof value === 'boolean') found.push([path, value]);
    else if (Array.isArray(value)) {
      const words = value.filter((item) => typeof item === 'string').slice(0, 20);
      if (words.length > 0) found.push([path, printable(words.join(', '), 4000)]);
    } else if (value !== null && typeof value === 'object' && depth < 2) {
      for (const [name, item] of Object.entries(value)) visit(item, `${path}_${snake(name)}`, depth + 1);
    }
  };
  for (const [name, value] of Object.entries(body)) visit(value, `body_${snake(name)}`, 1);
  return found;
}

function snake(name: string): string {
  return name
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .slice(0, 60);
}
