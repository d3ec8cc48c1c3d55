import { parseAllDocuments } from 'yaml';

/**
 * Sigma rules about single events of Windows, matched in the plainest way: value by value over decoded events, without KQL. It
 * shares nothing with the program. Texts become JavaScript's regular expressions; a field that an event does not have
 * matches nothing.
 */
export interface PlainEvent {
  channel: string;
  provider: string;
  computer: string;
  level: number | null;
  eventId: number;
  /** In their order; unnamed data have the name "". */
  fields: { name: string; value: string }[];
}

type Yaml = null | string | number | boolean | Yaml[] | { [key: string]: Yaml };

/** The logs of Windows that the rules here are about, as Event Viewer's properties of a log call them. */
const logs: Record<string, string> = {
  security: 'Security',
  application: 'Application',
  windefend: 'Microsoft-Windows-Windows Defender/Operational',
};

/**
 * That a process was created: Sysmon says it in its event 1 (https://learn.microsoft.com/sysinternals/downloads/sysmon), and
 * Windows in its event 4688 (https://learn.microsoft.com/windows/security/threat-protection/auditing/event-4688).
 */
const isProcessCreation = ({ channel, eventId }: PlainEvent): boolean =>
  (channel === 'Microsoft-Windows-Sysmon/Operational' && eventId === 1) || (channel === 'Security' && eventId === 4688);

/** Is the event of the kind that the rule is about? Undefined where this matcher does not know. */
function isAbout({ product, category, service }: Record<string, Yaml>, event: PlainEvent): boolean | undefined {
  if (product !== 'windows') return undefined;
  if (category !== undefined) return category === 'process_creation' ? isProcessCreation(event) : undefined;
  const channel = logs[String(service)];
  return channel === undefined ? undefined : event.channel === channel;
}

const in4688: Record<string, string> = {
  Image: 'NewProcessName',
  ParentImage: 'ParentProcessName',
  LogonId: 'SubjectLogonId',
  IntegrityLevel: 'MandatoryLabel',
};
const labels: Record<string, string> = {
  'S-1-16-4096': 'low',
  'S-1-16-8192': 'medium',
  'S-1-16-12288': 'high',
  'S-1-16-16384': 'system',
};

/** The values that an event has for a field of a rule. */
function valuesOf(event: PlainEvent, field: string): string[] {
  switch (field) {
    case 'EventID':
      return [String(event.eventId)];
    case 'Provider_Name':
      return [event.provider];
    case 'Channel':
      return [event.channel];
    case 'Computer':
    case 'ComputerName':
      return [event.computer];
    case 'Level':
      return event.level === null ? [] : [String(event.level)];
    case 'Data':
      return [
        event.fields
          .filter(({ name }) => name === '' || name === 'Data')
          .map(({ value }) => value)
          .join('\n'),
      ];
  }
  if (event.channel === 'Security' && event.eventId === 4688 && /^(?:User|ProcessId|ParentProcessId)$/.test(field))
    return [];
  const name = event.channel === 'Security' && event.eventId === 4688 ? (in4688[field] ?? field) : field;
  const spaceless = /Defender/.test(event.channel);
  const first = event.fields.find(
    (one) => (spaceless ? one.name.replaceAll(' ', '') : one.name) === name.replaceAll('_', spaceless ? '' : '_'),
  );
  if (!first) return [];
  return field === 'IntegrityLevel' && labels[first.value] ? [first.value, labels[first.value] ?? ''] : [first.value];
}

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

/** A text with wildcards as a regular expression. */
function wildcards(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const [c, d] = [text[i] ?? '', text[i + 1] ?? ''];
    if (c === '\\' && '\\*?'.includes(d) && d !== '') {
      out += quoted(d);
      i++;
    } else if (c === '*') out += '[^]*';
    else if (c === '?') out += '[^]';
    else out += quoted(c);
  }
  return out;
}

const unescapedText = (text: string): string => text.replace(/\\([\\*?])/g, '$1');

function windash(text: string): string[] {
  const at = text.search(/(?<!\w)[-/](?=\w)/);
  if (at < 0) return [text];
  return ['-', '/', '–', '—', '―'].flatMap((dash) =>
    windash(text.slice(at + 1)).map((rest) => text.slice(0, at) + dash + rest),
  );
}

function shifted(bytes: Buffer): string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift, 32), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // Letters that hold bits of a neighbour are no part of it.
    const from = Math.ceil((shift * 8) / 6);
    const to = Math.floor(((shift + bytes.length) * 8) / 6);
    return text.slice(from, to);
  });
}

