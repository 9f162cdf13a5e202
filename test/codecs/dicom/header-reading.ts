// Reads the header of a whole data set, for tests; cut into pieces where a test wants that.
import { constants, inflateRawSync } from 'node:zlib';
import { type HeaderTexts, readHeaderTexts } from '../../../codecs/dicom/header.ts';
import { HeaderWalker } from '../../../codecs/dicom/header-walker.ts';
import { encodingOf } from '../../../codecs/dicom/transfer-syntax.ts';
import type { Result } from '../../../schemas/failure.ts';
import type { DicomCharset } from '../../../schemas/records.ts';

export type TextsReading = Result<{ readonly texts: HeaderTexts; readonly charset: DicomCharset }>;

/** `cuts`: lengths of the pieces, repeated; absent: one piece. */
export function readTexts(transferSyntaxUid: string, dataSet: Uint8Array, cuts: readonly number[] = []): TextsReading {
  const encoding = encodingOf(transferSyntaxUid);
  const walker = new HeaderWalker();
  walker.reset(encoding);
  pushPieces(walker, encoding.deflated ? inflated(dataSet) : dataSet, cuts);
  const kept = walker.finish();
  return kept.ok ? readHeaderTexts(kept.value) : kept;
}

export function pushPieces(walker: HeaderWalker, bytes: Uint8Array, cuts: readonly number[]): void {
  let at = 0;
  for (let index = 0; at < bytes.length; index += 1) {
    const length = cuts.length === 0 ? bytes.length : (cuts[index % cuts.length] ?? 1);
    // A copy that is destroyed afterwards: the walker may keep no reference.
    const piece = Buffer.from(bytes.subarray(at, at + length));
    walker.push(piece, 0, piece.length);
    piece.fill(0xee);
    at += length;
  }
}

function inflated(bytes: Uint8Array): Buffer {
  try {
    return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 2 ** 25 });
  } catch {
    return Buffer.alloc(0);
  }
}
