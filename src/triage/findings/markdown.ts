import { evidenceName } from '../../documents/evidence-names.ts';
import type { Rule } from './rule.ts';

const cell = (text: string) => text.replaceAll('|', '\\|');

/** The rules as a Markdown table, in the order in which they lead among equals. */
export function rulesTable(rules: readonly Rule[], practices: readonly string[]): string {
  const rows = rules.map(({ id, when, severities, reads, weighs = [], practice, attack, playbook }) => {
    const evidence = [...reads.map((name) => evidenceName(name)), ...weighs.map((name) => `(${evidenceName(name)})`)];
    const severity = Object.entries(severities).map(([name, why]) => `**${name}**: ${why}`);
    return [
      `\`${id}\``,
      when,
      severity.join('; '),
      evidence.join(', '),
      `${practice} ${practices[practice - 1] ?? '?'}`,
      attack.join(', ') || '-',
      playbook === '' ? '-' : `\`${playbook}\``,
    ];
  });
  const head = ['rule', 'when', 'severity', 'evidence (and what weighs)', 'practice', 'ATT&CK', 'playbook'];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
}
