import { foundEntries } from '../src/session/cases/found-entries.ts';
import { findingAt, foundFindings } from '../src/session/findings-shown.ts';
import { foundIncidentRows, incidentRowAt } from '../src/session/incident-rows.ts';
import { leftToDo } from '../src/session/playbooks/containment.ts';
import type { Session } from '../src/session/session.ts';
import { actOf, actTitle, drawn, itemCount, type Layer, runOf, type SessionState, top } from '../src/session/state.ts';
import { cursorAt, selectedRow, visibleRows } from '../src/session/suspects.ts';
import { foundMoments, momentAt } from '../src/session/time-line.ts';
import { count, counted } from '../src/text/counts.ts';
import { clock, day } from '../src/text/times.ts';
import { storyOf } from '../src/words/story.ts';
import { actSummary, memberRows } from './act-text.ts';
import { detailOf } from './detail-text.ts';
import { incidentHead, incidentRows } from './incident-text.ts';
import { helpEntries, paletteMatches } from './keymap.ts';
import { type Line, textOf } from './line.ts';
import { detailOnScreen } from './page-body.ts';
import { keysRows, promptOnScreen, promptRows } from './prompt-text.ts';
import { outcomeRows } from './run-ending.ts';
import { stepDetailRows } from './run-text.ts';
import { summaryRow } from './suspects-list.ts';

/** The spoken text of one thing on screen; it is repeated only when it has changed. */
type Said = Record<string, string[]>;

/** As wide as any sentence: nothing is cut, since a screen reader has no width. */
const wide = 1_000;
const marks = /[▲△●✓✗…❯◷│┌┐└┘─▁▂▃▄▅▆▇█░]+/g;
const words = (text: string) =>
  text
    .replace(/^\s*·\s/, '')
    .replace(/(^|\s)\?(?=\s)/g, '$1not known')
    .replace(/ · /g, ', ')
    .replace(/·/g, ' ')
    .replace(/▲/g, 'critical: ')
    .replace(/△/g, 'high: ')
    .replace(/✓/g, 'confirmed: ')
    .replace(/✗/g, 'failed: ')
    .replace(/→/g, ' to ')
    .replace(marks, ' ')
    .replace(/\s+/g, ' ')
    .trim();

const place = (at: number, size: number) => `${at + 1} of ${count(size)}`;

function suspectsSaid(state: SessionState): Said {
  const rows = visibleRows(state);
  const row = selectedRow(state);
  const read = state.scan.state === 'done' || state.scan.state === 'failed';
  const why = state.scan.notListed ? [state.scan.notListed.because, state.scan.notListed.cure] : [];
  const told = row ? `${row.severity}. ${row.because.join('; ') || 'nothing suspicious in what could be read'}` : '';
  return {
    place: ['Suspects.'],
    summary: read ? [words(textOf(summaryRow(state).left)), ...why] : [],
    selected:
      row && read ? [`${place(cursorAt(state), rows.length)}: ${row.name}, ${row.vm.resourceGroup}. ${told}.`] : [],
  };
}

function triageSaid(
  session: Pick<Session, 'explain'>,
  state: SessionState,
  layer: Extract<Layer, { kind: 'triage' }>,
): Said {
  const slot = state.triages.get(layer.vmId);
  if (!slot) return {};
  const whole = slot.state === 'done' || slot.state === 'failed';
  const size = itemCount(slot.part, layer.pane);
  const index = layer.selected[layer.pane];
  const detail = detailOf(session, state, { vmId: layer.vmId, pane: layer.pane, index });
  const number = (offer: number) => `${offer + 1}`;
  const [first] = state.offers.filter(({ answers }) => answers.length > 0);
  return {
    place: [`Triage of ${slot.vm.name}${whole ? '' : ', being read'}.`],
    story: whole ? storyOf(slot.part, state.now).map(({ label, texts }) => words(`${label}: ${texts[0] ?? ''}.`)) : [],
    next:
      whole && first
        ? [`Suggested: p, then ${number(state.offers.indexOf(first))}: ${first.name}. f findings, l time line.`]
        : [],
    selected: [
      `${layer.pane}, ${size === 0 ? 'nothing' : place(index, size)}: ${detail?.title ?? 'nothing is known'}.`,
    ],
  };
}

