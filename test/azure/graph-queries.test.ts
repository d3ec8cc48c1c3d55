import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kqlString, withLiterals } from '../../src/azure/client/kql-literal.ts';
import { resourceGraphObjects } from '../../src/kql/cells.ts';
import { analyse, evaluate } from '../../src/kql/evaluate.ts';
import { type ColumnType, tableFromRows } from '../../src/kql/table.ts';

const folder = resolve(import.meta.dirname, '../../src/azure/queries');

/** The columns that every table of Resource Graph has. */
const columns: Record<string, ColumnType> = {
  id: 'string',
  name: 'string',
  type: 'string',
  tenantId: 'string',
  kind: 'string',
  location: 'string',
  resourceGroup: 'string',
  subscriptionId: 'string',
  managedBy: 'string',
  sku: 'dynamic',
  plan: 'dynamic',
  properties: 'dynamic',
  tags: 'dynamic',
  identity: 'dynamic',
  zones: 'dynamic',
  extendedLocation: 'dynamic',
};
const tables = [
  'resources',
  'patchassessmentresources',
  'patchinstallationresources',
  'securityresources',
  'recoveryservicesresources',
];
const schemas = Object.fromEntries(tables.map((table) => [table, columns]));
const parameters = {
  _account: kqlString('evidence01'),
  _addresses: ['203.0.113.7', '10.1.4.7'].map(kqlString).join(', '),
  _identity: kqlString(
    '/subscriptions/s/resourcegroups/g/providers/microsoft.managedidentity/userassignedidentities/i',
  ),
  _machine: kqlString('/subscriptions/s/resourcegroups/g/providers/microsoft.compute/virtualmachines/v'),
  _resources: kqlString('/subscriptions/s/resourcegroups/g/providers/microsoft.compute/disks/d'),
  _updated: "extract_all(@'CVE-([0-9]+)', tostring(properties.additionalData.CvesDetails))",
  _vault: kqlString('/subscriptions/s/resourcegroups/g/providers/microsoft.recoveryservices/vaults/v'),
};

const queries = readdirSync(folder)
  .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))
  .filter(({ text }) => tables.some((table) => new RegExp(`^${table}\\b`, 'm').test(text)));

describe('queries of Resource Graph', () => {
  it('finds them', () => {
    expect(queries.length).toBeGreaterThanOrEqual(10);
  });

  it.each(queries)('$name passes Microsoft’s analyser', ({ text }) => {
    const used = Object.fromEntries(
      Object.entries(parameters).filter(([name]) => new RegExp(`\\b${name}\\b`).test(text)),
    );
    const { diagnostics, columns: result } = analyse(withLiterals(text, used), schemas);
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(result.length).toBeGreaterThan(0);
  });

  it.each(queries)('$name keeps to what Resource Graph knows', ({ text }) => {
    // No let statement, and of the tabular operators those that are documented.
    const code = text.replace(/\/\/.*$/gm, '').replace(/'[^']*'/g, "''");
    expect(code).not.toMatch(/\blet\b|;/);
    // Pages follow one another only when the resource's own id is among the columns, and only in one order.
    expect(code).toMatch(/\| project id,[^|]*\| order by [^|]*\bid asc\s*$/);
    const operators = [...code.matchAll(/^\s*\|\s*([a-z-]+)/gm)].map(([, operator = '']) => operator);
    const documented = ['where', 'extend', 'project', 'order', 'summarize', 'join', 'mv-expand', 'union', 'distinct'];
    expect(operators.filter((operator) => !documented.includes(operator))).toEqual([]);
  });

  it.each(['software', 'recommendations', 'patch-assessment', 'patch-installations'])(
    '%s takes a VM for another neither because its name begins alike nor because of its case',
    (name) => {
      const text = queries.find((one) => one.name === `${name}.kql`)?.text ?? '';
      const machine = (vm: string) =>
        `/subscriptions/S/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/${vm}`;
      const security = 'providers/Microsoft.Security';
      const vulnerable = `${security}/assessments/1195afff-c881-495e-9bc5-1486211ae03f`;
      const below: [path: string, type: string][] = [
        [`${security}/softwareInventories/a`, 'microsoft.security/softwareinventories'],
        [vulnerable, 'microsoft.security/assessments'],
        [`${security}/assessments/6a1c0f2e`, 'microsoft.security/assessments'],
        [`${vulnerable}/subassessments/a`, 'microsoft.security/assessments/subassessments'],
        ['patchAssessmentResults/latest', 'microsoft.compute/virtualmachines/patchassessmentresults'],
        ['patchInstallationResults/r', 'microsoft.compute/virtualmachines/patchinstallationresults'],
      ];
      const rows = ['web1', 'WEB1', 'web10', 'myweb1'].flatMap((vm) =>
        below.map(([path, type]) => ({ id: `${machine(vm)}/${path}`, type, name: path, properties: {} })),
      );
      const all = tables.map((table) => tableFromRows(table, rows, columns));
      const bound = withLiterals(text, { _machine: kqlString(machine('web1').toLowerCase()) });
      const found = resourceGraphObjects(evaluate(bound, all, { now: new Date(0) }));
      const ids = found.map((row) => String(Reflect.get(row, 'id')).split('/')[8]);
      expect(new Set(ids)).toEqual(new Set(['web1', 'WEB1']));
    },
  );

  it('puts literals in the places of parameters, whatever they hold', () => {
    expect(withLiterals('x == _machine and y == tostring(_machine)', { _machine: kqlString('a$&"b') })).toBe(
      'x == "a$&\\"b" and y == tostring("a$&\\"b")',
    );
    expect(withLiterals('a_machine _machines _machine', { _machine: '1' })).toBe('a_machine _machines 1');
    expect(() => withLiterals('x', { _machine: '1' })).toThrow(/no parameter _machine/);
  });

  it('is told of a column that is not there', () => {
    const { diagnostics } = analyse('resources | where nonsense == 1', schemas);
    expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
  });
});
