import { Box, Text } from 'ink';
import { Table } from 'ink-table';
import { createElement, memo } from 'react';
import type { SmallTable } from './detail-text.ts';
import type { Frame } from './frame.ts';

/** One row of the screen. Drawn again only when its text has changed. */
const Row = memo(({ text }: { text: string }) => <Text wrap="truncate-end">{text === '' ? ' ' : text}</Text>);

function Rows({ rows }: { rows: readonly string[] }) {
  return rows.map((text, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a row's place on the screen is its identity
    <Row key={at} text={text} />
  ));
}

/**
 * A row as wide as the screen, in Ink's own element for texts: it has its size, and is `painted`, for which the build
 * spares Ink what it would find out of any text (scripts/ink-plugins.mjs).
 */
const WholeRow = memo(({ text, width }: { text: string; width: number }) =>
  createElement(
    'ink-text',
    { style: { textWrap: 'truncate-end', flexShrink: 0, width, height: 1 }, painted: true },
    text,
  ),
);

function WholeRows({ rows, width }: { rows: readonly string[]; width: number }) {
  return rows.map((text, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a row's place on the screen is its identity
    <WholeRow key={at} text={text === '' ? ' ' : text} width={width} />
  ));
}

function Framed({ table }: { table: SmallTable }) {
  return (
    <Box flexDirection="column" marginLeft={1} marginRight={1} flexShrink={0}>
      <Text bold> {table.title}</Text>
      <Table
        data={table.rows}
        header={({ children }) => <Text dimColor>{children}</Text>}
        skeleton={({ children }) => <Text dimColor>{children}</Text>}
      />
    </Box>
  );
}

/**
 * The whole screen. Rows are exactly as wide and as many as the terminal shows, so that only the tables need clipping:
 * a box that clips costs Ink a second pass over each of its rows.
 */
export function Screen({ frame: { blocks, columns, rows } }: { frame: Frame }) {
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      {blocks.map((block, at) =>
        block.kind === 'rows' ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: blocks have a fixed order
          <Box key={at} flexDirection="column" width={columns} height={block.rows.length} flexShrink={0}>
            <WholeRows rows={block.rows} width={columns} />
          </Box>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: blocks have a fixed order
          <Box key={at} width={columns} height={block.height} flexShrink={0} overflow="hidden">
            {block.leftWidth > 0 && (
              <Box flexDirection="column" width={block.leftWidth} flexShrink={0}>
                <Rows rows={block.left} />
              </Box>
            )}
            {block.tables.map((table) => (
              <Framed key={table.title} table={table} />
            ))}
          </Box>
        ),
      )}
    </Box>
  );
}
