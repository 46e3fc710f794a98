import type { Profiler } from 'node:inspector'
import { describe, expect, it } from 'vitest'
import { nameHolds } from './src/load/name-holds.js'

const own = (file: string) => `file:///somewhere/packages/${file}`
const frame = (functionName: string, url: string, lineNumber = 0) => ({
  functionName,
  url,
  lineNumber,
  columnNumber: 0,
  scriptId: '1',
})

/** A sample a millisecond from 1 s on: ten of a parser called by Spillway, then ten of nothing. */
const profile: Profiler.Profile = {
  startTime: 1_000_000,
  endTime: 1_020_000,
  nodes: [
    { id: 1, callFrame: frame('(root)', ''), children: [2, 5] },
    { id: 2, callFrame: frame('answer', own('server/dist/handler.js'), 4), children: [3] },
    { id: 3, callFrame: frame('read', own('delta/dist/read-log.js'), 41), children: [4] },
    { id: 4, callFrame: frame('parse', '') },
    { id: 5, callFrame: frame('(idle)', '') },
  ],
  samples: [...Array(10).fill(4), ...Array(10).fill(5)],
  timeDeltas: Array(20).fill(1000),
}

describe('names of holds', () => {
  it('are the deepest frame of ours, what it called and who called it', () => {
    const hold = { from: 1_001_000, to: 1_010_000, waitedMs: 2 }
    expect(nameHolds([hold], profile)).toEqual([
      {
        ms: 7,
        waitedMs: 2,
        name: 'parse < read (delta/read-log.js:42) < answer (server/handler.js:5)',
        share: 1,
      },
    ])
  })

  it('say so where there is no sample', () => {
    const hold = { from: 2_000_000, to: 2_050_000, waitedMs: 0 }
    expect(nameHolds([hold], profile)[0]!.name).toBe('(no sample)')
    expect(nameHolds([hold], undefined)[0]!.name).toBe('(no sample)')
  })
})
