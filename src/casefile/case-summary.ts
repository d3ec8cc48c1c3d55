import { digestCase } from './case-digest.ts';
import { inMarkdown, markdownOf } from './export-markdown.ts';
import type { Block } from './notes-blocks.ts';
import { pageOne, unfinishedIn } from './notes-page-one.ts';
import type { NotesSource } from './notes-source.ts';

const cut = (id: string): string => `\n\nCut here: the whole is in the case ${inMarkdown(id)}.`;

/** What a summary begins with: where it comes from, and the anchor by which the case can be checked later. */
function* heading({ id, head, count, exportedAt }: NotesSource): Generator<Block> {
  yield { kind: 'text', text: `cordon, case ${id}, as of ${exportedAt}: ${count} entries, anchor ${head}:${count}` };
}

/** The first page of the case notes as Markdown, of at most so many characters; cut between its parts, and said so. */
export async function caseSummary(source: NotesSource, longest: number): Promise<string> {
  const digest = await digestCase(source);
  const room = longest - cut(source.id).length;
  let text = '';
  for (const blocks of [heading(source), pageOne(source, digest, await unfinishedIn(source))]) {
    for (const block of blocks) {
      const part = markdownOf(block);
      if (text.length + part.length > room) return `${text.trimEnd()}${cut(source.id)}`;
      text += part;
    }
  }
  return text.trimEnd();
}
