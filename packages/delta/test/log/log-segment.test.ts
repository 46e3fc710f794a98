import { isTableError, type ObjectMeta } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { nameOf, parseLogName } from '../../src/log/log-path.js'
import {
  chooseSegment,
  earliestVersion,
  latestVersion,
  readListing,
} from '../../src/log/log-segment.js'

const version = (number: number) => String(number).padStart(20, '0')
const UUID = '80a083e8-7026-4e79-81be-64bd76c43a11'

function listing(...names: readonly (string | readonly [string, number])[]) {
  return readListing(
    names.map((name): ObjectMeta => {
      const [file, size] = typeof name === 'string' ? [name, 10] : name
      return { path: `s3://b/t/_delta_log/${file}`, size, lastModified: 1 }
    }),
  )
}

const commits = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${version(from + i)}.json`)

function chosen(names: ReturnType<typeof listing>, at: number) {
  const segment = chooseSegment(names, BigInt(at), 's3://b/t/_delta_log/')
  return {
    checkpoint: segment.checkpoint?.files.map(file => nameOf(file.path)),
    commits: segment.commits.map(commit => Number(commit.version)),
  }
}

describe('names in a log', () => {
  it.each([
    [`${version(7)}.json`, { kind: 'commit', version: 7n }],
    [`${version(7)}.checkpoint.parquet`, { kind: 'checkpoint', version: 7n }],
    [
      `${version(7)}.checkpoint.0000000002.0000000003.parquet`,
      { kind: 'checkpoint-part', version: 7n, part: 2, parts: 3 },
    ],
    [
      `${version(7)}.checkpoint.${UUID}.json`,
      { kind: 'checkpoint-v2', version: 7n, encoding: 'json' },
    ],
    [
      `${version(7)}.checkpoint.${UUID}.parquet`,
      { kind: 'checkpoint-v2', version: 7n, encoding: 'parquet' },
    ],
    [
      `${version(7)}.${version(9)}.compacted.json`,
      { kind: 'compacted', version: 7n, endVersion: 9n },
    ],
    [`${version(7)}.crc`, { kind: 'checksum', version: 7n }],
    ['00000000000000000007.json.tmp', undefined],
    ['.00000000000000000007.json.crc', undefined],
    ['7.json', undefined],
    ['_last_checkpoint', undefined],
    [`_staged_commits/${version(7)}.${UUID}.json`, undefined],
    [`${version(7)}.checkpoint.0000000002.parquet`, undefined],
  ])('%s', (name, expected) => {
    expect(parseLogName(name)).toEqual(expected)
  })
})

describe('the segment of a version', () => {
  it.each<[string, ReturnType<typeof listing>, number, object]>([
    [
      'commits from the first',
      listing(...commits(0, 3)),
      2,
      { checkpoint: undefined, commits: [0, 1, 2] },
    ],
    [
      'the newest checkpoint at or below it',
      listing(
        ...commits(0, 20),
        `${version(5)}.checkpoint.parquet`,
        `${version(15)}.checkpoint.parquet`,
      ),
      14,
      {
        checkpoint: [`${version(5)}.checkpoint.parquet`],
        commits: [6, 7, 8, 9, 10, 11, 12, 13, 14],
      },
    ],
    [
      'a checkpoint whose commits are gone',
      listing(`${version(5)}.checkpoint.parquet`, ...commits(6, 7)),
      7,
      { checkpoint: [`${version(5)}.checkpoint.parquet`], commits: [6, 7] },
    ],
    [
      'an older checkpoint where parts of the newer are missing',
      listing(
        ...commits(0, 6),
        `${version(3)}.checkpoint.parquet`,
        `${version(5)}.checkpoint.0000000001.0000000002.parquet`,
      ),
      6,
      { checkpoint: [`${version(3)}.checkpoint.parquet`], commits: [4, 5, 6] },
    ],
    [
      'all parts, in order',
      listing(
        `${version(5)}.checkpoint.0000000001.0000000002.parquet`,
        `${version(5)}.checkpoint.0000000002.0000000002.parquet`,
      ),
      5,
      {
        checkpoint: [
          `${version(5)}.checkpoint.0000000001.0000000002.parquet`,
          `${version(5)}.checkpoint.0000000002.0000000002.parquet`,
        ],
        commits: [],
      },
    ],
    [
      'one Parquet file rather than parts or JSON',
      listing(
        `${version(5)}.checkpoint.0000000001.0000000001.parquet`,
        `${version(5)}.checkpoint.${UUID}.json`,
        `${version(5)}.checkpoint.${UUID}.parquet`,
      ),
      5,
      { checkpoint: [`${version(5)}.checkpoint.${UUID}.parquet`], commits: [] },
    ],
    [
      'no checkpoint that is empty',
      listing(...commits(0, 6), [`${version(5)}.checkpoint.parquet`, 0]),
      6,
      { checkpoint: undefined, commits: [0, 1, 2, 3, 4, 5, 6] },
    ],
    [
      'the commits themselves where a checkpoint has as many files',
      listing(
        ...commits(0, 1),
        `${version(1)}.checkpoint.0000000001.0000000002.parquet`,
        `${version(1)}.checkpoint.0000000002.0000000002.parquet`,
      ),
      1,
      { checkpoint: undefined, commits: [0, 1] },
    ],
    [
      'no compacted commits',
      listing(...commits(0, 2), `${version(0)}.${version(2)}.compacted.json`),
      2,
      { checkpoint: undefined, commits: [0, 1, 2] },
    ],
  ])('is %s', (_, names, at, expected) => {
    expect(chosen(names, at)).toEqual(expected)
  })

  it.each([
    ['a commit in between', listing(...commits(0, 2), ...commits(4, 6)), 6, 3n],
    ['the first commit', listing(...commits(1, 6)), 6, 0n],
    [
      'the commit after the checkpoint',
      listing(`${version(5)}.checkpoint.parquet`, ...commits(7, 8)),
      8,
      6n,
    ],
    ['the last commit', listing(`${version(5)}.checkpoint.parquet`, ...commits(6, 7)), 8, 8n],
  ])('is refused without %s', (_, names, at, missing) => {
    try {
      chosen(names, at)
      expect.unreachable()
    } catch (error) {
      expect(isTableError(error) && [error.code, error.context.version]).toEqual([
        'TABLE_CORRUPT',
        missing,
      ])
    }
  })

  it('says which checkpoint lacks parts when nothing else leads to a version', () => {
    const part = `${version(5)}.checkpoint.0000000001.0000000002.parquet`
    expect(() => chosen(listing(part, ...commits(5, 6)), 6)).toThrow(
      'commit 0 is missing from the log, which goes on with 5: version 6 cannot be built; the checkpoint of version 5 lacks parts',
    )
  })

  it('spans the earliest version that can be built to the latest that was written', () => {
    const gap = listing(`${version(5)}.checkpoint.parquet`, ...commits(3, 9))
    expect([earliestVersion(gap), latestVersion(gap)]).toEqual([5n, 9n])
    const whole = listing(...commits(0, 9), `${version(12)}.checkpoint.parquet`)
    expect([earliestVersion(whole), latestVersion(whole)]).toEqual([0n, 12n])
  })
})
