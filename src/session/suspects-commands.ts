import { sorts } from '../words/suspects-columns.ts';
import type { Handlers } from './commands.ts';
import { vmOfRowInHand } from './incident-rows.ts';
import { moveTo } from './navigation.ts';
import { top } from './state.ts';
import type { Holder } from './state-store.ts';
import { selectedRow } from './suspects.ts';

/** Orders, filters and marks the list of VMs. */
export function suspectsCommands(holder: Holder) {
  return {
    sort({ by = 1, reverse = false }) {
      const state = holder.get();
      if (reverse) holder.set({ reversed: !state.reversed });
      else {
        const next = (sorts.indexOf(state.sort) + by + sorts.length) % sorts.length;
        holder.set({ sort: sorts[next] ?? 'suspicion', reversed: false });
      }
    },
    'sort-by'({ sort }) {
      const state = holder.get();
      holder.set({ sort, reversed: state.sort === sort && !state.reversed });
    },
    mark() {
      const state = holder.get();
      const layer = top(state);
      const row = layer.kind === 'suspects' ? selectedRow(state) : undefined;
      const id = row?.id ?? (layer.kind === 'incident' ? vmOfRowInHand(state, layer)?.id : undefined);
      if (id === undefined) {
        if (layer.kind === 'incident') holder.say('No VM in reach is under the cursor: there is nothing to mark.');
        return;
      }
      const marked = new Set(state.marked);
      if (!marked.delete(id)) marked.add(id);
      holder.set({ marked });
      moveTo(holder, (now) => now + 1);
    },
    filter() {
      holder.push({ kind: 'input', purpose: 'filter', text: '', before: holder.get().filter, vmId: '' });
    },
  } satisfies Partial<Handlers>;
}
