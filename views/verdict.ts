import type { Finding } from '../src/documents/triage.ts';
import { stillOpen } from '../src/session/findings-shown.ts';
import type { PlaybookOffer } from '../src/session/playbooks/playbooks.ts';
import type { TriageSlot } from '../src/session/state.ts';
import { cells, cut } from '../src/text/cells.ts';
import { counted } from '../src/text/counts.ts';
import { attackOn, attackRows } from '../src/words/attack-strip.ts';
import { mark } from '../src/words/severity.ts';
import { type Headline, storyOf } from '../src/words/story.ts';
import { between, blank, type Line, line, type Span, span, widthOf } from './line.ts';
import { severityMark } from './marks.ts';

/** Facts that have not been answered yet, or could not be. */
function gaps(slot: TriageSlot): { awaited: string[]; unknown: string[] } {
  const { exposure, logons, patches, posture } = slot.part;
  const names = Object.entries({
    'exposed ports': exposure,
    'failed logons': logons,
    patches,
    activity: posture.activity,
  });
  return {
    awaited: names.filter(([, fact]) => fact === null).map(([name]) => name),
    unknown: names.filter(([, fact]) => fact?.state === 'unknown').map(([name]) => name),
  };
}

/** Does the story report this already? */
function isTold({ evidence }: Finding): boolean {
  return evidence.every((one) => /^(exposure|logons\.bursts|posture\.activity)/.test(one));
}

function headlineRow({ label, severity, texts }: Headline, labels: number, width: number): Line {
  const room = width - labels - (labels > 0 ? 6 : 4);
  const text = texts.find((one) => cells(one) <= room) ?? cut(texts.at(-1) ?? '', room);
  const named = labels === 0 ? [] : [span(label.padEnd(labels), 'plain', true), '  '];
  return line(
    ' ',
    severityMark(severity),
    ' ',
    ...named,
    span(text, severity === 'unknown' ? 'unknown' : 'plain', labels === 0),
  );
}

/** The story alone, in at most `height` rows. */
export function storyRows(story: readonly Headline[], width: number, height: number): Line[] {
  const labels = Math.max(0, ...story.map(({ label }) => label.length));
  return story.slice(0, height).map((one) => headlineRow(one, labels, width));
}

/** What to do next, and the way to the rest: as much as fits. */
function nextRow(slot: TriageSlot, suggested: { offer: PlaybookOffer; number: number } | null, width: number): Line {
  if (slot.state === 'failed') {
    return line(span(` ${mark.failed} `, 'critical'), `Reading stopped: ${slot.because} r tries again.`);
  }
  const { awaited, unknown } = gaps(slot);
  // The one step of a playbook says less than its title.
  const { acts: steps = [], title = '' } = suggested?.offer ?? {};
  const acts = steps.length > 1 ? steps.join(' → ') : title;
  const name: Span[] = suggested
    ? [span('   Next: '), span(`p${suggested.number}`, 'accent', true), span(` ${suggested.offer.name}`, 'plain', true)]
    : [span('  ')];
  const waits = awaited.length > 0 ? span(`   ${mark.loading} awaiting ${awaited.join(', ')}`, 'dim') : span('');
  const missing = (texts: string[]) =>
    texts.length > 0 ? span(`   ${mark.unknown} not known: ${texts.join(', ')}`, 'unknown') : span('');
  const found = [span('   f', 'accent', true), span(` ${counted(stillOpen(slot.part.findings).length, 'finding')}`)];
  const timeLine = [span('   l', 'accent', true), span(' time line ')];
  const brief = unknown.length > 0 ? span(`   ${mark.unknown} ${unknown.length} not known`, 'unknown') : span('');
  const ways: [Span[], Span[]][] = [
    [
      [...name, span(`  ${acts}`), waits, missing(unknown)],
      [...found, ...timeLine],
    ],
    [
      [...name, span(`  ${acts}`), waits, brief],
      [...found, ...timeLine],
    ],
    [
      [...name, waits, missing(unknown)],
      [...found, ...timeLine],
    ],
    [
      [...name, waits, brief],
      [...found, ...timeLine],
    ],
    [
      [...name, brief],
      [...found, ...timeLine],
    ],
    [name, found],
  ];
  const [left, right] = ways.find(([one, other]) => widthOf(line(...one, ...other)) < width) ?? [name, found];
  return between(line(...left), line(...right), width);
}

/** The first playbook that answers a finding, and the number that starts it. */
function suggestion(slot: TriageSlot, offers: readonly PlaybookOffer[], done: readonly string[]) {
  const at = offers.findIndex(
    ({ name, answers }) =>
      !done.includes(name) &&
      answers.some((id) => slot.part.findings.some((finding) => finding.id === id && !finding.closed)),
  );
  const offer = offers[at];
  return offer ? { offer, number: at + 1 } : null;
}

/**
 * The story in exactly `height` rows: what happened and the VM's state, worse findings where there is room, and last what is
 * suggested. `done` names the playbooks that were run to their end: they are not suggested again.
 */
export function verdictRows(
  slot: TriageSlot,
  offers: readonly PlaybookOffer[],
  done: readonly string[],
  size: { width: number; height: number; strip: boolean },
  now: Date,
): Line[] {
  const { width, height } = size;
  const { awaited, unknown } = gaps(slot);
  const story = storyOf(slot.part, now);
  const room = height - 1;
  const headlines = story.slice(0, room);
  const labels = Math.max(0, ...headlines.map(({ label }) => label.length));
  const shown = headlines.map((one) => headlineRow(one, labels, width));
  if (size.strip && shown.length < room) {
    shown.push(...attackRows(attackOn(slot.part), now, width - 4, 1).map((row) => line('   ', span(row))));
  }
  for (const finding of stillOpen(slot.part.findings).filter((one) => headlines.length === 0 || !isTold(one))) {
    if (shown.length >= room) break;
    shown.push(headlineRow({ label: '', severity: finding.severity, texts: [finding.title] }, 0, width));
  }
  if (shown.length === 0) {
    const text =
      awaited.length > 0
        ? 'No finding yet.'
        : unknown.length > 0
          ? `No finding in what could be read. That says nothing of: ${unknown.join(', ')}.`
          : 'No finding: nothing that was read speaks of an attack or an opening.';
    const known = awaited.length === 0 && unknown.length === 0;
    const sign = awaited.length > 0 ? span(mark.loading, 'dim') : severityMark(known ? 'low' : 'unknown');
    shown.push(line(' ', sign, ` ${text}`));
  }
  const next = nextRow(slot, suggestion(slot, offers, done), width);
  const gap = Array.from({ length: Math.max(0, room - shown.length) }, () => blank);
  return [...shown, ...gap, next];
}
