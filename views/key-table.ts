import type { Mode } from '../src/session/state.ts';
import { everywhere, modeNames, views } from './binding.ts';
import { bindings } from './keymap.ts';

/** Where a binding applies, in words. */
function placesOf(modes: readonly Mode[]): string {
  if (modes.length === everywhere.length) return 'everywhere';
  const inViews = views.every((mode) => modes.includes(mode));
  const rest = inViews ? modes.filter((mode) => !views.includes(mode)) : modes;
  return [...(inViews ? ['every view'] : []), ...rest.map((mode) => modeNames[mode])].join(', ');
}

/** The key table of the README, in Markdown. */
export function keyTable(): string {
  const rows = bindings
    .filter((binding) => !/^choose-[2-9]$/.test(binding.id))
    .map((binding) => {
      const keys = binding.id === 'choose-1' ? '`1`–`9`' : binding.keys.map((key) => `\`${key}\``).join(' ');
      const text = binding.id === 'choose-1' ? 'Start that playbook of the list' : binding.description;
      const where = placesOf(binding.modes);
      const id = binding.id === 'choose-1' ? '`choose-1` … `choose-9`' : `\`${binding.id}\``;
      return `| ${keys} | ${text} | ${where} | ${id} |`;
    });
  return ['| Key | What it does | Where | Name in `keys:` |', '|---|---|---|---|', ...rows].join('\n');
}
