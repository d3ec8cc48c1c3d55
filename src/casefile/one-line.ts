import type { Entry } from '../documents/transcript.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { evidenceOf, readBody, vmOf } from './bodies.ts';

/** An entry as a row: `02:23:58Z  intent  PUT networkInterfaces/web01-nic     request 4f1c…`. All of it is printable. */
export interface EntryLine {
  /** `HH:MM:SSZ` */
  time: string;
  kind: string;
  text: string;
  /** At the right: who, which request, which evidence; "" when there is nothing. */
  aside: string;
}

/** The entry in one row of the transcript. */
export function entryLine(of: Entry): EntryLine {
  const [text, ...aside] = parts(of);
  const vm = of.kind === 'open' || of.kind === 'case' || of.kind === 'fact' ? undefined : vmOf(of);
  const held = evidenceOf(of).map((ref) => `evidence ${/\d{4,9}/.exec(ref.file)?.[0] ?? '?'}`);
  return {
    time: `${of.at.slice(11, 19)}Z`,
    kind: of.kind,
    text: printable(vm ? `${vm.name}: ${text}` : text, 400),
    aside: [...aside, ...held.slice(0, 3)]
      .filter((part) => part !== '')
      .map((part) => printable(part, 120))
      .join('   '),
  };
}

/** The entry as one line of text. */
export function oneLine(of: Entry): string {
  const { time, kind, text, aside } = entryLine(of);
  return `${time}  ${kind.padEnd(8)} ${text}${aside === '' ? '' : `   ${aside}`}`;
}

/**
 * What a query is for: the first sentence of the comment before its last statement, which says what is asked; else the
 * query's first line.
 */
function purposeOf(query: string): string {
  const lines = query.trim().split(/\r?\n/);
  const begins = (i: number) => i === 0 || /;\s*$/.test(lines[i - 1] ?? '');
  const comment = lines.findLast((line, i) => line.startsWith('//') && begins(i));
  const words =
    comment === undefined ? (lines[0] ?? '') : (/^\/\/\s*(.*?)(?:[.:;](?:\s|$)|$)/.exec(comment)?.[1] ?? '');
  return printable(words, 80).trim();
}

/** What a query gave: its rows, or why there are none, or not all. */
export function cameOf({ rows, error = '' }: { rows: number | null; error?: string | undefined }): string {
  if (rows === null) return `failed: ${error}`;
  return `${counted(rows, 'row')}${error === '' ? '' : ` in part: ${error}`}`;
}

/** The text, then what is at the right. */
function parts(of: Entry): [string, ...string[]] {
  switch (of.kind) {
    case 'case': {
      const body = readBody(of, 'case');
      if (body === null) break;
      return [
        `case ${body.caseId} on ${body.vm.name}, cordon ${body.toolVersion}${body.demo ? ', simulator' : ''}`,
        of.actor,
      ];
    }
    case 'open': {
      const body = readBody(of, 'open');
      if (body === null) break;
      return [`opened ${body.vm.name}`, of.actor];
    }
    case 'fact': {
      const body = readBody(of, 'fact');
      if (body === null) break;
      return [body.state === 'known' ? body.summary : `? ${body.summary || `${body.name}: ${body.because ?? ''}`}`];
    }
    case 'query': {
      const body = readBody(of, 'query');
      if (body === null) break;
      const came = cameOf(body);
      return [`${body.service}, ${purposeOf(body.text)}: ${came}`, seconds(body.durationSeconds)];
    }
    case 'plan': {
      const body = readBody(of, 'plan');
      if (body === null) break;
      const changes = body.steps.reduce((sum, step) => sum + step.changes.length, 0);
      return [`${body.playbook}: ${counted(body.steps.length, 'step')}, ${counted(changes, 'change')}`];
    }
    case 'confirm': {
      const body = readBody(of, 'confirm');
      if (body === null) break;
      const where = `${body.playbook} ${stepName(body)}`;
      const how = body.typed === '' ? `no confirmation needed (${body.level})` : `typed ${body.typed}`;
      return [`${where}: ${how}${body.reason === '' ? '' : `, because ${body.reason}`}`, of.actor];
    }
    case 'intent': {
      const body = readBody(of, 'intent');
      if (body === null) break;
      return [`${body.request.method} ${resourceOf(body.request.url)}`, `request ${start(body.clientRequestId)}`];
    }
    case 'outcome': {
      const body = readBody(of, 'outcome');
      if (body === null) break;
      const status = body.status === null ? 'no answer' : String(body.status);
      const ended = body.result ?? (body.ok === null ? 'outcome not known' : body.ok ? 'done' : 'failed');
      const text = `${status} ${ended}${body.error === undefined ? '' : `: ${body.error}`}`;
      const correlation = body.correlationId === '' ? '' : `correlation ${start(body.correlationId)}`;
      return [
        `${body.ok === false ? '✗ ' : body.ok === null ? '? ' : ''}${text}`,
        correlation,
        seconds(body.durationSeconds),
      ];
    }
    case 'verify': {
      const body = readBody(of, 'verify');
      if (body === null) break;
      return [`${body.ok === null ? '?' : body.ok ? '✓' : '✗'} ${body.text}`];
    }
    case 'undo': {
      const body = readBody(of, 'undo');
      if (body === null) break;
      return [`${body.playbook ?? ''} step ${body.step}: ${body.text ?? 'put back as it was'}`.trimStart(), of.actor];
    }
    case 'note': {
      const body = readBody(of, 'note');
      if (body === null) break;
      return [`"${body.text}"`, of.actor];
    }
    case 'export': {
      const body = readBody(of, 'export');
      if (body === null) break;
      return [`${body.format}: ${body.file}`, `sha256 ${start(body.sha256)}`];
    }
    case 'error': {
      const body = readBody(of, 'error');
      if (body === null) break;
      return [`✗ ${body.text}`];
    }
    case 'close':
      return ['closed', of.actor];
  }
  return [JSON.stringify(of.body).slice(0, 2000), of.actor];
}

/** "step 3" or, when the place is not known, "step swap-nsg". */
export function stepName(body: { step: string; number?: number | undefined }): string {
  return `step ${body.number ?? body.step}`;
}

/** The resource's type and name in an ARM URL: `networkInterfaces/web01-nic`; the whole when it is another URL. */
export function resourceOf(url: string): string {
  const path = url.replace(/^https?:\/\/[^/]*/i, '').replace(/\?.*$/s, '');
  const provider = path.toLowerCase().lastIndexOf('/providers/');
  if (provider === -1) return path || url;
  const rest = path.slice(provider + '/providers/'.length);
  return rest.slice(rest.indexOf('/') + 1);
}

function start(id: string): string {
  return id.length > 5 ? `${id.slice(0, 4)}…` : id;
}

function seconds(duration: number): string {
  return `${duration.toFixed(1)} s`;
}
