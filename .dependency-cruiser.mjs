/** @param {string} from @param {string[]} allowed */
const room = (from, allowed) => ({
  name: `room-${from.replaceAll('/', '-')}`,
  severity: 'error',
  from: { path: `^${from}/` },
  to: { path: '^(src|views|playbooks)/', pathNot: `^(${[from, ...allowed].join('|')})(/|\\.ts$)` },
});

export default {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    room('src/documents', []),
    room('src/text', []),
    room('src/triage', ['src/documents', 'src/text']),
    room('src/kql', ['src/text']),
    room('src/simulator', ['src/kql', 'src/text']),
    room('src/casefile', ['src/documents', 'src/text']),
    room('src/playbook', ['src/documents', 'src/text', 'src/failure']),
    room('src/session', ['src/playbook', 'src/casefile', 'src/triage', 'src/documents', 'src/text']),
    room('src/azure', ['src/triage', 'src/documents', 'src/text', 'src/failure', 'src/session/ports']),
    room('src/actions', ['src/azure', 'src/playbook', 'src/documents', 'src/text', 'src/failure']),
    room('views', ['src/session', 'src/documents', 'src/text', 'src/playbook/run', 'src/casefile']),
    {
      name: 'azure-only-in-azure-and-actions',
      severity: 'error',
      from: { path: '^(src|views)/', pathNot: '^src/(azure|actions)/' },
      to: { path: 'node_modules/@azure/' },
    },
    {
      name: 'ink-only-in-views',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: 'node_modules/(ink|react|ink-table)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.js'] },
  },
};
