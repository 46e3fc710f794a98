import { expect, it } from 'vitest'
import { type ClientCapabilities, DEFAULT_CAPABILITIES, PLAIN_FILES } from '../../src/index.js'

it('are stated whole, to be built upon', () => {
  const more: ClientCapabilities = {
    ...DEFAULT_CAPABILITIES,
    readerFeatures: [...DEFAULT_CAPABILITIES.readerFeatures, 'rowtracking'],
  }
  expect(more.readerFeatures).toEqual(expect.arrayContaining(['deletionvectors', 'rowtracking']))
  expect(PLAIN_FILES.readerFeatures.length).toBeLessThan(DEFAULT_CAPABILITIES.readerFeatures.length)
})
