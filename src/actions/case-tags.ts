import { textAt } from '../arm/json.ts';

/** Azure keeps at most 256 characters in a tag's value (Microsoft Learn, "Use tags to organize your Azure resources"). */
const most = 256;

/** The tag in which a case's number of entries and the hash of the last stand: "214:9f86…". */
export const headTag = 'cordon-case-head';

/**
 * The tags by which a resource is known as a case's. The head shows, outside of this host, that the record was not shortened
 * or written anew since; `head` is "" where it is not known.
 */
export const caseTags = (caseId: string, head: string): Record<string, string> => ({
  'cordon-case': caseId.slice(0, most),
  ...(head === '' ? {} : { [headTag]: head.slice(0, most) }),
});

/** Does the resource, as Azure prints it, have the tag of the case? */
export const isOfCase = (resource: unknown, caseId: string): boolean =>
  textAt(resource, 'tags', 'cordon-case') === caseId.slice(0, most);
