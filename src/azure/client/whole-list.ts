import { at } from '../../arm/json.ts';

/** An answer as an SDK's client hands it to `onResponse`. */
interface Answered {
  status: number;
  bodyAsText?: string | null;
}

/**
 * For the options of an SDK's list: throws where an answer has no list. The SDK takes it for an empty one, and Azure prints `value`
 * where there is nothing too.
 */
export const wholeList = {
  onResponse({ status, bodyAsText }: Answered): void {
    if (status !== 200) return;
    let body: unknown;
    try {
      body = JSON.parse(bodyAsText ?? '');
    } catch {
      // The SDK says what is wrong with it.
      return;
    }
    if (!Array.isArray(at(body, 'value'))) throw new Error('the answer has no list (value): ask again');
  },
};
