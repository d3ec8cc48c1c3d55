import fuzzysort from 'fuzzysort';
import { foundEntries } from '../src/session/cases/found-entries.ts';
import type { Command } from '../src/session/commands.ts';
import type { ContextChange } from '../src/session/contexts.ts';
import type { Session } from '../src/session/session.ts';
import { beneath, type Layer, type Mode, modeOf, type SessionState, top } from '../src/session/state.ts';
import { filterAndSort } from '../src/session/suspects.ts';
import { counted } from '../src/text/counts.ts';
import { hasInOrder, hasWords } from '../src/text/fuzzy.ts';
import { moment } from '../src/text/times.ts';
import { type Binding, bindingOfRow, type Given, texts } from './binding.ts';
import { movingBindings } from './moving-bindings.ts';
import { bodyHeight, bodyRowCount } from './page-body.ts';
import { promptBindings } from './prompt-bindings.ts';
import { viewBindings } from './view-bindings.ts';

/** How many rows or things the list on screen has, where the session does not know it. */
function sizeOf(state: SessionState, session: Session): number {
  const layer = top(state);
  if (layer.kind === 'help') return helpEntries(state).length;
  if (layer.kind === 'palette') return paletteMatches(state).length;
  if (layer.kind === 'transcript') {
    return foundEntries(state.cases.get(layer.vmId)?.openCase, layer).length;
  }
  return Math.max(1, bodyRowCount(session, state) - bodyHeight(session, state) + 1);
}

/** Does what is selected in help and palette, as if its key had been pressed in the view under them. */
const runChosen: Given = {
  id: 'run-chosen',
  keys: ['Enter'],
  name: 'do it',
  description: 'Do the selected action',
  modes: ['help', 'palette'],
  runnable: false,
  commands(state, session) {
    const layer = top(state);
    if (layer.kind !== 'help' && layer.kind !== 'palette') return [];
    const entries = layer.kind === 'help' ? helpEntries(state) : paletteMatches(state);
    const chosen = entries[Math.min(layer.selected, entries.length - 1)];
    if (!chosen) return [];
    const back: Command = { type: 'back' };
    const why = chosen.disabled?.(state) ?? '';
    if (why !== '') return [{ type: 'tell', text: why }];
    if (!chosen.runnable) return [{ type: 'tell', text: `${chosen.keys[0]} does this in the view itself.` }];
    return [back, ...chosen.commands({ ...state, layers: state.layers.slice(0, -1) }, session)];
  },
};

/** The one action table: dispatch, footer, help, palette and the README's key table are made from it. */
export const bindings: readonly Binding[] = [
  ...movingBindings(sizeOf),
  ...viewBindings,
  runChosen,
  ...promptBindings,
].map(bindingOfRow);

const byModeAndKey = new Map<string, Binding>();

function bindKeys(): string[] {
  const clashes: string[] = [];
  byModeAndKey.clear();
  for (const binding of bindings) {
    for (const mode of binding.modes) {
      for (const key of binding.keys) {
        const place = `${mode} ${key}`;
        const other = byModeAndKey.get(place);
        if (other) clashes.push(`${key} is both ${other.id} and ${binding.id}`);
        byModeAndKey.set(place, binding);
      }
    }
  }
  return [...new Set(clashes)];
}
bindKeys();

/** Gives actions other keys, by their ids. Returns what is wrong with that: an action that is not there, keys that clash. */
export function rebind(keys: Readonly<Record<string, readonly string[]>>): string[] {
  const unknown = Object.keys(keys).filter((id) => !bindings.some((binding) => binding.id === id));
  for (const binding of bindings) binding.keys = keys[binding.id] ?? binding.keys;
  return [...unknown.map((id) => `there is no action ${id}`), ...bindKeys()];
}

/** What a key does in a mode. */
export function bindingOf(mode: Mode, key: string): Binding | undefined {
  return byModeAndKey.get(`${mode} ${key}`);
}

/** Does what the key is bound to; types it where text is wanted and nothing else is bound. */
export function press(session: Session, key: string): void {
  session.dispatch({ type: 'key', name: key });
  const state = session.state();
  const mode = modeOf(state);
  const binding = bindingOf(mode, key);
  if (!binding) {
    const text = key === 'Space' ? ' ' : key;
    if (texts.includes(mode) && [...text].length === 1) session.dispatch({ type: 'insert', text });
    return;
  }
  run(session, binding);
}

function run(session: Session, binding: Binding): void {
  const why = binding.disabled?.(session.state()) ?? '';
  if (why !== '') {
    session.dispatch({ type: 'tell', text: why });
    return;
  }
  for (const command of binding.commands(session.state(), session)) session.dispatch(command);
}

/** Pasted text goes where text is wanted and nowhere else: it never runs keys, and never takes what it wrote. */
export function paste(session: Session, text: string): void {
  session.dispatch({ type: 'key', name: 'paste' });
  if (!texts.includes(modeOf(session.state()))) {
    session.dispatch({ type: 'tell', text: 'Pasted text is taken only where text can be typed.' });
    return;
  }
  session.dispatch({ type: 'insert', text: text.replace(/[\r\n\t]+/g, ' ') });
}

