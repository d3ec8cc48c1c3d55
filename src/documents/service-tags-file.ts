import * as z from 'zod';

/**
 * Microsoft's published service tags (ServiceTags_Public_<date>.json), and what `az network list-service-tags` prints,
 * which is the same but for a change number as text.
 * https://learn.microsoft.com/azure/virtual-network/service-tags-overview#discover-service-tags-by-using-downloadable-json-files
 */
export const serviceTagsFile = z.looseObject({
  changeNumber: z.union([z.int(), z.string().max(40)]),
  /** "Public", "AzureGovernment", "AzureChina" */
  cloud: z.string().min(1).max(60),
  values: z
    .array(
      z.looseObject({
        name: z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,119}$/, 'the name of a tag, such as "AzureCloud.eastus"'),
        properties: z.looseObject({ addressPrefixes: z.array(z.string().max(60)).max(100_000) }),
      }),
    )
    .min(1, 'at least one tag')
    .max(50_000),
});
