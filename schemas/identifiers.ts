// Identifiers as types: text from outside becomes one of these once, at the border, or is refused.

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** One hospital: an identity domain and a set of cloud credentials. Every key begins with it. */
export type Site = Branded<'Site'>;
export type StudyInstanceUid = Branded<'StudyInstanceUid'>;
export type SeriesInstanceUid = Branded<'SeriesInstanceUid'>;
export type SopInstanceUid = Branded<'SopInstanceUid'>;
export type SopClassUid = Branded<'SopClassUid'>;

const SITE = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** PS3.5 section 9.1 allows digits and dots, at most 64 characters. */
const UID = /^[0-9.]{1,64}$/;

/** Lower-case letters, digits and hyphens, at most 32: a site stands before a `/` in every key. */
export function parseSite(text: string): Site | undefined {
  return SITE.test(text) ? (text as Site) : undefined;
}

export function parseStudyInstanceUid(text: string): StudyInstanceUid | undefined {
  return UID.test(text) ? (text as StudyInstanceUid) : undefined;
}

export function parseSeriesInstanceUid(text: string): SeriesInstanceUid | undefined {
  return UID.test(text) ? (text as SeriesInstanceUid) : undefined;
}

export function parseSopInstanceUid(text: string): SopInstanceUid | undefined {
  return UID.test(text) ? (text as SopInstanceUid) : undefined;
}

export function parseSopClassUid(text: string): SopClassUid | undefined {
  return UID.test(text) ? (text as SopClassUid) : undefined;
}
