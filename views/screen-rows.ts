import {
  beneath,
  drawn,
  type Pane,
  panes,
  promptInHand,
  type SessionState,
  type TriageSlot,
  top,
} from '../src/session/state.ts';
import type { Session } from '../src/session/store.ts';
import { cells } from '../src/text/cells.ts';
import { counted } from '../src/text/counts.ts';
import { age, clock } from '../src/text/times.ts';
import type { SmallTable } from './detail-text.ts';
import { findingsHead, findingsRows } from './findings-text.ts';
import { footerEntries, helpEntries, paletteMatches } from './keymap.ts';
import {
  arrangement,
  type Box,
  boxNamed,
  pageLayout,
  smallest,
  suspectsLayout,
  tooSmall,
  triageLayout,
} from './layout.ts';
import { beside, between, blank, boxed, fitLine, type Line, line, type Span, span, widthOf, windowOf } from './line.ts';
import { logonsRows } from './logons-pane.ts';
import { mark } from './marks.ts';
import { detailBody, detailOnScreen, runBody, runBoxes } from './page-body.ts';
import { assessedNote, patchesRows } from './patches-pane.ts';
import { chooserRows } from './playbook-list.ts';
import { portsRows } from './ports-pane.ts';
import { postureBody } from './posture-pane.ts';
import { jobsRow, promptHeight, promptRows, stepRows } from './run-text.ts';
import type { Arranged } from './small-table.ts';
import { becauseRows, headsRow, summaryRow, suspectRows } from './suspects-list.ts';
import { timeLineHead, timeLineRows } from './time-line-text.ts';
import { foundEntries, transcriptRows } from './transcript-text.ts';
import { verdictRows } from './verdict.ts';
import { ageNote, powerWord, shortOs } from './words.ts';

/** A stretch of the screen: rows, or small tables beside one another with what stands left of them. */
export type Section =
  | { kind: 'rows'; rows: Line[] }
  | { kind: 'tables'; height: number; tables: SmallTable[]; left: Line[]; leftWidth: number };

function badges(state: SessionState): Span[] {
  return [
    ...(state.demo ? [span('DEMO', 'high', true), span('  ')] : []),
    state.readOnly ? span('READ-ONLY', 'good', true) : span('READ-WRITE', 'accent', true),
  ];
}

function suspectsHeader(state: SessionState): Line {
  const name = state.identity ? state.identity.name : mark.loading;
  const who = state.columns < 80 ? '  ' : `   ${name}   `;
  return between(
    line(span(' cordon', 'accent', true), '  ', span(state.scope, 'plain', true)),
    line(' ', ...badges(state), who, span(`${clock(state.now)} `, 'dim')),
    state.columns,
  );
}

function caseSpan(state: SessionState, vmId: string): Span {
  const slot = state.cases.get(vmId);
  if (!slot || slot.state === 'opening') return span(`case ${mark.loading}`, 'dim');
  if (slot.state === 'failed' || !slot.openCase) return span(`${mark.failed} no case file`, 'critical', true);
  return span(`case ${slot.openCase.id}`);
}

/** Where one is: the machine's crumbs and what is open of it, the badges and the case. */
function machineHeader(state: SessionState, vmId: string | null, crumb: string): Line {
  const slot = vmId === null ? undefined : state.triages.get(vmId);
  const row = state.scan.rows.find((one) => one.id === vmId);
  const vm = slot?.vm ?? row?.vm;
  if (!vm || vmId === null) return suspectsHeader(state);
  const about = [vm.osName || vm.os, powerWord(vm.power), ...vm.publicAddresses.slice(0, 2)].join(' · ');
  const right = line(' ', ...badges(state), '   ', caseSpan(state, vmId), ' ');
  const name = span(vm.name, 'plain', true);
  const scope = `${vm.subscriptionName || vm.subscriptionId} › ${vm.resourceGroup} › `;
  const brief = [shortOs(vm), powerWord(vm.power), ...vm.publicAddresses.slice(0, 1)].join(' · ');
  const tails = crumb === '' ? [`   ${about}`, `   ${brief}`] : [` › ${crumb}`];
  const home = span(' cordon › ', 'accent', true);
  const room = state.columns - widthOf(right);
  // The machine's name is the one thing that must not be cut.
  const ways = [
    ...tails.map((tail) => line(home, span(scope, 'dim'), name, tail)),
    ...tails.map((tail) => line(span(` ${scope}`, 'dim'), name, tail)),
    line(span(' '), name, tails.at(-1) ?? ''),
  ];
  const left = ways.find((way) => widthOf(way) <= room) ?? ways.at(-1) ?? blank;
  return between(left, right, state.columns);
}

