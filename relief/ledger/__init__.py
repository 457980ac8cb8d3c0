"""The double-entry journal in whole paisa: funds, postings, commitments; append-only, corrected by reversal."""
