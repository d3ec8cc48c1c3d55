import * as z from 'zod';

const day = z.string().regex(/^\d{4}-\d\d-\d\d$/, 'a day, such as "2021-11-03"');

/**
 * CISA's catalogue of Known Exploited Vulnerabilities, as CISA publishes it (known_exploited_vulnerabilities.json).
 * https://www.cisa.gov/known-exploited-vulnerabilities-catalog
 */
export const kevCatalog = z.looseObject({
  catalogVersion: z.string().max(40),
  dateReleased: z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'a time, such as "2026-11-20T15:00:00Z"'),
  count: z.int().min(0),
  vulnerabilities: z
    .array(
      z.looseObject({
        cveID: z.string().regex(/^CVE-\d{4}-\d{4,19}$/, 'a CVE, such as "CVE-2019-0708"'),
        vendorProject: z.string().max(500).default(''),
        product: z.string().max(500).default(''),
        vulnerabilityName: z.string().max(1000).default(''),
        dateAdded: day,
        dueDate: day.optional(),
        /** "Known" or "Unknown". */
        knownRansomwareCampaignUse: z.string().max(40).default('Unknown'),
      }),
    )
    .max(200_000),
});
export type KevCatalog = z.infer<typeof kevCatalog>;
