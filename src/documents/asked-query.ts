/** A query that was asked of Azure, or of files, and what came back, as a case file reports it. */
export interface AskedQuery {
  service: 'Log Analytics' | 'Resource Graph' | 'Azure Data Explorer' | 'evidence files';
  text: string;
  /** Null when the query failed, or when no row came and some might not be read: that is not none. */
  rows: number | null;
  /** SHA-256 of the answer as it was received, or as it was kept, in hexadecimal digits; "" when there was none. */
  sha256: string;
  durationSeconds: number;
  /** Why it failed, with Azure's code, or what the answer leaves out; "" when it is whole. */
  error: string;
  /** `x-ms-client-request-id`, `x-ms-request-id` and `x-ms-correlation-request-id`; "" where there is none, as for files. */
  clientRequestId: string;
  requestId: string;
  correlationId: string;
  /** Of a query to a cluster, whose `x-ms-activity-id` is the `requestId`. */
  cluster?: {
    /** `https://NAME.REGION.kusto.windows.net` */
    uri: string;
    database: string;
    /** The text that left: with the tables of the evidence as views in front. */
    sent: string;
  };
}
