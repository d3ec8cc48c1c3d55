/**
 * The texts of answers that were no success, by their requests, as long as these live. The SDK's pagers make an error of
 * the status alone ("Pagination failed with unexpected statusCode 401"): the body, which says why, is lost on the way.
 */
const answers = new WeakMap<object, string>();

export function keepAnswer(request: object, text: string): void {
  answers.set(request, text);
}

/** "" when the request succeeded, was not answered, or is no request. */
export function answerOf(request: unknown): string {
  return typeof request === 'object' && request !== null ? (answers.get(request) ?? '') : '';
}
