import type { PlanShown, Prompt } from '../src/playbook/run.ts';
import {
  type Asked,
  type ConfirmWords,
  planInHand,
  promptHasKeys,
  promptInHand,
  type SessionState,
  top,
} from '../src/session/state.ts';
import { shortDigest, wrap } from '../src/text/cells.ts';
import { mark } from '../src/words/severity.ts';
import { blank, boxed, type Line, line, type Span, span, widthOf } from './line.ts';
import { typedSpans } from './typed-text.ts';

/** A prompt as it is drawn. */
interface PromptShown {
  prompt: Prompt;
  asked: Asked;
  /** Is it about one step, which can be left out? */
  skips: boolean;
  /** Do the keys go to it? */
  hasKeys: boolean;
  words: ConfirmWords;
  typed: string;
  fromEnd: number;
  refusal: string;
}

/** What follows a No at a step, or at the question for several VMs. */
const afterNo = (skips: boolean): string => (skips ? 'skip, later or stop' : 'later or stop');

const wordsOf = ({ yes = 'apply' }: Prompt, skips: boolean): ConfirmWords => ({ yes, no: `no (${afterNo(skips)})` });

/** The first row of a prompt that was declined. */
const declinedText = ({ question, yes }: Prompt): string =>
  yes === undefined ? `Not done: ${question} What next?` : `${question} No. What next?`;

/** The prompt on screen; null when none is asked. */
export function promptOnScreen(state: SessionState): PromptShown | null {
  const prompt = promptInHand(state);
  if (!prompt) return null;
  const layer = top(state);
  const { asked, typed, refusal } = state;
  const { fromEnd } = state.typing;
  const skips = layer.kind !== 'act';
  const words = layer.kind === 'confirm' ? layer.words : wordsOf(prompt, skips);
  return { prompt, asked, skips, hasKeys: promptHasKeys(state), words, typed, fromEnd, refusal };
}

const key = (name: string, does: string): Span[] => [span(name, 'accent', true), span(` ${does}`)];

/** What the keys do now, one piece each. Before the prompt can be answered it offers nothing. */
function keysOffered({ prompt, asked, hasKeys, skips, words }: PromptShown): Span[][] {
  if (!hasKeys) return [key('Enter', 'answer this'), key('Esc', 'look elsewhere: it waits, w comes back')];
  if (!asked.readable) return [[span(`${mark.loading} read it: the keys count in a moment`, 'dim')]];
  if (asked.declined) {
    return [
      ...(skips ? [key('s', 'skip this step')] : []),
      key('l', 'later (w comes back)'),
      key('x', 'stop here'),
      key('Enter/Esc', 'the question'),
    ];
  }
  if (prompt.expects === 'y') return [key('y', words.yes), key('Enter/Esc', words.no)];
  if (prompt.expects === '')
    return [[span('type your answer, then '), span('Enter', 'accent', true)], key('Esc', afterNo(skips))];
  return [
    [span('type '), span(prompt.expects, 'accent', true), span(` and Enter to ${words.yes}`)],
    key('Esc', words.no),
  ];
}

/** The keys in as few rows as they take: none of them is cut. */
export function keysRows(shown: PromptShown, width: number): Line[] {
  const rows: Span[][] = [];
  for (const piece of keysOffered(shown)) {
    const last = rows.at(-1);
    const longer = last && [...last, span(' · ', 'dim'), ...piece];
    if (longer && widthOf(line(' ', ...longer)) <= width) rows[rows.length - 1] = longer;
    else rows.push(piece);
  }
  return rows.map((row) => line(' ', ...row));
}

/** A prompt: the question, its consequences and their extent, and what the keys do. */
export function promptRows(shown: PromptShown, width: number, height: number): Line[] {
  const { prompt, asked, typed, refusal } = shown;
  const first = asked.declined && shown.hasKeys ? declinedText(prompt) : prompt.question;
  const question = wrap(first, width - 2, 4).map((text) => line(span(` ${text}`, 'plain', true)));
  const refused = refusal === '' ? [] : wrap(refusal, width - 6, 2);
  const typing = prompt.expects !== 'y' && shown.hasKeys && !asked.declined;
  const end = [
    ...refused.map((text, at) =>
      line(span(` ${at === 0 ? mark.failed : ' '} `, 'critical'), span(text, 'plain', true)),
    ),
    ...keysRows(shown, width),
    ...(typing ? [line(span(' > ', 'accent', true), ...typedSpans(typed, shown.fromEnd, width - 6))] : []),
  ];
  const room = Math.max(0, height - question.length - end.length);
  const told = prompt.consequences.flatMap((text) =>
    wrap(text, width - 5, 3).map((part, at) => line(at === 0 ? `   ${mark.low} ${part}` : `     ${part}`)),
  );
  const fits = told.length <= room;
  const more = line(span('   … more: Down shows all of it above', 'dim'));
  const shownRows = fits ? told : [...told.slice(0, Math.max(0, room - 1)), more];
  return [...question, ...shownRows.slice(0, room), ...end];
}

/** How many rows the prompt wants. They stay the same while it can and cannot be answered, so that nothing jumps. */
export function promptHeight(shown: PromptShown | null, width: number): number {
  if (shown === null) return 0;
  const typing = shown.prompt.expects === 'y' ? 0 : 1;
  const still = { ...shown, hasKeys: false, refusal: '' };
  const asked = { ...shown.asked, readable: true };
  const states = [
    still,
    { ...still, hasKeys: true, asked: { ...asked, declined: false } },
    { ...still, hasKeys: true, asked: { ...asked, declined: true } },
  ];
  const keys = Math.max(...states.map((one) => keysRows(one, width).length));
  const text = promptRows(still, width, 1_000).length - keysRows(still, width).length;
  return text + keys + typing + (shown.refusal === '' ? 0 : 1);
}

/** The whole plan that a question belongs to, so that a second pair of eyes can say that it has the same before it. */
function planSpan(plan: PlanShown | null): Line {
  if (plan === null) return blank;
  return line(span(plan.digest === '' ? 'whole plan: not known' : `whole plan ${shortDigest(plan.digest)}`, 'dim'));
}

/** The prompt in a frame as wide as the screen. */
export function promptBox(state: SessionState, height: number): Line[] {
  const shown = promptOnScreen(state);
  if (!shown) return [];
  const { prompt, hasKeys } = shown;
  const names = { disruptive: `${mark.critical} confirm`, reversible: 'confirm', none: 'confirm', ask: 'asked' };
  const name = hasKeys ? names[prompt.level] : `${names[prompt.level]} · waits for you`;
  const title = line(span(name, prompt.level === 'disruptive' ? 'critical' : 'accent', true));
  const size = { width: state.columns, height };
  const right = planSpan(planInHand(state));
  return boxed(promptRows(shown, state.columns - 2, height - 2), size, { left: title, right, focused: hasKeys });
}
