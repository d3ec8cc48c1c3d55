/** A refusal as Azure prints it: `{ "error": { code, message, … } }` with an HTTP status. */
export class AzureError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;
  /** Further fields of the error object: `details`, `target`, `innererror`. */
  readonly extra: Record<string, unknown>;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { headers?: Record<string, string>; extra?: Record<string, unknown> } = {},
  ) {
    super(message);
    this.name = 'AzureError';
    this.status = status;
    this.code = code;
    this.headers = more.headers ?? {};
    this.extra = more.extra ?? {};
  }

  /** The body that goes out. */
  body(): { error: Record<string, unknown> } {
    return { error: { code: this.code, message: this.message, ...this.extra } };
  }
}

/** 404 for a resource that its group does not have, in Resource Manager's sentence. */
export function resourceNotFound(type: string, names: string, group: string): AzureError {
  return new AzureError(
    404,
    'ResourceNotFound',
    `The Resource '${type}/${names}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}

/** 400 of the network provider for a reference that leads nowhere or into another region. */
export function invalidReference(target: string, by: string): AzureError {
  return new AzureError(
    400,
    'InvalidResourceReference',
    `Resource ${target} referenced by resource ${by} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
    { extra: { details: [] } },
  );
}

/** What Azure can do and the simulated Azure cannot; no service of Azure's answers so. */
export const notSimulated = (what: string): AzureError =>
  new AzureError(501, 'NotSimulated', `The simulated Azure has no ${what}.`);

/** A question that a world does not answer: an empty list would say that there is none. */
export const notKept = (what: string): AzureError =>
  notSimulated(`record of ${what}: whether there are any is unknown`);
