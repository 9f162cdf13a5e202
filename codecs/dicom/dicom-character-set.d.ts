// The part of dicom-character-set 1.0.5 that is used; the package brings no types.
declare module 'dicom-character-set' {
  /** Throws an `Error` for an unknown term or escape sequence. */
  export function convertBytes(
    specificCharacterSet: string,
    bytes: Uint8Array,
    options?: { readonly vr?: string },
  ): string;
}