/** The mode of the view under help and palette. */
export function modeBeneath(state: SessionState): Mode {
  const layer: Layer = beneath(state);
  return layer.kind === 'confirm' ? 'prompt-key' : layer.kind;
}

/** The actions that help lists: those of the view under it, in the table's order. */
export function helpEntries(state: SessionState): Binding[] {
  const mode = modeBeneath(state);
  const search = state.layers.findLast((layer) => layer.kind === 'help')?.search ?? '';
  return bindings.filter(
    ({ id, modes, keys, name, description }) =>
      modes.includes(mode) &&
      !/^choose-[2-9]$/.test(id) &&
      hasWords(`${keys.join(' ')} ${name} ${description}`, search),
  );
}

/** The most VMs that the palette offers. */
const mostVms = 20;

/** Opening a VM that is called by its name, as an action. */
function vmBindings(state: SessionState, text: string): Binding[] {
  const found = filterAndSort(state.scan.rows, text, 'suspicion').filter(({ name }) =>
    hasInOrder(name.toLowerCase(), text.toLowerCase()),
  );
  return found.slice(0, mostVms).map((row) =>
    bindingOfRow({
      id: `vm ${row.id}`,
      keys: [],
      name: row.name,
      description: `Open ${row.name} in ${row.vm.resourceGroup}`,
      modes: [],
      commands: () => [{ type: 'open-vm', id: row.id }],
    }),
  );
}

/** What can be looked at instead, and the cases to continue; the name is what is typed, its kind is beside it. */
function contextBindings({ choices, scope, cases }: SessionState): Binding[] {
  if (!choices) return [];
  const row = (kind: string, name: string, description: string, commands: Command[]) =>
    bindingOfRow({ id: `${kind} ${name}`, keys: [kind], name, description, modes: [], commands: () => commands });
  const to = (change: ContextChange): Command[] => [{ type: 'change-context', to: change }];
  const open = new Set([...cases.values()].map(({ openCase }) => openCase?.id));
  const { subscriptions, tenants } = choices;
  return [
    ...(subscriptions.length > 1
      ? [
          row(
            'subscription',
            'all',
            `All ${subscriptions.length} subscriptions in reach`,
            to({ kind: 'subscription', id: null, name: 'all subscriptions' }),
          ),
        ]
      : []),
    ...subscriptions.map(({ id, name }) =>
      row(
        'subscription',
        name,
        `${name}   ${id}${scope.endsWith(name) ? '   in view' : ''}`,
        to({ kind: 'subscription', id, name }),
      ),
    ),
    ...tenants.map(({ id, name }) =>
      row('tenant', name, `${name}${name === id ? '' : `   ${id}`}`, to({ kind: 'tenant', id, name })),
    ),
    ...choices.cases.map(({ id, vm, lastAt, entries }) =>
      row(
        'case',
        id,
        `${id}   ${vm.name}, ${counted(entries, 'entry', 'entries')}, last ${moment(lastAt)}${open.has(id) ? '   open' : ''}`,
        [{ type: 'open-case', id }],
      ),
    ),
  ];
}

/** Those that a text means, best first. */
function meant(bindings: readonly Binding[], text: string): Binding[] {
  return fuzzysort
    .go(text, bindings, { keys: ['name', 'description'], limit: 50, threshold: 0.4 })
    .map((result) => result.obj);
}

/**
 * What can be run by its name: the actions of the view under the palette, VMs to open, cases to continue, subscriptions and
 * tenants to look at; or the last three alone. Best first.
 */
export function paletteMatches(state: SessionState): Binding[] {
  const mode = modeBeneath(state);
  const here = bindings.filter((binding) => binding.runnable && binding.modes.includes(mode));
  const layer = top(state);
  const text = layer.kind === 'palette' ? layer.text.trim() : '';
  if (layer.kind === 'palette' && layer.offers === 'contexts') {
    const contexts = contextBindings(state);
    return text === '' ? contexts : meant(contexts, text);
  }
  if (text === '') return here;
  const actions = [...meant(here, text), ...meant(contextBindings(state), text)];
  const vms = vmBindings(state, text);
  // A VM that is named to its end is meant.
  const [first] = vms;
  return first?.name.toLowerCase().startsWith(text.toLowerCase()) ? [...vms, ...actions] : [...actions, ...vms];
}

const onlyWhenPossible = ['undo', 'undo-lock', 'keep', 'back', 'answer', 'resume'];

/** What the footer offers in this mode, in the table's order. */
export function footerEntries(state: SessionState): Binding[] {
  const mode = modeOf(state);
  const entries = bindings.filter((binding) => binding.footer && binding.modes.includes(mode));
  // A footer has no room for what makes no sense now.
  const shown = entries.filter(
    (binding) =>
      (binding.offered?.(state) ?? true) &&
      (!onlyWhenPossible.includes(binding.id) || (binding.disabled?.(state) ?? '') === ''),
  );
  // At a prompt its answers come first.
  const answers = ['yes', 'no', 'no-text', 'submit', 'skip', 'later', 'end-run', 'ask-again'];
  const isAnswer = (binding: Binding) => mode.startsWith('prompt') && answers.includes(binding.id);
  return [...shown.filter(isAnswer), ...shown.filter((binding) => !isAnswer(binding))];
}
