import { at, instantAt, isObject, type Json, numberAt, textAt } from '../../arm/json.ts';
import { counted } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { type AssessmentResult, assessmentResult } from '../../triage/patches.ts';

/** One assessment as Resource Graph shows it: its summary, and the updates that it lists as missing. */
export interface Assessment {
  properties: unknown;
  /** When it was last written; null when Azure does not report it. */
  at: string | null;
  result: AssessmentResult;
  counts: Record<string, number>;
  /** Properties of the missing updates. */
  missing: unknown[];
  /** What Azure reports as an error; "" for none. */
  error: string;
}

const moment = (instant: string) => `${instant.slice(0, 16).replace('T', ' ')}Z`;

/** What Azure reports as an error; "" for none. What went well carries the code "0" or "Success". */
export function errorOf(value: unknown): string {
  const code = textAt(value, 'code');
  if (code === '' || code === '0' || /^success$/i.test(code)) return '';
  const told = at(value, 'details');
  const details = (Array.isArray(told) ? told : []).map((one) => textAt(one, 'message') || textAt(one, 'code'));
  const texts = [textAt(value, 'message'), ...details].filter((text) => text !== '');
  return printable([code, [...new Set(texts)].slice(0, 5).join('; ')].filter(Boolean).join(': '), 1000);
}

function countsOf(properties: unknown): Record<string, number> | undefined {
  const counts = at(properties, 'availablePatchCountByClassification');
  if (!isObject(counts)) return undefined;
  const entries = Object.keys(counts)
    .map((name) => [printable(name, 40), numberAt(counts, name)] as const)
    .filter((entry): entry is [string, number] => entry[1] !== undefined && Number.isInteger(entry[1]));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const isSummary = (row: Json) => textAt(row, 'type').endsWith('patchassessmentresults');

/** The assessments in the rows of the query `patch-assessment`, the newest first. */
export function assessmentsIn(rows: readonly Json[]): Assessment[] {
  const updates = rows.filter((row) => textAt(row, 'type').endsWith('softwarepatches'));
  return rows
    .filter(isSummary)
    .map(({ id, properties }) => {
      const below = `${String(id).toLowerCase()}/`;
      const counts = countsOf(properties);
      return {
        properties,
        at: instantAt(properties, 'lastModifiedDateTime') ?? instantAt(properties, 'startDateTime'),
        result: assessmentResult(textAt(properties, 'status'), counts !== undefined),
        counts: counts ?? {},
        missing: updates
          .filter((row) => textAt(row, 'id').toLowerCase().startsWith(below))
          .map((row): unknown => row.properties),
        error: errorOf(at(properties, 'errorDetails')),
      };
    })
    .sort((a, b) => (b.at ?? '').localeCompare(a.at ?? ''));
}

/** May an assessment's list be shown? One that did not finish may still list what the one before it found. */
export function tellsMissing({ result, missing, counts, error }: Assessment): boolean {
  if (result === 'failed') return false;
  if (missing.length > 0) return true;
  if (result === 'finished') return error === '' || Object.values(counts).some((count) => count > 0);
  return result === 'partial' && Object.values(counts).some((count) => count > 0);
}

/** Why an assessment says nothing of what is missing. */
export function noResultOf({ result, at: when, error }: Assessment): string {
  const because = error === '' ? '' : ` (${error})`;
  switch (result) {
    case 'failed':
      return `the last assessment failed${because}`;
    case 'running':
      return `an assessment is running${when === null ? '' : ` since ${moment(when)}`}, and Azure shows no result of the one before`;
    case 'finished':
    case 'partial':
      return `the last assessment ended with warnings and lists nothing${because}: that is not "nothing is missing"`;
    default:
      return `the last assessment has no result: Azure tells no status or no counts of it${because}`;
  }
}

/** What an assessment's list of missing updates may lack, one sentence each. */
export function gapsIn(assessment: Assessment): string[] {
  const { result, missing, counts, error, at: when } = assessment;
  const gaps: string[] = [];
  const total = Object.values(counts).reduce((sum, value) => sum + value, 0);
  if (total > missing.length) {
    gaps.push(`${counted(total - missing.length, 'missing update')} that the assessment counts but does not list`);
  }
  if (result === 'running') {
    gaps.push(
      `the result of the assessment that runs${when === null ? '' : ` since ${moment(when)}`}: what is listed is from the one before it`,
    );
  }
  if (result === 'untold') gaps.push('whether these are all: the assessment tells no status or no counts');
  if (result === 'partial') gaps.push('what the assessment could not look at: it ended with warnings');
  if (error !== '') gaps.push(`the assessment reported ${error}`);
  return gaps;
}
