import * as z from 'zod';

export const removeSettings = z.strictObject({});

const taken = z.object({
  /** Name of the interface's IP configuration. */
  configuration: z.string(),
  /** Id of the address resource, which stays. */
  address: z.string(),
  /** "20.50.1.2"; "" where Azure has given none, or it cannot be read. */
  ip: z.string(),
  /** "Static", "Dynamic", or "" where it cannot be read. */
  allocation: z.string(),
});
export type TakenAddress = z.infer<typeof taken>;

export const removeState = z.looseObject({
  interfaces: z.array(z.object({ id: z.string(), etag: z.string(), taken: z.array(taken) })),
});
export type RemoveState = z.infer<typeof removeState>;
