/** What Ink reports of a key, as far as it is needed here. */
export interface KeyFlags {
  upArrow?: boolean;
  downArrow?: boolean;
  leftArrow?: boolean;
  rightArrow?: boolean;
  pageUp?: boolean;
  pageDown?: boolean;
  home?: boolean;
  end?: boolean;
  return?: boolean;
  escape?: boolean;
  tab?: boolean;
  shift?: boolean;
  ctrl?: boolean;
  meta?: boolean;
  backspace?: boolean;
  delete?: boolean;
}

function nameOfCharacter(character: string): string {
  if (character === '\r' || character === '\n') return 'Enter';
  if (character === '\t') return 'Tab';
  if (character === '\u001b') return 'Esc';
  if (character === '\u007f' || character === '\b') return 'Backspace';
  if (character === ' ') return 'Space';
  const code = character.codePointAt(0) ?? 0;
  return code < 32 ? `Ctrl+${String.fromCharCode(code + 64)}` : character;
}

/**
 * The keys of one input event, by the names of the action table. Characters that arrived together come as one string and
 * are distinguished; a letter after an escape is Esc and the letter, since terminals send Alt so.
 */
export function keysOf(input: string, key: KeyFlags): string[] {
  if (key.upArrow) return ['Up'];
  if (key.downArrow) return ['Down'];
  if (key.leftArrow) return ['Left'];
  if (key.rightArrow) return ['Right'];
  if (key.pageUp) return ['PageUp'];
  if (key.pageDown) return ['PageDown'];
  if (key.home) return ['Home'];
  if (key.end) return ['End'];
  if (key.return) return ['Enter'];
  if (key.tab) return [key.shift ? 'Shift+Tab' : 'Tab'];
  if (key.backspace) return ['Backspace'];
  if (key.delete) return ['Delete'];
  if (key.ctrl) return [`Ctrl+${input.toUpperCase()}`];
  const characters = [...input].map(nameOfCharacter);
  if (key.escape || (key.meta && characters.length > 0)) return ['Esc', ...characters];
  return characters;
}
