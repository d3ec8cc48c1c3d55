import { describe, expect, it } from 'vitest';
import { operationOf, operations, operationsTable } from '../../../src/triage/activity/operations.ts';

describe('the operations that matter', () => {
  it('stand once each, with a technique for what is of weight', () => {
    const names = operations.map(({ operation }) => operation.toLowerCase());
    expect(new Set(names).size).toBe(names.length);
    for (const { operation, severity, attack, what } of operations) {
      expect(operation).toMatch(/^Microsoft\.\w+(\/\w+)+\/(write|delete|action)$/);
      expect(what, operation).not.toBe('');
      if (severity === 'high' || severity === 'medium') expect(attack, operation).not.toEqual([]);
      for (const technique of attack) expect(technique).toMatch(/^T\d{4}(\.\d{3})?$/);
    }
  });

  it('are found in whatever case the log writes them', () => {
    expect(operationOf('MICROSOFT.COMPUTE/DISKS/BEGINGETACCESS/ACTION', '')?.kind).toBe('disk');
    expect(operationOf('Microsoft.Compute/disks/read', '')).toBeUndefined();
  });

  it('tell extensions apart by name or type', () => {
    const write = 'Microsoft.Compute/virtualMachines/extensions/write';
    expect(operationOf(write, 'enablevmaccess VMAccessAgent')?.kind).toBe('account');
    expect(operationOf(write, 'x VMAccessForLinux')?.kind).toBe('account');
    expect(operationOf(write, 'CustomScriptExtension ')?.kind).toBe('command');
    expect(operationOf(write, 'AzureMonitorWindowsAgent')).toMatchObject({ kind: 'machine', severity: 'low' });
  });

  it('are written down for review', async () => {
    const page = [
      '# Operations of the activity log',
      '',
      'What the time line calls by name, made from the table in `src/triage/activity/operations.ts` (`npx vitest run test/triage/activity -u` writes it).',
      '',
      operationsTable(),
      '',
    ].join('\n');
    await expect(page).toMatchFileSnapshot('../../../docs/operations.md');
  });
});
