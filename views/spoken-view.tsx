import { Static, Text, useInput, usePaste } from 'ink';
import { useSyncExternalStore } from 'react';
import { promptFrameKey } from '../src/session/prompts/reading-time.ts';
import type { Session } from '../src/session/session.ts';
import { paste, press } from './keymap.ts';
import { keysOf } from './keys.ts';
import type { spokenLog } from './spoken.ts';

interface SpokenProps {
  session: Session;
  log: ReturnType<typeof spokenLog>;
  latest: { asks: string };
}

/** For screen readers: lines that are appended and never change, without boxes, and what is typed at the end. */
export function SpokenView({ session, log, latest }: SpokenProps) {
  const lines = useSyncExternalStore(log.subscribe, log.lines);
  const typed = useSyncExternalStore(log.subscribe, log.typed);
  useInput((input, key) => {
    if (key.eventType === 'release') return;
    for (const name of keysOf(input, key)) press(session, name);
  });
  usePaste((text) => paste(session, text));
  latest.asks = promptFrameKey(session.state());
  return (
    <>
      <Static items={[...lines]}>{(text, at) => <Text key={at}>{text}</Text>}</Static>
      <Text>{typed}</Text>
    </>
  );
}
