import { printable } from '../text/printable.ts';
import type { Block, ColumnShape } from './notes-blocks.ts';
import { printStyle } from './notes-style.ts';

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Untrusted text as plain text in HTML, in content and in quoted attributes. */
export function inHtml(text: string, limit = 4000): string {
  return printable(text, limit).replace(/[&<>"']/g, (mark) => entities[mark] ?? '');
}

/**
 * Text that a browser would break at its hyphens, so that it cannot be copied: days and ids; in short texts names too.
 */
const id = /[A-Za-z0-9]-[A-Za-z0-9-]*\d|\d-[A-Za-z]/;
const name = /[A-Za-z0-9]-[A-Za-z0-9]/;
const longest = 44;

/** A cell of at most so many characters is a name or an id rather than a sentence. */
const shortText = 48;

/**
 * Untrusted text as running text in HTML: an id stays on one line, with `names` also any other word that has hyphens,
 * and a long path breaks after its slashes and nowhere else.
 */
function textInHtml(text: string, { names = text.length <= shortText } = {}): string {
  const unbroken = names ? name : id;
  return printable(text, 4000)
    .split(/( +)/)
    .map((word) => {
      if (!unbroken.test(word) && word.length <= longest) return inHtml(word);
      if (word.length <= longest) return `<span>${inHtml(word)}</span>`;
      // Between inline blocks a line may break, and copied they are one word.
      return word
        .split(/(?<=[/,\\])/)
        .map((part) => (part.length <= longest ? `<span class="part">${inHtml(part)}</span>` : inHtml(part)))
        .join('');
    })
    .join('');
}

/** The case notes as one HTML file that loads nothing and runs nothing, piece by piece; printed, it is the PDF. */
export async function* htmlNotes(title: string, blocks: AsyncIterable<Block>): AsyncGenerator<string> {
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${inHtml(title)}</title>
<style>${printStyle}</style>
</head>
<body>
`;
  const writer = new HtmlWriter();
  for await (const block of blocks) yield writer.write(block);
  yield '</body>\n</html>\n';
}

class HtmlWriter {
  #shapes: ColumnShape[] = [];

  write(block: Block): string {
    switch (block.kind) {
      case 'title':
        return `<h1>${textInHtml(block.text)}</h1>\n`;
      case 'heading':
        return `<h2>${textInHtml(block.text)}</h2>\n`;
      case 'annex':
        return `<h1 class="annex">${textInHtml(block.text)}</h1>\n`;
      case 'subheading':
        return `<h3>${textInHtml(block.text)}</h3>\n`;
      case 'text':
        return `<p>${textInHtml(block.text)}</p>\n`;
      case 'quiet':
        return `<p class="quiet">${textInHtml(block.text)}</p>\n`;
      case 'alarm':
        return `<p class="alarm">Attention: ${textInHtml(block.text)}</p>\n`;
      case 'verdict':
        return `<table class="verdict">\n<tbody>\n${block.lines.map(verdictRow).join('')}</tbody>\n</table>\n`;
      case 'list':
        return `<ul>\n${block.items.map((item) => `<li>${textInHtml(item)}</li>\n`).join('')}</ul>\n`;
      case 'columns':
        this.#shapes = block.shapes ?? [];
        return `<table>\n<thead><tr>${block.names.map((name) => `<th>${textInHtml(name)}</th>`).join('')}</tr></thead>\n<tbody>\n`;
      case 'day':
        return `<tr class="day"><th colspan="${block.columns}">${textInHtml(block.text)}</th></tr>\n`;
      case 'row':
        return `<tr>${block.cells.map((cell, at) => this.#cell(cell, at)).join('')}</tr>\n`;
      case 'end':
        return '</tbody>\n</table>\n';
      case 'code':
        return `<pre>${block.lines.map((line) => codeLine(line, block.language)).join('\n')}</pre>\n`;
    }
  }

  #cell(cell: string, at: number): string {
    const shape = this.#shapes[at] ?? 'text';
    if (shape === 'text') return `<td>${textInHtml(cell)}</td>`;
    return `<td class="${shape}">${shape === 'id' ? inHtml(cell) : textInHtml(cell)}</td>`;
  }
}

function verdictRow({ label, severity, text }: { label: string; severity: string; text: string }): string {
  const known = ['critical', 'high', 'medium'].includes(severity) ? ` class="${severity}"` : '';
  return `<tr${known}><th>${textInHtml(label)}</th><td>${textInHtml(text, { names: true })}</td></tr>\n`;
}

function codeLine(line: string, language: string): string {
  const text = inHtml(line);
  const sign = language === 'diff' ? line.charAt(0) : '';
  if (sign === '-') return `<span class="minus">${text}</span>`;
  if (sign === '+') return `<span class="plus">${text}</span>`;
  return text;
}