function footer(state: SessionState): Line {
  const shown = footerEntries(state).map((binding) => {
    const disabled = (binding.disabled?.(state) ?? '') !== '';
    const spans = [
      span(` ${binding.keys[0] ?? ''} `, disabled ? 'dim' : 'accent', !disabled),
      span(`${binding.name} `, 'dim'),
    ];
    return { binding, spans, wide: widthOf(line(...spans)) };
  });
  // The way out and the way to the rest stay when there is no room for all.
  const kept = new Set(
    shown.filter(({ binding }) => ['help', 'back', 'quit', 'no', 'no-text', 'yes'].includes(binding.id)),
  );
  let left = state.columns - [...kept].reduce((sum, one) => sum + one.wide, 0);
  for (const one of shown) {
    if (kept.has(one) || one.wide > left) continue;
    kept.add(one);
    left -= one.wide;
  }
  return fitLine(line(...shown.filter((one) => kept.has(one)).flatMap((one) => one.spans)), state.columns);
}

const inputNames = {
  filter: 'filter',
  note: 'note for the case file',
  search: 'search',
  logs: 'exported event log (.evtx)',
} as const;

/** The row above the footer: an input, a message, or what runs in Azure. */
function status(state: SessionState): Line {
  const layer = top(state);
  if (layer.kind === 'input') {
    const before = ` ${inputNames[layer.purpose]} > `;
    // The end of what is typed must be seen.
    const room = state.columns - cells(before) - 2;
    const typed = [...layer.text];
    while (typed.length > 0 && cells(typed.join('')) > room) typed.shift();
    return line(span(before, 'accent', true), typed.join(''), span('_', 'accent'));
  }
  if (state.toast) {
    const sign = { plain: mark.low, good: mark.verified, bad: mark.failed }[state.toast.tone];
    const tone = { plain: 'plain', good: 'good', bad: 'critical' } as const;
    return line(span(` ${sign} ${state.toast.text}`, tone[state.toast.tone]));
  }
  return jobsRow(state) ?? blank;
}

/** The rows of a list in a pane, with the marker on the selected one and a count of what is hidden. */
function scrolledRows(rows: readonly Line[], height: number, selected: number | null): Line[] {
  const marked = rows.map((row, at): Line => {
    const chosen = selected !== null && row.item === selected;
    const first = chosen && rows[at - 1]?.item !== selected;
    if (!first) return row;
    const [head, ...rest] = row.spans;
    // The marker takes the place of the row's first blank, so that nothing moves with the cursor.
    if (!head?.text.startsWith(' ')) return { ...row, selected: true };
    return {
      ...row,
      selected: true,
      spans: [span(mark.selected, 'accent', true), { ...head, text: head.text.slice(1) }, ...rest],
    };
  });
  const shown = windowOf(marked, height, selected);
  if (shown.below > 0 && height > 1) {
    const visible = new Set(shown.rows.slice(0, -1).map((row) => row.item));
    const after = rows.slice(shown.above + height - 1).map((row) => row.item);
    const hidden = new Set(after.filter((item) => item !== null && !visible.has(item))).size;
    const cursor = shown.rows.at(-1);
    if (cursor && !cursor.selected) {
      shown.rows[height - 1] = line(span(hidden > 0 ? `   +${hidden} more` : '   … more below', 'dim'));
    }
  }
  return shown.rows;
}

function paneBox(state: SessionState, slot: TriageSlot, box: Box, pane: Pane, focused: boolean, index: number): Line[] {
  const { part } = slot;
  const inner = box.width - 2;
  const busy = slot.state === 'refreshing' || slot.state === 'loading';
  const number = panes.indexOf(pane) + 1;
  const titles: Record<Pane, string> = {
    ports: 'Exposed ports',
    logons: 'Failed logons',
    patches: 'Patch gaps',
    posture: 'Posture',
  };
  const title = line(
    span(`${focused ? `${mark.selected} ` : ''}${number} ${titles[pane]}`, focused ? 'accent' : 'plain', true),
  );
  const selected = focused ? index : null;
  if (pane === 'posture') {
    const { rows, note } = postureBody(part, { width: inner, height: box.height - 2 }, state.now, selected);
    return boxed(rows, box, { left: title, right: note, focused });
  }
  const build = {
    ports: () => ({ rows: portsRows(part, inner), note: ageNote(part.exposure, state.now, busy) }),
    logons: () => ({
      rows: logonsRows(part, inner, state.now),
      note: ageNote(
        part.logons,
        state.now,
        busy,
        part.logons?.state === 'known' && inner >= part.logons.coverage.length + 26 ? `${part.logons.coverage},` : '',
      ),
    }),
    patches: () => ({
      rows: patchesRows(part, inner),
      note: assessedNote(part, state.now) ?? ageNote(part.patches, state.now, busy),
    }),
  }[pane]();
  return boxed(scrolledRows(build.rows, box.height - 2, selected), box, { left: title, right: build.note, focused });
}

