import { parseArgs } from 'node:util';
import { azureFacts, dueFacts } from './azure-facts.ts';

// `npm run facts -- --on DATE`: what of the ledger is due; exits 1 when something is, 2 for a date that is none.

const { values } = parseArgs({ options: { on: { type: 'string' } } });
const on = values.on ?? new Date().toISOString().slice(0, 10);
if (!/^\d{4}-\d\d-\d\d$/.test(on) || Number.isNaN(Date.parse(on))) {
  process.stderr.write('facts: --on takes a day, 2027-01-31\n');
  process.exitCode = 2;
} else {
  const due = dueFacts(on);
  for (const { fact, why } of due) {
    process.stdout.write(
      `${fact.id}: ${why}\n  ${fact.fact}\n  source: ${fact.source}\n  used by: ${fact.usedBy.join(', ')}\n`,
    );
  }
  process.stdout.write(`${due.length} of ${azureFacts.length} facts are due on ${on}\n`);
  process.exitCode = due.length > 0 ? 1 : 0;
}
