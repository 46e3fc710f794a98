import { expect, it } from 'vitest'
import { suiteOf } from '../src/suites.js'

it('reads a sample of each line, and the reason of who has none', () => {
  const lines = [
    { name: 'shared', ms: 12 },
    { name: 'python', missing: 'no module named delta_sharing' },
    { name: 'wrong', ms: 3 },
    { name: 'unknown', ms: 4 },
  ]
  const text = lines.map(line => `${JSON.stringify(line)}\n`).join('')
  const sample = { ms: [12], peakRssMb: 1, facts: {} }
  const suite = suiteOf(text, ({ name }) => {
    if (name === 'wrong') return [name, 'wrong answers']
    return name === 'shared' ? ['spillway', sample] : undefined
  })
  expect(suite).toEqual({
    samples: { spillway: sample },
    missing: { 'delta-sharing': 'no module named delta_sharing', wrong: 'wrong answers' },
  })
})
