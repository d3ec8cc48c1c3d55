import { azureReader } from '../azure/reader.ts';
import type { TriageOptions } from '../azure/readers/asked.ts';
import { readSubscriptions } from '../azure/readers/subscriptions.ts';
import type { Reader } from '../session/session-readers.ts';
import type { Opened } from './options.ts';

/** The reading from Azure over a connection. */
export interface AzureReading {
  reader: Reader;
  /** The scope that is read: "contoso-prod +1 subscription". */
  scope(): Promise<string>;
  /** Rejects, with the reason, when the subscriptions that are wanted cannot be read. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** The reading over a connection that is open. */
export function azureReading({ connection, close }: Opened, options: TriageOptions): AzureReading {
  return {
    reader: azureReader(connection, options),
    async scope() {
      const subscriptions = await readSubscriptions(connection).catch(() => []);
      const [first] = subscriptions;
      const more = subscriptions.length - 1;
      if (!first) return 'no subscription in reach';
      return `${first.name}${more > 0 ? ` +${more} subscription${more === 1 ? '' : 's'}` : ''}`;
    },
    async check() {
      await readSubscriptions(connection);
    },
    close,
  };
}
