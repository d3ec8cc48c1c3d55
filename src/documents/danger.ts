import * as z from 'zod';

/** What it takes to confirm: nothing, the key `y`, or typing the VM's name. */
export const danger = z.enum(['none', 'reversible', 'disruptive']);
export type Danger = z.infer<typeof danger>;
