// Why an object was refused, and the status that says so. Source: PS3.4 section B.2.3, PS3.7 annex C.
import type { DICOM_FAILURES } from '../../schemas/failure-codes/dicom.ts';

export const SUCCESS = 0x0000;

export const STORE_STATUS = {
  // Refused, out of resources: the one answer after which a sender is expected to try again.
  'dicom.log_behind': 0xa700,
  // Error, data set does not match SOP class.
  'dicom.sop_class_mismatch': 0xa900,
  'dicom.sop_instance_mismatch': 0xa901,
  // Error, cannot understand.
  'dicom.unreadable_data_set': 0xc000,
  'dicom.too_deep': 0xc001,
  'dicom.undeflatable': 0xc002,
  'dicom.missing_uid': 0xc003,
  'dicom.invalid_uid': 0xc004,
  'dicom.no_data_set': 0xc005,
  // Refused, not authorised.
  'dicom.no_site': 0x0124,
} as const satisfies Readonly<Record<keyof typeof DICOM_FAILURES, number>>;

/** 0xC0FF, cannot understand, for a failure that the table does not name. */
export function storeStatus(code: string): number {
  return new Map<string, number>(Object.entries(STORE_STATUS)).get(code) ?? 0xc0ff;
}
