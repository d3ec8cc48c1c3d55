import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withParameters } from '../../src/azure/client/kql-literal.ts';
import { roleCommand } from '../../src/azure/doctor.ts';
import { analyse } from '../../src/kql/evaluate.ts';
import { columnsOf } from '../../src/kql/table-schemas.ts';
import { shellWord } from '../../src/text/shell-word.ts';

const person = (objectId: string) => ({ objectId, kind: 'person' as const });
const oid = '5e0f9c1d-47b3-4a86-b2d9-61c7e8f0a3b4';

describe('a line to paste', () => {
  it('names who, what and where', () => {
    expect(roleCommand(person(oid), 'Backup Reader', '/subscriptions/s')).toBe(
      `az role assignment create --assignee-object-id ${oid} --assignee-principal-type User --role 'Backup Reader' --scope /subscriptions/s`,
    );
  });

  it.each(['application', 'managed identity'] as const)('names an %s as Azure does', (kind) => {
    expect(roleCommand({ objectId: oid, kind }, 'Reader', '/subscriptions/s')).toContain(
      `--assignee-object-id ${oid} --assignee-principal-type ServicePrincipal --role`,
    );
  });

  it('leaves out what the token does not report', () => {
    expect(roleCommand({ objectId: oid, kind: 'unknown' }, 'Reader', '/')).not.toContain('principal-type');
  });

  it('has a placeholder that does nothing where the caller is not known', () => {
    expect(roleCommand(person(''), 'Reader', '/subscriptions/s')).toContain(
      "--assignee-object-id 'OBJECT-ID-OF-THE-RESPONDER'",
    );
    expect(roleCommand(person('$(reboot)'), 'Reader', '/')).not.toContain('reboot');
  });

  it('is one word of a shell, whatever a resource is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (name) => {
        const word = shellWord(`/subscriptions/s/resourceGroups/${name}`);
        // Bare, it has no character that a shell reads; quoted, no quote inside.
        expect(word).toMatch(/^([\w./:-]+|'[^']*')$/);
        expect(word).not.toMatch(/[\u0000-\u001f]/);
      }),
    );
  });
});

describe('the query for the newest row of a table', () => {
  const query = readFileSync(resolve(import.meta.dirname, '../../src/azure/queries/table-newest.kql'), 'utf8');
  it.each(['SecurityEvent', 'Event', 'WindowsEvent', 'Syslog', 'Heartbeat', 'VMBoundPort'])('fits %s', (table) => {
    const text = withParameters(query, {
      source: table,
      from: 'datetime(2026-11-09T02:20:11Z)',
      until: 'datetime(2026-11-23T02:20:11Z)',
    });
    const { diagnostics, columns } = analyse(text, { [table]: columnsOf(table) });
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(columns.map(({ name }) => name)).toEqual(['Newest', 'Rows']);
  });
});