function runSaid(state: SessionState, layer: Extract<Layer, { kind: 'run' }>): Said {
  const slot = runOf(state, layer.runId);
  if (!slot) return {};
  const { view } = slot;
  const steps = Object.fromEntries(
    view.steps.map((step, at): [string, string[]] => [
      `step ${at}`,
      ['pending', 'planned'].includes(step.state)
        ? []
        : [`Step ${at + 1} of ${view.steps.length}, ${step.title}: ${step.state}. ${step.error}`.trim()],
    ]),
  );
  const todo = leftToDo(state, slot.vmId).map(
    ({ severity, about, text }, at) => `${at + 1}. ${severity}: ${about}: ${text}.`,
  );
  const step = view.steps[view.current];
  return {
    place: [`Playbook ${view.playbook} on ${view.vm.name}.`],
    ...steps,
    // Touches, permissions and undo decide the answer.
    plan: view.prompt && step ? stepDetailRows(step, wide).map((row) => words(textOf(row))) : [],
    end:
      view.outcome === 'running'
        ? []
        : outcomeRows({ ...state, now: new Date(0) }, { ...slot, view: { ...view, autoUndoAt: null } }, wide).map(
            (row) => words(textOf(row)),
          ),
    timer:
      view.autoUndoAt === null ? [] : [`Undone by itself at ${clock(view.autoUndoAt)}. k keeps it, u undoes it now.`],
    todo: view.outcome === 'running' || todo.length === 0 ? [] : ['Left to do:', ...todo],
  };
}

/** The rows of one thing, in one sentence. */
const spokenRow = (rows: readonly Line[], item: number) =>
  rows.flatMap((row) => (row.item === item ? [words(textOf(row))] : [])).join('. ');

function listSaid(session: Pick<Session, 'explain'>, state: SessionState, layer: Layer): Said {
  switch (layer.kind) {
    case 'chooser':
      return {
        place: ['Playbooks. A number starts one:'],
        choices: state.offers.map(({ name, title, summary }, at) => `${at + 1}. ${name}: ${title}. ${summary}`),
      };
    case 'findings': {
      const found = foundFindings(state, layer);
      const at = findingAt(found, layer.selected);
      const one = found[at];
      return {
        place: [`${counted(found.length, 'finding')}.`],
        selected: one ? [`${place(at, found.length)}: ${one.severity}: ${one.title}. ${one.attack.join(', ')}`] : [],
      };
    }
    case 'incident': {
      const found = foundIncidentRows(state, layer);
      const at = incidentRowAt(found, layer.selected);
      // An age that grows is nothing new.
      const still = { ...state, now: new Date(state.incidents.get(layer.vmId)?.asOf || 0) };
      return {
        place: [`Incident, ${counted(found.length, 'row')}.`],
        summary: incidentHead(still, layer, wide).map((row) => words(textOf(row))),
        selected:
          found.length > 0
            ? [`${place(at, found.length)}: ${spokenRow(incidentRows(still, layer, wide, wide), at)}`]
            : [],
      };
    }
    case 'act': {
      const slot = actOf(state, layer.actId);
      if (!slot) return {};
      const rows = memberRows(state, slot, -1, { width: wide, height: 1000 }).map((row) => words(textOf(row)));
      return {
        place: [`${actTitle(slot)}.`],
        ...Object.fromEntries(rows.map((text, at) => [`VM ${at}`, [`${place(at, rows.length)}: ${text}.`]])),
        end: slot.view.phase === 'over' ? [`${actSummary(state, slot)}.`] : [],
      };
    }
    case 'time-line': {
      const found = foundMoments(state, layer);
      const at = momentAt(found, layer.selected);
      const one = found[at];
      const told = one ? `${day(one.at)} ${clock(one.at)}: ${one.severity}: ${one.text}. ${one.who} ${one.from}` : '';
      return {
        place: [`Time line, ${counted(found.length, 'entry', 'entries')}.`],
        selected: one ? [`${place(at, found.length)}: ${told}`] : [],
      };
    }
    case 'transcript': {
      const openCase = state.cases.get(layer.vmId)?.openCase;
      const found = foundEntries(openCase, layer);
      const at = layer.selected ?? found.length - 1;
      const one = found[at];
      return {
        place: ['Case file.'],
        selected: openCase && one ? [`${place(at, found.length)}: ${one.kind}: ${openCase.lineOf(one).text}`] : [],
      };
    }
    case 'help':
    case 'palette': {
      const entries = layer.kind === 'help' ? helpEntries(state) : paletteMatches(state);
      const at = Math.min(layer.selected, entries.length - 1);
      const one = entries[at];
      return {
        place: [layer.kind === 'help' ? 'What you can do here.' : 'Type the name of an action or a VM.'],
        selected: one ? [`${place(at, entries.length)}: ${one.keys.join(' or ')}: ${one.description}.`] : [],
      };
    }
    case 'detail':
    case 'address':
    case 'moment':
    case 'entry':
    case 'log-report': {
      const detail = detailOnScreen(session, state);
      const lines = detail?.lines.map(({ label, text }) => words(`${label === '' ? '' : `${label}: `}${text}`)) ?? [];
      return { place: [`${detail?.title ?? 'Nothing is there any more'}.`], lines };
    }
    default:
      return {};
  }
}

