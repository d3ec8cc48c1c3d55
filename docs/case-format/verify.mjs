// Verifies a case's transcript by its published format alone (README.md beside this file). It shares no code with cordon.
//   node verify.mjs transcript.jsonl [HEAD:COUNT]     exit 0 whole, 6 not, 2 wrong usage
//   node verify.mjs --vectors vectors.json            exit 0 when each vector is judged as it says
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const longest = 65_536;
const kinds = 'case open fact query plan confirm intent outcome verify undo note export error close'.split(' ');
const hex = /^[0-9a-f]{64}$/;
const sha256 = (text) => createHash('sha256').update(text, 'utf8').digest('hex');

/** RFC 8785: names in the order of their UTF-16 units, strings and numbers as ECMAScript writes them. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

const namespace = Buffer.from('5b2aacf5de80488fab24c9f269fc0640', 'hex');
const placed = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The id of the change whose intent follows an entry: a UUID of version 8 by the README. */
function requestId(head, count) {
  const bytes = createHash('sha256').update(namespace).update(`${head}:${count}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}

/** Why the line cannot follow the one before it (null for the first), or null when it can. */
function wrong(bytes, before) {
  if (bytes.length + 1 > longest) return 'it is too long';
  let text;
  let entry;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    entry = JSON.parse(text);
  } catch {
    return 'it is not JSON in UTF-8';
  }
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return 'it is not an entry';
  const { hash, ...rest } = entry;
  if (canonical(entry) !== text) return 'it is not canonical JSON';
  if (!kinds.includes(entry.kind) || typeof entry.actor !== 'string' || typeof entry.body !== 'object') {
    return 'it is not an entry';
  }
  if (!hex.test(hash) || sha256(canonical(rest)) !== hash) return 'its hash does not match its content';
  if (entry.seq !== (before?.seq ?? 0) + 1) return 'its number does not follow';
  if (entry.prev !== (before?.hash ?? '0'.repeat(64))) return 'it does not continue the line before it';
  if ((entry.kind === 'case') !== (before === null)) return 'the header is the first line, and no other';
  if (Number.isNaN(Date.parse(entry.at))) return 'it has no time';
  const back = before === null ? 0 : Date.parse(before.at) - Date.parse(entry.at);
  if (back > 1000 && !('clockWentBack' in entry.body)) return 'its time is before that of the line before it';
  const id = entry.kind === 'intent' ? entry.body.clientRequestId : '';
  if (placed.test(id) && id !== requestId(entry.prev, entry.seq - 1)) return 'its request id is not made by its place';
  return null;
}

/** `{ ok, line, because }` of a transcript's bytes; `line` is the first wrong one, or the number of lines. */
export function verify(bytes, anchor) {
  const [head = '', count = ''] = (anchor ?? '').split(':');
  let before = null;
  let line = 0;
  let anchored = anchor === undefined;
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(10, from);
    line += 1;
    if (end < 0) return { ok: false, line, because: 'its newline is missing: the line is torn' };
    const part = bytes.subarray(from, end);
    const because = wrong(part, before);
    if (because !== null) return { ok: false, line, because };
    before = JSON.parse(part.toString('utf8'));
    if (line === Number(count)) {
      if (before.hash !== head) return { ok: false, line, because: 'it has not the head that was noted elsewhere' };
      anchored = true;
    }
    from = end + 1;
  }
  if (before === null) return { ok: false, line: 1, because: 'there is no entry' };
  if (!anchored) return { ok: false, line: line + 1, because: `it is missing: ${count} entries were noted elsewhere` };
  return { ok: true, line, because: '' };
}

function vectors(file) {
  const failed = JSON.parse(readFileSync(file, 'utf8')).filter(({ file: name, anchor, ok, line }) => {
    const said = verify(readFileSync(join(dirname(file), name)), anchor);
    const right = said.ok === ok && said.line === line;
    console.log(
      `${right ? '✓' : '✗'} ${name}${anchor ? ' with its anchor' : ''}: ${said.ok ? 'whole' : `line ${said.line}: ${said.because}`}`,
    );
    return !right;
  });
  return failed.length === 0 ? 0 : 6;
}

const [first, second] = process.argv.slice(2);
if (first === '--vectors' && second) process.exitCode = vectors(second);
else if (first && (second === undefined || /^[0-9a-f]{64}:[1-9]\d*$/.test(second))) {
  const said = verify(readFileSync(first), second);
  console.log(said.ok ? `whole: ${said.line} entries` : `line ${said.line}: ${said.because}`);
  process.exitCode = said.ok ? 0 : 6;
} else if (process.argv[1] === import.meta.filename) {
  console.error('verify.mjs transcript.jsonl [HEAD:COUNT] | --vectors vectors.json');
  process.exitCode = 2;
}
