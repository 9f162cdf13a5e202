// The vendor's answer: an integer code and a message; the codes that the sandbox gives by itself.

export interface CloudAnswer {
  readonly code: number;
  readonly message: string;
}

/** Codes of the vendor's table; scripted faults may give any other. */
export type RefusalCode = 1 | 10005 | 20030 | 20031 | 30002 | 90001 | 90002 | 100001 | 100002 | 100004;

export const ACCEPTED: CloudAnswer = { code: 0, message: 'success' };

export function refusal(code: RefusalCode, message: string): CloudAnswer {
  return { code, message };
}
