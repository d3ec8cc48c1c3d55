import type { Indicator } from '../documents/conclusion.ts';
import { nameUuid, uuidBytes } from '../text/name-uuid.ts';
import { printable } from '../text/printable.ts';
import { digestCase } from './case-digest.ts';
import { indicatorsOver, type ToldIndicator } from './case-story.ts';
import type { NotesSource } from './notes-source.ts';

type StixObject = { type: string; id: string } & Record<string, unknown>;

/** The namespace of cordon's own identifiers: made once, at random. */
const namespace = uuidBytes('5b1f6a3c-e0c6-4f0b-9d2c-7a4e8f13d650');

/** The same thing of the same case has one id, however often it is exported. */
const uuidOf = (name: string): string => nameUuid(namespace, name, 5);

/** A string of a STIX pattern: backslash and quote are what ends or escapes one. */
const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** Where Windows keeps the tree of scheduled tasks. */
const taskTree = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree\\';

/** The pattern that finds an indicator elsewhere; null where STIX has no object for it: a rule of Azure is none. */
function patternOf({ type, value }: Pick<Indicator, 'type' | 'value'>): string | null {
  switch (type) {
    case 'IPv4 address':
      return `[ipv4-addr:value = ${quoted(value)}]`;
    case 'IPv6 address':
      return `[ipv6-addr:value = ${quoted(value)}]`;
    case 'account':
      return `[user-account:account_login = ${quoted(value)}]`;
    case 'service':
      return `[process:extensions.'windows-service-ext'.service_name = ${quoted(value)}]`;
    case 'scheduled task':
      return `[windows-registry-key:key = ${quoted(`${taskTree}${value.replace(/^\\+/, '')}`)}]`;
    case 'security rule':
      return null;
  }
}

/** STIX wants milliseconds or none; Azure and Windows give up to seven digits. */
const instantOf = (at: string) => new Date(at).toISOString();

const confidence: Record<Indicator['severity'], number> = { critical: 90, high: 75, medium: 50, low: 25, info: 10 };

/**
 * A STIX 2.1 bundle of what the case found: who says so, one indicator a value, the ATT&CK techniques that each
 * points to, and a report that names them all. https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html
 */
export async function* stixBundle(source: NotesSource): AsyncGenerator<string> {
  const digest = await digestCase(source);
  const at = instantOf(source.exportedAt);
  const begun = digest.firstAt === '' ? at : instantOf(digest.firstAt);
  const about = `${source.header.tenantId} ${source.id}`;
  const made = (type: string, name: string, rest: Record<string, unknown>): StixObject => ({
    type,
    spec_version: '2.1',
    id: `${type}--${uuidOf(`${about} ${type} ${name}`)}`,
    // The same id is the same object: made once, written again with each export.
    created: begun,
    modified: at,
    ...rest,
  });
  const author = made('identity', 'author', {
    name: `cordon, case ${source.id}`,
    identity_class: 'system',
    description: printable(`Written by ${digest.actors.join(', ') || source.header.operator.upn}`, 500),
  });
  const by = { created_by_ref: author.id, ...(source.header.demo ? { labels: ['simulator'] } : {}) };
  const indicators = indicatorsOver(digest.subjects).flatMap((one) => indicatorOf(one, made, by, at));
  const techniques = new Map<string, StixObject>();
  const relations: StixObject[] = [];
  for (const { object, attack } of indicators) {
    for (const id of attack) {
      const pattern = techniques.get(id) ?? made('attack-pattern', id, { ...by, ...techniqueOf(id) });
      techniques.set(id, pattern);
      relations.push(
        made('relationship', `${object.id} ${id}`, {
          ...by,
          relationship_type: 'indicates',
          source_ref: object.id,
          target_ref: pattern.id,
        }),
      );
    }
  }
  const found = [...indicators.map(({ object }) => object), ...techniques.values(), ...relations];
  const report = made('report', 'report', {
    ...by,
    name: `Case ${source.id}`,
    description: printable(
      digest.subjects
        .flatMap(({ readings }) => readings.at(-1)?.conclusion.verdict ?? [])
        .map(({ about: kind, text }) => `${kind}: ${text}`)
        .join('; '),
      4000,
    ),
    report_types: ['indicator'],
    published: at,
    object_refs: [author.id, ...found.map(({ id }) => id)],
  });
  yield `{"type":"bundle","id":"bundle--${uuidOf(`${about} bundle ${at}`)}","objects":[\n`;
  const all = [author, report, ...found];
  for (const [place, object] of all.entries()) {
    yield `${JSON.stringify(object)}${place === all.length - 1 ? '' : ','}\n`;
  }
  yield ']}\n';
}

function indicatorOf(
  one: ToldIndicator,
  made: (type: string, name: string, rest: Record<string, unknown>) => StixObject,
  by: Record<string, unknown>,
  exportedAt: string,
): { object: StixObject; attack: string[] }[] {
  const pattern = patternOf(one);
  if (pattern === null) return [];
  const object = made('indicator', `${one.type} ${one.value.toLowerCase()}`, {
    ...by,
    name: `${one.type} ${one.value}`,
    description: `${one.role}; on ${one.vms.join(', ')}; evidence ${one.where}`,
    indicator_types: [one.type === 'account' && one.role.startsWith('used by') ? 'compromised' : 'malicious-activity'],
    pattern,
    pattern_type: 'stix',
    pattern_version: '2.1',
    // STIX asks for a time; of an indicator without one it is known only that it was valid when it was reported.
    valid_from: instantOf(one.first ?? one.last ?? exportedAt),
    confidence: confidence[one.severity],
  });
  return [{ object, attack: one.attack.filter((id) => /^T\d{4}(\.\d{3})?$/.test(id)) }];
}

function techniqueOf(id: string): Record<string, unknown> {
  return {
    name: id,
    external_references: [
      {
        source_name: 'mitre-attack',
        external_id: id,
        url: `https://attack.mitre.org/techniques/${id.replace('.', '/')}`,
      },
    ],
  };
}
