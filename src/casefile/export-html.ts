import { printable } from '../text/printable.ts';
import type { Block } from './case-notes.ts';

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Untrusted text as plain text in HTML, in content and in quoted attributes. */
export function inHtml(text: string, limit = 4000): string {
  return printable(text, limit).replace(/[&<>"']/g, (mark) => entities[mark] ?? '');
}

const style = `
:root { color-scheme: light dark; --line: #8886; --quiet: #8882; --alarm: #c50f1f; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { margin-bottom: .5rem; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-size: 13px; }
th, td { border: 1px solid var(--line); padding: .3rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: var(--quiet); white-space: nowrap; }
pre { background: var(--quiet); padding: .75rem; overflow-x: auto; font: 13px/1.45 ui-monospace, monospace; }
.alarm { border-left: 4px solid var(--alarm); background: var(--quiet); padding: .5rem .75rem; font-weight: 600; }
.minus { color: #c50f1f; } .plus { color: #0b7a3b; }
@media print { body { max-width: none; } pre { white-space: pre-wrap; } }
`;

/** The case notes as one HTML file that loads nothing and runs nothing, piece by piece. */
export async function* htmlNotes(title: string, blocks: AsyncIterable<Block>): AsyncGenerator<string> {
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${inHtml(title)}</title>
<style>${style}</style>
</head>
<body>
`;
  for await (const block of blocks) yield htmlOf(block);
  yield '</body>\n</html>\n';
}

function htmlOf(block: Block): string {
  switch (block.kind) {
    case 'title':
      return `<h1>${inHtml(block.text)}</h1>\n`;
    case 'heading':
      return `<h2>${inHtml(block.text)}</h2>\n`;
    case 'subheading':
      return `<h3>${inHtml(block.text)}</h3>\n`;
    case 'text':
      return `<p>${inHtml(block.text)}</p>\n`;
    case 'alarm':
      return `<p class="alarm">Attention: ${inHtml(block.text)}</p>\n`;
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${inHtml(item)}</li>\n`).join('')}</ul>\n`;
    case 'columns':
      return `<table>\n<thead><tr>${block.names.map((name) => `<th>${inHtml(name)}</th>`).join('')}</tr></thead>\n<tbody>\n`;
    case 'row':
      return `<tr>${block.cells.map((cell) => `<td>${inHtml(cell)}</td>`).join('')}</tr>\n`;
    case 'end':
      return '</tbody>\n</table>\n';
    case 'code':
      return `<pre>${block.lines.map((line) => codeLine(line, block.language)).join('\n')}</pre>\n`;
  }
}

function codeLine(line: string, language: string): string {
  const text = inHtml(line);
  const sign = language === 'diff' ? line.charAt(0) : '';
  if (sign === '-') return `<span class="minus">${text}</span>`;
  if (sign === '+') return `<span class="plus">${text}</span>`;
  return text;
}
