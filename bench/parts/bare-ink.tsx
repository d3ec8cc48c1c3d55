/**
 * What Ink costs without cordon: a list of rows as wide and as many as cordon's, one text a row, the same options.
 * `bare-ink.js ROWS`: the cursor moves with Down and Up; the list scrolls at its edge.
 */
import { Box, render, Text, useInput } from 'ink';
import { useState } from 'react';

const total = Number(process.argv[2] ?? 25);
const columns = process.stdout.columns || 120;
const rows = (process.stdout.rows || 40) - 1;
const name = (at: number) => `vm${String(at).padStart(5, '0')}`;
const text = (at: number) =>
  ` ${name(at)}   rg-${at % 50}-${at % 10}   Windows Server 2022   on   3389 443   ${at % 7} crit   1d`.padEnd(columns);

function List() {
  const [{ cursor, top }, move] = useState({ cursor: 0, top: 0 });
  useInput((_, key) => {
    const by = key.downArrow ? 1 : key.upArrow ? -1 : key.pageDown ? rows : key.pageUp ? -rows : 0;
    move((now) => {
      const next = Math.max(0, Math.min(total - 1, now.cursor + by));
      const inside = next >= now.top && next < now.top + rows;
      return { cursor: next, top: inside ? now.top : Math.max(0, Math.min(next - (rows >> 1), total - rows)) };
    });
  });
  const shown = Array.from({ length: Math.min(rows, total - top) }, (_, at) => top + at);
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      {shown.map((at, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row's place on the screen is its identity
        <Text key={place} wrap="truncate-end" bold={at === cursor}>
          {at === cursor ? `❯${text(at).slice(1)}` : text(at)}
        </Text>
      ))}
    </Box>
  );
}

render(<List />, {
  alternateScreen: true,
  incrementalRendering: true,
  exitOnCtrlC: false,
  patchConsole: false,
  interactive: true,
});
