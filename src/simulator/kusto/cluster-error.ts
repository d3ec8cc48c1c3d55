/** Exceptions by the status that they come with ("Kusto.Data exceptions", learn.microsoft.com/kusto/api/netfx, 2026-05-20). */
const exceptions = new Map([
  [400, 'KustoBadRequestException'],
  [403, 'KustoRequestDeniedException'],
  [409, 'KustoConflictException'],
  [412, 'ClusterSuspendedException'],
  [413, 'KustoRequestPayloadTooLargeException'],
  [504, 'KustoServiceTimeoutException'],
]);

/** The name of the exception that comes with a status; that of a throttled request names its kind. */
export const exceptionOf = (status: number, command: boolean): string =>
  status === 429
    ? `Kusto.DataNode.Exceptions.${command ? 'ControlCommand' : 'Query'}ThrottledException`
    : `Kusto.Data.Exceptions.${exceptions.get(status) ?? 'KustoServiceException'}`;

/** A refusal as a cluster prints it ("Query V2 HTTP response", learn.microsoft.com/kusto/api/rest/response-v2, 2024-08-11). */
export class ClusterError extends Error {
  readonly status: number;
  readonly code: string;
  readonly type: string;
  /** The codes that begin so are the query's: the error within has them. */
  readonly inner: string;

  constructor(status: number, code: string, type: string, message: string, inner = '') {
    super(message);
    this.name = 'ClusterError';
    this.status = status;
    this.code = code;
    this.type = type;
    this.inner = inner;
  }

  body(context: Record<string, string>): { error: Record<string, unknown> } {
    const general = 'Request is invalid and cannot be executed.';
    const error: Record<string, unknown> = {
      code: this.code,
      message: general,
      '@type': this.type,
      '@message': this.inner === '' ? this.message : `Request is invalid and cannot be processed: ${this.message}`,
      '@context': context,
      '@permanent': this.status < 500 && this.status !== 429,
    };
    if (this.inner !== '')
      error.innererror = {
        code: this.inner,
        message: this.message,
        '@type': this.type,
        '@message': this.message,
        '@context': context,
      };
    return { error };
  }
}