function tabsRow(state: SessionState, focus: Pane): Line {
  const names: Record<Pane, string> = {
    ports: '1 Ports',
    logons: '2 Logons',
    patches: '3 Patches',
    posture: '4 Posture',
  };
  return fitLine(
    line(
      ...panes.map((pane) =>
        pane === focus ? span(` ${mark.selected}${names[pane]} `, 'accent', true) : span(`  ${names[pane]} `, 'dim'),
      ),
    ),
    state.columns,
  );
}

function triageRows(state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind !== 'triage') return [];
  const slot = state.triages.get(layer.vmId);
  const { columns, rows } = state;
  const boxes = triageLayout({ columns, rows, focus: layer.pane, zoomed: layer.zoomed });
  const header = machineHeader(state, layer.vmId, '');
  if (!slot) return [header];
  const box = (name: string) => boxNamed(boxes, name);
  const pane = (name: Pane) => paneBox(state, slot, box(name), name, layer.pane === name, layer.selected[name]);
  const verdictHeight = box('verdict').height;
  const verdict = verdictRows(slot, state.offers, columns, verdictHeight);
  const upper = [header, ...padded(verdict, verdictHeight, columns)];
  const how = arrangement(columns, rows);
  if (layer.zoomed) return [...upper, ...pane(layer.pane)];
  if (how === 'tabs') return [...upper, tabsRow(state, layer.pane), ...pane(layer.pane)];
  const three: Pane[] = ['ports', 'logons', 'patches'];
  const middle =
    how === 'beside'
      ? beside(box('ports').height, ...three.map((name) => ({ width: box(name).width, rows: pane(name) })))
      : three.flatMap((name) => pane(name));
  return [...upper, ...middle, ...pane('posture')];
}

/** Exactly `height` rows of exactly `width` cells. */
function padded(rows: readonly Line[], height: number, width: number): Line[] {
  return Array.from({ length: Math.max(0, height) }, (_, at) => fitLine(rows[at] ?? blank, width));
}

function suspectsRows(state: SessionState): Line[] {
  const { columns, rows } = state;
  const boxes = suspectsLayout(columns, rows);
  const summary = summaryRow(state);
  const list = boxNamed(boxes, 'list').height;
  const because = boxNamed(boxes, 'because').height;
  return [
    suspectsHeader(state),
    between(summary.left, summary.right, columns),
    fitLine(headsRow(columns), columns),
    ...padded(suspectRows(state, columns, list), list, columns),
    ...padded(becauseRows(state, columns, because), because, columns),
  ];
}

/** The text of a box with its tables under it, and blank rows up to the box's height. */
function bodySections(
  body: Arranged,
  scroll: number,
  size: { width: number; height: number },
  left: Line[],
  leftWidth: number,
): Section[] {
  const tall = body.tables.length > 0 ? Math.min(body.rows.length + 1, size.height - body.height) : size.height;
  const from = body.tables.length > 0 ? 0 : scroll;
  const text = padded(body.rows.slice(from), tall, size.width);
  const hidden = body.rows.length - from - tall;
  if (hidden > 0 && tall > 1) {
    text[tall - 1] = fitLine(line(span(` … ${counted(hidden + 1, 'more row')}: Down`, 'accent')), size.width);
  }
  const join = (rows: Line[], from: number) =>
    leftWidth === 0
      ? rows
      : beside(rows.length, { width: leftWidth, rows: left.slice(from) }, { width: size.width, rows });
  const first: Section = { kind: 'rows', rows: join(text, 0) };
  if (body.tables.length === 0) return [first];
  const after = tall + body.height;
  return [
    first,
    {
      kind: 'tables',
      height: body.height,
      tables: body.tables,
      left: padded(left.slice(tall), body.height, leftWidth),
      leftWidth,
    },
    { kind: 'rows', rows: join(padded([], size.height - after, size.width), after) },
  ];
}