/** The screen as sentences under names; those that are the same as before need not be said again. */
function spokenOf(session: Pick<Session, 'explain'>, state: SessionState): Said {
  const layer = drawn(state);
  const view =
    layer.kind === 'suspects'
      ? suspectsSaid(state)
      : layer.kind === 'triage'
        ? triageSaid(session, state, layer)
        : layer.kind === 'run'
          ? runSaid(state, layer)
          : listSaid(session, state, layer);
  const prompt = promptOnScreen(state);
  const sentences = (rows: readonly Line[]) =>
    rows.map((row) => words(textOf(row))).filter((text) => text !== '' && text !== '>' && text !== '> _');
  const keys = prompt ? sentences(keysRows(prompt, wide)) : [];
  const asked = prompt ? sentences(promptRows({ ...prompt, typed: '', fromEnd: 0 }, wide, wide)) : [];
  return {
    ...view,
    // Said once, also when its keys begin to count.
    prompt: asked.filter((text) => !keys.includes(text)),
    keys,
    message: [state.signIn, state.toast?.text ?? ''].filter(Boolean),
  };
}

/** The text that is typed, with its purpose; "" when there is none. */
function typedLine(state: SessionState): string {
  const layer = top(state);
  if (layer.kind === 'input') return `${layer.purpose}: ${layer.text}`;
  if (layer.kind === 'palette') return `: ${layer.text}`;
  return state.typed === '' ? '' : `> ${state.typed}`;
}

/** The lines that were said so far; each only when it is new. */
export function spokenLog(session: Pick<Session, 'explain' | 'state' | 'subscribe'>) {
  let lines: readonly string[] = [];
  let before: Said = {};
  let at = '';
  let typed = '';
  const listeners = new Set<() => void>();
  const look = () => {
    const state = session.state();
    const layer = drawn(state);
    const here = `${state.layers.length} ${layer.kind}`;
    const said = spokenOf(session, state);
    // In another view everything is said again.
    const known = here === at ? before : { message: before.message ?? [] };
    const fresh = Object.entries(said).flatMap(([name, texts]) =>
      texts.join('\n') === (known as Said)[name]?.join('\n') ? [] : texts,
    );
    before = said;
    at = here;
    const nowTyped = typedLine(state);
    if (fresh.length === 0 && nowTyped === typed) return;
    typed = nowTyped;
    lines = [...lines, ...fresh];
    for (const listener of listeners) listener();
  };
  const stop = session.subscribe(look);
  look();
  return {
    lines: () => lines,
    typed: () => typed,
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    stop,
  };
}
