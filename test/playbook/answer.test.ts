import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../src/documents/exchange.ts';
import { answerOf } from '../../src/playbook/answer.ts';

function exchange(status: number, part: Partial<Exchange> = {}): Exchange {
  return {
    method: 'PUT',
    url: 'https://management.azure.com/a?api-version=1',
    apiVersion: '1',
    clientRequestId: 'c',
    requestBody: {},
    requestHeaders: {},
    sentAt: '',
    durationSeconds: 0,
    status,
    responseHeaders: { 'content-type': 'application/json' },
    responseBody: {},
    requestId: 'r',
    correlationId: 'k',
    error: '',
    ...part,
  };
}

describe('what an answer to a change says', () => {
  it.each([200, 201, 204])('%i of Azure says that it was done', (status) => {
    expect(answerOf(exchange(status)).fate).toBe('done');
  });
  it('200 of Azure with JSON that is cut off does not say whether it was done', () => {
    expect(answerOf(exchange(200, { responseBody: '{"properties":{"provisi' })).fate).toBe('unknown');
  });
  it('202, or a link to an operation, says that it was begun', () => {
    expect(answerOf(exchange(202)).fate).toBe('begun');
    const responseHeaders = { 'azure-asyncoperation': 'https://management.azure.com/o' };
    expect(answerOf(exchange(201, { responseHeaders })).fate).toBe('begun');
  });
  it.each([400, 401, 403, 404, 405, 410, 422, 429])('%i of Azure says that it was not done', (status) => {
    expect(answerOf(exchange(status)).fate).toBe('refused');
  });
  it.each([408, 500, 502, 503, 504, 301, 302, 307])('%i does not say whether it was done', (status) => {
    expect(answerOf(exchange(status)).fate).toBe('unknown');
  });
  it('no answer does not say whether it was done', () => {
    expect(answerOf(exchange(0, { requestId: '', correlationId: '' }))).toEqual({ from: 'none', fate: 'unknown' });
  });
  it.each([200, 201, 204, 400, 403, 404, 409])('%i without Azure’s ids is nobody’s word on it', (status) => {
    expect(answerOf(exchange(status, { requestId: '', correlationId: '' }))).toEqual({
      from: 'other',
      fate: 'unknown',
    });
  });
  it('a page is no answer, whatever ids it carries', () => {
    const responseHeaders = { 'content-type': 'text/html; charset=utf-8' };
    expect(answerOf(exchange(200, { responseHeaders })).fate).toBe('unknown');
  });
  it('a refusal because of the resource’s state may be the second delivery of what the first did', () => {
    for (const status of [409, 412]) expect(answerOf(exchange(status)).fate).toBe('conflict');
    expect(answerOf(exchange(409, { method: 'POST' })).fate).toBe('refused');
  });
});