function detailSections(session: Pick<Session, 'explain'>, state: SessionState): Section[] {
  const layer = drawn(state);
  if (layer.kind !== 'detail' && layer.kind !== 'address' && layer.kind !== 'moment') return [];
  const body = boxNamed(pageLayout(state.columns, state.rows), 'body').height;
  const header = machineHeader(state, layer.vmId, layer.kind === 'moment' ? 'time line › entry' : layer.kind);
  const detail = detailOnScreen(session, state);
  const shown = detailBody(session, state);
  if (!detail || !shown) {
    const gone = line(
      span(` ${mark.unknown} This is no longer there since the last reading. Esc goes back.`, 'unknown'),
    );
    return [{ kind: 'rows', rows: padded([header, blank, gone], body + 1, state.columns) }];
  }
  const asOf =
    detail.asOf === '' ? blank : line(span(`as of ${clock(detail.asOf)}, ${age(detail.asOf, state.now)} ago `, 'dim'));
  const title = between(line(span(` ${detail.title}`, 'plain', true)), asOf, state.columns);
  return [
    { kind: 'rows', rows: [header, title] },
    ...bodySections(shown, layer.scroll, { width: state.columns, height: body - 1 }, [], 0),
  ];
}

function runSections(state: SessionState): Section[] {
  const { slot, steps, step } = runBoxes(state);
  const layer = drawn(state);
  if (!slot || layer.kind !== 'run') return [];
  const { view } = slot;
  const current = view.steps[view.current];
  const where =
    view.outcome === 'running'
      ? `step ${view.current + 1} of ${view.steps.length}: ${current?.title ?? ''}`
      : view.outcome.replace('-', ' ');
  const header = machineHeader(state, slot.vmId, `${view.playbook} · ${where}`);
  const body = runBody(state);
  const list = scrolledRows(stepRows(slot, steps.width), steps.height, view.current);
  const bar: Line[] = Array.from({ length: step.height }, () => line(span('│', 'dim')));
  if (steps.top === step.top) {
    const left = beside(step.height, { width: steps.width, rows: list }, { width: 1, rows: bar });
    return [
      { kind: 'rows', rows: [header] },
      ...bodySections(body, layer.scroll, { width: step.width - 1, height: step.height }, left, steps.width + 1),
    ];
  }
  return [
    { kind: 'rows', rows: [header, ...padded(list, steps.height, state.columns)] },
    ...bodySections(body, layer.scroll, { width: state.columns, height: step.height }, [], 0),
  ];
}

function transcriptPage(state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind !== 'transcript') return [];
  const height = boxNamed(pageLayout(state.columns, state.rows), 'body').height;
  const slot = state.cases.get(layer.vmId);
  const opened = slot?.openCase;
  if (!opened) {
    const told =
      slot?.state === 'failed'
        ? line(span(` ${mark.failed} The case file could not be opened: ${slot.because}`, 'critical'))
        : line(span(` ${mark.loading} opening the case file`, 'dim'));
    return padded([machineHeader(state, layer.vmId, 'transcript'), blank, told], height + 1, state.columns);
  }
  const entries = opened.entries();
  const found = foundEntries(entries, layer.search);
  const broken = opened.broken();
  const head = entries.at(-1)?.hash.slice(0, 4) ?? '';
  const right = line(' ', ...badges(state), ' ');
  const left = line(
    span(` case ${opened.id}`, 'plain', true),
    `   ${counted(entries.length, 'entry', 'entries')}   chain `,
    broken === '' ? span(mark.verified, 'good') : span(`${mark.failed} ${broken}`, 'critical', true),
    head === '' ? '' : `   head ${head}${mark.loading}`,
    layer.search === '' ? '' : span(`   ${found.length} contain ${layer.search}`, 'accent'),
  );
  return [
    between(left, right, state.columns),
    ...padded(transcriptRows(found, layer.selected, state.columns, height, state.now), height, state.columns),
  ];
}

function findingsPage(state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind !== 'findings') return [];
  const height = boxNamed(pageLayout(state.columns, state.rows), 'body').height;
  const rows = findingsRows(state, layer, state.columns, height - 1);
  const head = [machineHeader(state, layer.vmId, 'findings'), findingsHead(state, layer)];
  return [...head, ...padded(rows, height - 1, state.columns)];
}

function timeLinePage(state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind !== 'time-line') return [];
  const height = boxNamed(pageLayout(state.columns, state.rows), 'body').height;
  const head = timeLineHead(state, layer, state.columns);
  const rows = timeLineRows(state, layer, state.columns, Math.max(1, height - head.length));
  return [machineHeader(state, layer.vmId, 'time line'), ...padded([...head, ...rows], height, state.columns)];
}

