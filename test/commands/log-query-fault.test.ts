import { describe, expect, it } from 'vitest';
import { faultOf } from '../../src/commands/log-query-fault.ts';

/** A refusal of Log Analytics as its client throws it. */
const refusal = (message: string, statusCode = 400) =>
  Object.assign(new Error(message), { name: 'RestError', statusCode, code: 'BadArgumentError' });

const query = 'SecurityEvent\n| where EventId == 4625 // EventId\n| summarise count()';
const near = async (position: number, name: string) => (name === 'EventId' ? `EventID at ${position}` : '');
const judged = (message: string, statusCode?: number) =>
  faultOf(refusal(message, statusCode), { query, nearest: near });

describe('what Log Analytics says of a query', () => {
  // The wordings of columns: github.com/SigmaHQ/sigma/issues/359, 2019-05-28.
  it.each([
    "'where' operator: Failed to resolve column or scalar expression named 'EventId'",
    "'where' operator: Failed to resolve scalar expression named 'EventId'",
    "Failed to resolve table or column expression named 'EventId'",
  ])('%s: has its place, and the nearest name', async (message) => {
    const fault = await judged(message);
    expect(fault).toMatchObject({ kind: 'semantic', line: 2, column: 9, token: 'EventId' });
    expect(fault?.message).toBe(`Log Analytics: ${message}. Nearest: EventID at 22.`);
  });

  it('a name that is only within another has no place', async () => {
    const fault = await judged("Failed to resolve scalar expression named 'Event'");
    expect(fault?.diagnostics).toEqual([]);
  });

  // The place: github.com/Azure/azure-kusto-python/issues/256, 2020-07-22.
  it('a syntax error has the place that is told', async () => {
    const fault = await judged('SYN0002: A recognition error occurred. [line:position=3:3]');
    expect(fault).toMatchObject({ kind: 'syntax', line: 3, column: 3, token: 'summarise' });
    expect(fault?.message).not.toContain('Nearest');
  });

  it('what is not about the query is left as it is', async () => {
    await expect(judged('The workspace could not be found')).resolves.toBeUndefined();
    await expect(judged("Failed to resolve scalar expression named 'EventId'", 403)).resolves.toBeUndefined();
    await expect(judged('[line:position=900:1]')).resolves.toBeUndefined();
  });
});
