import { isTableError } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { dataFeatures, parseProtocol } from '../../src/schema/features.js'

function outcome(protocol: unknown): string {
  try {
    return `reads ${[...dataFeatures(parseProtocol(JSON.stringify(protocol)))].join(' ')}`.trim()
  } catch (error) {
    return isTableError(error) ? `${error.code}: ${error.message}` : String(error)
  }
}

const version3 = (...readerFeatures: string[]) => ({
  minReaderVersion: 3,
  minWriterVersion: 7,
  readerFeatures,
})

describe('protocols', () => {
  it.each([
    [{ minReaderVersion: 1, minWriterVersion: 2 }, 'reads'],
    [{ minReaderVersion: 2, minWriterVersion: 5 }, 'reads'],
    [version3('deletionVectors', 'columnMapping', 'v2Checkpoint', 'vacuumProtocolCheck'), 'reads'],
    [
      version3('timestampNtz', 'typeWidening', 'variantType'),
      'reads timestampNtz typeWidening variantType',
    ],
    [{ ...version3(), writerFeatures: ['somethingNew', 'rowTracking'] }, 'reads'],
    [
      version3('teleportation'),
      'UNSUPPORTED_FEATURE: the table needs reader features that are not supported: teleportation',
    ],
    [
      version3('adaptiveMetadata-preview'),
      'UNSUPPORTED_FEATURE: the table needs reader features that are not supported: adaptiveMetadata-preview',
    ],
    [
      version3('catalogManaged'),
      'UNSUPPORTED_FEATURE: the table needs reader features that are not supported: catalogManaged: its commits are known to its catalog only',
    ],
  ])('%o: %s', (protocol, expected) => {
    expect(outcome(protocol)).toBe(expected)
  })

  it.each([
    [{ minReaderVersion: 4, minWriterVersion: 7 }, 'UNSUPPORTED_FEATURE'],
    [{ minReaderVersion: 99, minWriterVersion: 7 }, 'UNSUPPORTED_FEATURE'],
    [{ minReaderVersion: 3, minWriterVersion: 7 }, 'TABLE_CORRUPT'],
    [{ minReaderVersion: 3, minWriterVersion: 6, readerFeatures: [] }, 'TABLE_CORRUPT'],
    [{ minReaderVersion: 'one' }, 'TABLE_CORRUPT'],
    [{}, 'TABLE_CORRUPT'],
  ])('refuses %o with %s', (protocol, code) => {
    expect(outcome(protocol).split(':')[0]).toBe(code)
  })
})
