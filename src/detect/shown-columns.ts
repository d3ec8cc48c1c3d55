/** Columns beside the rule's own that a match is shown with, where the table has them. */
export const shownColumns = [
  'TimeGenerated',
  'Computer',
  'DeviceName',
  '_EvidenceFile',
  '_EvidenceLine',
  '_EvidenceOffset',
  '_EventRecordId',
  '_Verified',
];