function helpPage(state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind !== 'help' && layer.kind !== 'palette') return [];
  const height = boxNamed(pageLayout(state.columns, state.rows), 'body').height;
  const entries = layer.kind === 'help' ? helpEntries(state) : paletteMatches(state);
  const selected = Math.min(layer.selected, entries.length - 1);
  const rows = entries.map((binding, at) => {
    const why = binding.disabled?.(state) ?? '';
    const keys = binding.id === 'choose-1' ? '1-9' : binding.keys.join(' ');
    return {
      ...line(
        ' ',
        span(` ${keys.padEnd(16)}`, why === '' ? 'accent' : 'dim', true),
        span(binding.description, why === '' ? 'plain' : 'dim'),
        span(why === '' ? '' : `   ${mark.failed} ${why}`, 'dim'),
      ),
      item: at,
    };
  });
  const below = beneath(state).kind;
  const head =
    layer.kind === 'help'
      ? line(
          span(` What you can do here (${below})`, 'plain', true),
          span('   Enter does the selected one, Esc closes', 'dim'),
        )
      : line(span(' : ', 'accent', true), layer.text, span('_', 'accent'));
  const none = rows.length === 0 ? [line(span('  No action has that name. Esc closes.', 'dim'))] : rows;
  return [fitLine(head, state.columns), ...padded(scrolledRows(none, height, selected), height, state.columns)];
}

function chooserPage(state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind !== 'chooser') return [];
  const height = boxNamed(pageLayout(state.columns, state.rows), 'body').height;
  const slot = state.triages.get(layer.vmId);
  const rows = chooserRows(state.offers, slot?.part.findings ?? [], state, state.columns);
  return [
    machineHeader(state, layer.vmId, 'playbooks'),
    ...padded(scrolledRows(rows, height, layer.selected), height, state.columns),
  ];
}

/** The prompt in a frame as wide as the screen. */
function promptBox(state: SessionState, height: number): Line[] {
  const prompt = promptInHand(state);
  if (!prompt) return [];
  const inner = state.columns - 2;
  return boxed(
    promptRows(prompt, state.typed, state.refusal, inner, height - 2),
    { width: state.columns, height },
    {
      left: line(
        span(
          prompt.level === 'disruptive' ? `${mark.critical} confirm` : prompt.level === 'ask' ? 'asked' : 'confirm',
          prompt.level === 'disruptive' ? 'critical' : 'accent',
          true,
        ),
      ),
      right: blank,
      focused: true,
    },
  );
}

/** The whole screen: sections whose rows together are exactly as many as the terminal has, each exactly as wide. */
export function screenOf(session: Pick<Session, 'explain'>, state: SessionState): Section[] {
  const { columns, rows } = state;
  if (tooSmall(columns, rows)) {
    const notice = `cordon needs ${smallest.columns}x${smallest.rows}, this is ${columns}x${rows}. q quits.`;
    return [{ kind: 'rows', rows: padded([line(notice)], rows, columns) }];
  }
  const layer = drawn(state);
  const ends = [fitLine(status(state), columns), footer(state)];
  if (layer.kind === 'run') {
    const { prompt } = runBoxes(state);
    return [...runSections(state), { kind: 'rows', rows: [...promptBox(state, prompt.height), ...ends] }];
  }
  const height = rows - 2;
  const whole = (lines: Line[]): Section[] => {
    const body = padded(lines, height, columns);
    const prompt = promptInHand(state);
    if (prompt && top(state).kind === 'confirm') {
      const tall = Math.min(promptHeight(prompt, columns - 2) + 2, height - 2);
      body.splice(height - tall, tall, ...promptBox(state, tall));
    }
    return [{ kind: 'rows', rows: [...body, ...ends] }];
  };
  switch (layer.kind) {
    case 'suspects':
      return whole(suspectsRows(state));
    case 'triage':
      return whole(triageRows(state));
    case 'chooser':
      return whole(chooserPage(state));
    case 'transcript':
      return whole(transcriptPage(state));
    case 'help':
    case 'palette':
      return whole(helpPage(state));
    case 'findings':
      return whole(findingsPage(state));
    case 'time-line':
      return whole(timeLinePage(state));
    case 'detail':
    case 'address':
    case 'moment': {
      const sections = detailSections(session, state);
      if (top(state).kind !== 'confirm') return [...sections, { kind: 'rows', rows: ends }];
      // The question stands over the text; the tables give way to it.
      return whole(sections.flatMap((section) => (section.kind === 'rows' ? section.rows : [])));
    }
    default:
      return whole([]);
  }
}