function inNetwork(address: string, range: string): boolean {
  const [base = '', bits = ''] = range.split('/');
  const number = (text: string): bigint | undefined => {
    if (text.includes('.')) {
      const parts = text.split('.').map(Number);
      return parts.length === 4 && parts.every((p) => p >= 0 && p < 256)
        ? BigInt(parts.reduce((n, p) => n * 256 + p, 0))
        : undefined;
    }
    if (!text.includes(':')) return undefined;
    const [head = '', tail] = text.split('::');
    const left = head === '' ? [] : head.split(':');
    const right = tail === undefined || tail === '' ? [] : tail.split(':');
    const groups =
      tail === undefined ? left : [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
    return groups.reduce((n, g) => n * 65536n + BigInt(`0x${g}`), 0n);
  };
  if (address.includes(':') !== base.includes(':')) return false;
  const [a, b] = [number(address), number(base)];
  const rest = BigInt((base.includes(':') ? 128 : 32) - Number(bits));
  return a !== undefined && b !== undefined && a >> rest === b >> rest;
}

function isValue(event: PlainEvent, written: Yaml, mods: string[], values: string[]): boolean {
  if (mods.includes('exists')) return values.length > 0 === (String(written) === 'true');
  if (written === null) return values.every((value) => value === '');
  let texts = [String(written)];
  const flags = mods.includes('cased') ? '' : 'i';
  if (mods.includes('re')) {
    const set = ['i', 'm', 's'].filter((flag) => mods.includes(flag)).join('');
    return values.some((value) =>
      new RegExp(
        String(written).replace(/^\(\?i\)/, ''),
        /^\(\?i\)/.test(String(written)) ? `i${set.replace('i', '')}` : set,
      ).test(value),
    );
  }
  if (mods.includes('cidr')) return values.some((value) => inNetwork(value, String(written)));
  for (const [name, test] of Object.entries({
    lt: (a: number, b: number) => a < b,
    lte: (a: number, b: number) => a <= b,
    gt: (a: number, b: number) => a > b,
    gte: (a: number, b: number) => a >= b,
  })) {
    if (mods.includes(name)) return values.some((value) => value.trim() !== '' && test(Number(value), Number(written)));
  }
  if (mods.includes('fieldref')) {
    const others = valuesOf(event, String(written)).filter((value) => value !== '');
    texts = others.map((value) => value.replace(/[\\*?]/g, '\\$&'));
    values = values.filter((value) => value !== '');
  }
  if (mods.includes('base64') || mods.includes('base64offset')) {
    const bytes = Buffer.from(
      unescapedText(texts[0] ?? ''),
      mods.includes('wide') || mods.includes('utf16le') ? 'utf16le' : 'utf8',
    );
    texts = mods.includes('base64') ? [bytes.toString('base64')] : shifted(bytes);
  }
  if (mods.includes('windash')) texts = texts.flatMap(windash);
  const start = mods.includes('contains') || mods.includes('endswith') ? '[^]*' : '';
  const end = mods.includes('contains') || mods.includes('startswith') ? '[^]*' : '';
  return texts.some((text) => {
    const regex = new RegExp(`^${start}${wildcards(text)}${end}$`, flags);
    // Nothing is what is empty or not there; a lone star asks for something.
    if (text === '' && start + end === '') return values.every((value) => value === '');
    if (text === '') return values.some((value) => value !== '');
    if (/^\*+$/.test(text)) return values.some((value) => value !== '');
    return values.some((value) => regex.test(value));
  });
}

function isItem(event: PlainEvent, key: string, value: Yaml): boolean {
  const [field = '', ...mods] = key.split('|');
  if (mods.includes('expand')) throw new Error('a placeholder');
  const listed = Array.isArray(value) ? value : [value];
  const values = field === '' ? [event.fields.map((one) => one.value).join('\n')] : valuesOf(event, field);
  const own = field === '' ? [...mods, 'contains'] : mods;
  const test = (one: Yaml) => isValue(event, one, own, values);
  const found = mods.includes('all') ? listed.every(test) : listed.some(test);
  return mods.includes('neq') ? !found : found;
}

function isSelection(event: PlainEvent, selection: Yaml): boolean {
  if (Array.isArray(selection)) return selection.some((one) => isSelection(event, one));
  if (typeof selection === 'object' && selection !== null) {
    return Object.entries(selection).every(([key, value]) => isItem(event, key, value));
  }
  return isItem(event, '', selection);
}

/** A condition as JavaScript, which binds `!`, `&&` and `||` as Sigma binds not, and, or. */
function isCondition(event: PlainEvent, condition: string, detection: Record<string, Yaml>): boolean {
  const names = Object.keys(detection).filter((name) => name !== 'condition' && name !== 'timeframe');
  const of = (pattern: string) =>
    names.filter(
      (name) =>
        !name.startsWith('_') && (pattern === 'them' || new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name)),
    );
  const text = condition
    .replace(/\b(1|any|all)\s+of\s+([\w*]+)/gi, (_, how: string, pattern: string) => {
      const joined = of(pattern).map((name) => `is(${JSON.stringify(name)})`);
      return `(${joined.join(how === 'all' ? ' && ' : ' || ')})`;
    })
    .replace(/"[^"]*"|\bis\b|\b(and|or|not)\b|[A-Za-z_][\w-]*/gi, (word, operator: string | undefined) => {
      if (operator) return { and: '&&', or: '||', not: '!' }[operator.toLowerCase()] ?? word;
      return word === 'is' || word.startsWith('"') ? word : `is(${JSON.stringify(word)})`;
    });
  const evaluated: unknown = new Function('is', `return ${text};`)((name: string) =>
    isSelection(event, detection[name] ?? null),
  );
  return evaluated === true;
}

export interface PlainRule {
  id: string;
  title: string;
  logsource: Record<string, Yaml>;
  detection: Record<string, Yaml>;
}

export const plainRules = (text: string): PlainRule[] =>
  parseAllDocuments(text).flatMap((document) => {
    const rule: PlainRule | null = document.toJS();
    return rule?.detection ? [rule] : [];
  });

/** Does the rule match the event? Undefined where this matcher does not know its source. */
export function matches(rule: PlainRule, event: PlainEvent): boolean | undefined {
  const about = isAbout(rule.logsource, event);
  if (!about) return about;
  const { condition } = rule.detection;
  return [condition].flat().some((one) => isCondition(event, String(one), rule.detection));
}
