/** "20261123T022011Z": a time, as names of what is made in Azure end in it. */
export const stampOf = (when: Date): string => when.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');

/** The text with a hyphen for each character that names in Azure do not have. */
export const nameable = (text: string): string => text.replace(/[^A-Za-z0-9_.-]/g, '-');
