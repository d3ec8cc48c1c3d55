import { printable } from '../text/printable.ts';
import type { Block } from './notes-blocks.ts';

/**
 * Untrusted text as plain text in Markdown (CommonMark and GitHub's), also in a table's cell: no markup, link, HTML,
 * entity, mention or list comes of it, and no formula when the table is pasted into a sheet.
 */
export function inMarkdown(text: string, limit = 4000): string {
  return printable(text, limit)
    .trim()
    .replace(/[\\`*_[\]<>|~$&#@{}!]/g, '\\$&')
    .replace(/:(?=\/\/)/g, '\\:')
    .replace(/www\./gi, (match) => `${match.slice(0, 3)}\\.`)
    .replace(/^[=+-]/, '\\$&')
    .replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2');
}

/** A code block that its content cannot end. */
function fenced(language: string, lines: readonly string[]): string {
  const clean = lines.map((line) => printable(line, 4000));
  const longest = clean.reduce((most, line) => {
    const runs = line.match(/`+/g) ?? [];
    return runs.reduce((long, run) => Math.max(long, run.length), most);
  }, 0);
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}${language}\n${clean.join('\n')}\n${fence}\n\n`;
}

/** The case notes as Markdown, piece by piece. */
export async function* markdownNotes(blocks: AsyncIterable<Block>): AsyncGenerator<string> {
  for await (const block of blocks) yield markdownOf(block);
}

/** One part of the notes as Markdown. */
export function markdownOf(block: Block): string {
  switch (block.kind) {
    case 'title':
      return `# ${inMarkdown(block.text)}\n\n`;
    case 'heading':
      return `## ${inMarkdown(block.text)}\n\n`;
    case 'subheading':
      return `### ${inMarkdown(block.text)}\n\n`;
    case 'annex':
      return `---\n\n# ${inMarkdown(block.text)}\n\n`;
    case 'text':
      return `${inMarkdown(block.text)}\n\n`;
    case 'quiet':
      return `${inMarkdown(block.text)}\n\n`;
    case 'alarm':
      return `> **Attention:** ${inMarkdown(block.text)}\n\n`;
    case 'verdict':
      return `${row(['Verdict', 'What is so'])}| --- | --- |\n${block.lines.map(({ label, text }) => row([label, text])).join('')}\n`;
    case 'list':
      return `${block.items.map((item) => `- ${inMarkdown(item)}\n`).join('')}\n`;
    case 'columns':
      return `${row(block.names)}|${' --- |'.repeat(block.names.length)}\n`;
    case 'row':
      return row(block.cells);
    case 'day':
      return row([block.text, ...Array<string>(block.columns - 1).fill('')]);
    case 'end':
      return '\n';
    case 'code':
      return fenced(block.language, block.lines);
  }
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => inMarkdown(cell)).join(' | ')} |\n`;
}
