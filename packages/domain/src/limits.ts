/** Every limit of the engine, with its unit last. */
const KiB = 1024;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** A payload of at most this many bytes is stored inline in the high-volume tier. */
export const inlineThresholdBytes = 1024 * KiB;

export const storagePathBytesMax = 900;
export const scopesMax = 16;

export const customPairsMax = 64;
export const customNameBytesMax = 128;
/** Names and values of all custom pairs together. */
export const customBytesMax = 8 * KiB;
export const contentTypeBytesMax = 255;
export const contentEncodingBytesMax = 64;
export const originBytesMax = 255;
export const fileNameBytesMax = 255;

export const expirationMsMin = 1_000;
export const expirationMsMax = 36_500 * dayMs;
/** A time-to-idle is extended at most once per quarter of it, and at most once a day. */
export const idleDebounceMsMax = dayMs;

/** A payload that arrives in more chunks than this is gathered into buffers of the next size. */
export const gatheredChunksMax = 64;
export const gatherBufferBytes = 64 * KiB;

/** One object of more bytes than this is refused: 5 TiB, what object storage takes. */
export const objectBytesMax = 5 * 1024 ** 4;

/** A row keeps at most this many intents; one more removes the oldest, which fences its writer. */
export const intentsPerRowMax = 64;

export const pageSizeDefault = 100;
export const pageSizeMax = 1_000;
/** A page of changes is looked up so many at a time, and ends when the names in it have so many bytes. */
export const listStepMax = 250;
export const listedBytesMax = 1024 * KiB;

/** How often a read of one object may look at its row: it is replaced as often at most. */
export const tombstoneReadsMax = 3;

/** How many entries one call of a sweep may be asked to look at. */
export const sweepExaminedMax = 100_000;
/** A sweep looks at so many at a time, and can be cut short between them. */
export const sweepStepMax = 50;

/** How far one run of a sweep may be asked to go. */
export const sweepEntriesMax = 100_000_000;
export const sweepDurationMsMax = dayMs;
/** 1 PiB. */
export const sweepBytesMax = 1024 ** 5;
/** One run hands no more orphans to the queue unless it is asked to. */
export const orphansPerRunMax = 100_000;
/** One step of a sweep is asked to take no longer. */
export const sweptStepMsMax = 10_000;
/** A page of reports is no larger, unless one is alone: with what is around it, it fits into a message. */
export const sweepPageBytesMax = 1024 * KiB;
/** The fewest bytes that one step of verifying can be asked to read, and how many it is asked for. */
export const verifiedBytesMin = 1024 * KiB;
export const verifiedBytesDefault = 64 * verifiedBytesMin;
/** Clocks that are further apart make the ages of blobs doubtful. */
export const clockSkewMsMax = 5 * minuteMs;
/** A report names so many damaged and so many undecided entries, and counts them all. */
export const damageShownMax = 100;
export const undecidedShownMax = 100;

export const readerGraceMs = 5 * minuteMs;
export const changeDeadlineMs = hourMs;
export const orphanAgeMsMin = dayMs;
/** Changes whose log entry is tidied in the background at once; more are left to the sweeper. */
export const backgroundTasksMax = 1_000;
/** Jobs on their way to the cleanup queue; the change of one more stays on the log. */
export const enqueuesMax = 10_000;

/** How many usecases a description of what is stored names; the others are put together. */
export const usecasesShownMax = 1_000;
/** So many are kept apart while it is added up. */
export const usecasesHeldMax = 4_000;
/** Rows and changes are looked at so many at a time for it. */
export const describeStepMax = 1_000;
/** Changes whose blobs are looked up for it at once. */
export const describeConcurrencyMax = 64;
/** Blobs of two changes of about the same time are counted once; so many are remembered. */
export const countedBlobsMax = 10_000;
/** So many sizes of blobs that wait to be freed are kept; beyond them the oldest go. */
export const blobSizesMax = 100_000;
/**
 * After it a size is asked for again: another process may have deleted the blob. Counts that are cut
 * short again and again come to their end well before.
 */
export const blobSizeFreshMs = 30 * minuteMs;
/** Blobs left out where not one could be counted: more of them, and it is the tier that is down. */
export const uncountedAloneMax = 64;
