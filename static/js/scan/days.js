// Days as the field counts them: Pakistan's, UTC+5 the whole year, whatever the phone is set to.

const OFFSET_MS = 5 * 3_600_000;

// The local day of an instant in ms, as ISO.
export const dayOf = (ms) => new Date(ms + OFFSET_MS).toISOString().slice(0, 10);
