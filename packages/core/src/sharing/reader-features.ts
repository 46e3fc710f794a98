/** Reader features of Delta that a request may say it reads (`readerfeatures`), in their canonical spelling. */
export const READER_FEATURES: readonly string[] = [
  'deletionVectors',
  'columnMapping',
  'timestampNtz',
  'typeWidening',
  'typeWidening-preview',
  'variantType',
  'variantType-preview',
  'variantShredding',
  'variantShredding-preview',
  'geospatial',
  'v2Checkpoint',
  'vacuumProtocolCheck',
]
