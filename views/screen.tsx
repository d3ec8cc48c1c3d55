import { Box, Text } from 'ink';
import { Table } from 'ink-table';
import { memo } from 'react';
import type { SmallTable } from './detail-text.ts';
import type { Line, Span, Tone } from './line.ts';
import type { Section } from './sections.ts';

const colours: Record<Tone, { color?: string; dimColor?: boolean }> = {
  critical: { color: 'red' },
  high: { color: 'yellow' },
  medium: { color: 'blue' },
  low: { dimColor: true },
  dim: { dimColor: true },
  unknown: { color: 'magenta' },
  good: { color: 'green' },
  accent: { color: 'cyan' },
  plain: {},
};

function same(one: readonly Span[], other: readonly Span[]): boolean {
  return (
    one.length === other.length &&
    one.every((piece, at) => {
      const against = other[at];
      return piece.text === against?.text && piece.tone === against.tone && piece.bold === against.bold;
    })
  );
}

/** One row of the screen. Drawn again only when its text or tone has changed. */
const Row = memo(
  ({ row }: { row: Line }) => (
    <Text wrap="truncate-end">
      {row.spans.map((piece, at) => (
        // Pieces have no identity but their place.
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is the identity
        <Text key={at} bold={piece.bold || row.selected} {...colours[piece.tone]}>
          {piece.text}
        </Text>
      ))}
    </Text>
  ),
  (before, after) => before.row.selected === after.row.selected && same(before.row.spans, after.row.spans),
);

function Rows({ rows }: { rows: readonly Line[] }) {
  return rows.map((row, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a row's place on the screen is its identity
    <Row key={at} row={row} />
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

/** The whole screen, from its sections. */
export function Screen({ sections, columns, rows }: { sections: readonly Section[]; columns: number; rows: number }) {
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      {sections.map((section, at) =>
        section.kind === 'rows' ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: sections have a fixed order
          <Box key={at} flexDirection="column" width={columns} height={section.rows.length} flexShrink={0}>
            <Rows rows={section.rows} />
          </Box>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: sections have a fixed order
          <Box key={at} width={columns} height={section.height} flexShrink={0} overflow="hidden">
            {section.leftWidth > 0 && (
              <Box flexDirection="column" width={section.leftWidth} flexShrink={0}>
                <Rows rows={section.left} />
              </Box>
            )}
            {section.tables.map((table) => (
              <Framed key={table.title} table={table} />
            ))}
          </Box>
        ),
      )}
    </Box>
  );
}
