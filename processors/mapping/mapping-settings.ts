// What a site sets about the mapping, with the defaults.

export interface ProcedureMeaning {
  readonly modality?: string;
  readonly bodyPart?: string;
  readonly studyDesc?: string;
  readonly scanMode?: string;
}

export interface MappingSettings {
  /** IANA name; the cloud's times carry no zone and are meant in the site's. */
  readonly timezone: string;
  /** Which of hkAndMarcoPermitNum (international) and hkAndMacauPermitNum (mainland) the cloud knows; never both. */
  readonly edition: 'international' | 'mainland';
  /** Several modalities of a study joined by `\`; otherwise the one with the most images. */
  readonly joinModalities: boolean;
  /** PID-3 types (CX-5, upper case) that hold a permit for travel from Hong Kong or Macau. The standard names none. */
  readonly permitTypes: readonly string[];
  /** PID-3 types (CX-5, upper case) that go to otherInfo. */
  readonly otherInfoTypes: readonly string[];
  /**
   * Where OBR-31, the reason for the study, goes: senders put the patient's complaint there, or what the examination
   * shall answer. It comes after OBR-13 as a symptom, before NTE as a requirement.
   */
  readonly reasonForStudy: 'symptom' | 'studyRequirement';
  /** By OBR-4.1; asked where a message itself says nothing. */
  readonly procedures: ReadonlyMap<string, ProcedureMeaning>;
}

export const defaultMappingSettings: MappingSettings = {
  timezone: 'Asia/Shanghai',
  edition: 'international',
  joinModalities: true,
  permitTypes: ['港澳居民来往内地通行证', '港澳通行证'],
  otherInfoTypes: [],
  reasonForStudy: 'symptom',
  procedures: new Map(),
};
