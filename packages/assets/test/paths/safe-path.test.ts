import { posix, win32 } from 'node:path'
import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_PATH_BYTES, pathFault, requireSafePath } from '../../src/index.js'

const REFUSED: readonly (readonly [string, string])[] = [
  ['', 'empty'],
  ['a//b', 'empty'],
  ['a/', 'empty'],
  ['/etc/passwd', 'absolute'],
  ['//server/share/x', 'absolute'],
  ['.', 'dot-segment'],
  ['..', 'dot-segment'],
  ['a/../../b', 'dot-segment'],
  ['./a', 'dot-segment'],
  ['a/./b', 'dot-segment'],
  ['..\\..\\x', 'backslash'],
  ['\\\\server\\share\\x', 'backslash'],
  ['\\\\?\\C:\\x', 'backslash'],
  ['C:\\x', 'backslash'],
  ['C:/x', 'drive'],
  ['c:x', 'drive'],
  ['a/file:stream', 'colon'],
  ['a/C:/x', 'colon'],
  ['a\0b', 'control'],
  ['a\nb', 'control'],
  ['a\x7fb', 'control'],
  ['a\x85b', 'control'],
  ['%2e%2e/x', 'dot-segment'],
  ['a/.%2E/b', 'dot-segment'],
  ['%252e%252e/x', 'dot-segment'],
  ['..%2fx', 'dot-segment'],
  ['..%252fx', 'dot-segment'],
  ['%2fetc', 'absolute'],
  ['a%5c..%5cb', 'backslash'],
  ['C%3a/x', 'drive'],
  ['a%00', 'control'],
  ['a%2f%2fb', 'empty'],
  ['%c0%ae%c0%ae/x', 'encoded'],
  ['a/%ff', 'encoded'],
  [`${'%25'.repeat(1)}${'25'.repeat(10)}2e`, 'encoded'],
  ['con', 'device'],
  ['a/NUL.txt', 'device'],
  ['aux.tar.gz', 'device'],
  ['Com1', 'device'],
  ['lpt0', 'device'],
  ['COM¹', 'device'],
  ['LPT³.log', 'device'],
  ['con .txt', 'device'],
  ['CONIN$', 'device'],
  ['co%6e', 'device'],
  ['a./b', 'trailing'],
  ['a ', 'trailing'],
  ['a/... ', 'trailing'],
  ['...', 'trailing'],
  ['..\u200c/x', 'dot-segment'],
  ['.%2e%e2%80%8c/x', 'dot-segment'],
  ['nul\ufeff', 'device'],
  ['a\ud800b', 'unpaired-surrogate'],
  ['\udc00', 'unpaired-surrogate'],
]

const PASSED = [
  'a',
  'SKILL.md',
  '.gitattributes',
  '..a/b..c',
  'a b/c d',
  'model-00001-of-00002.safetensors',
  'day=2026-01-01/x.parquet',
  'fünf/日本語/🙂.txt',
  '👨\u200d👩\u200d👧.png',
  'console.log',
  'nullable.txt',
  'com10',
  'comma',
  'a%20b',
  '100%',
  '100%25',
  '50%zz',
  'a#b?c*d',
  '～',
]

describe('a path of a file', () => {
  it.each(REFUSED)('is refused: %j', (path, kind) => {
    expect(pathFault(path)?.kind).toBe(kind)
  })

  it.each(PASSED)('is let pass as it is: %j', path => {
    expect(requireSafePath(path)).toBe(path)
  })

  it('is as long as disks allow, in bytes of UTF-8', () => {
    for (const path of ['a'.repeat(255), `${'é'.repeat(127)}a`, `${'a/'.repeat(2047)}bb`]) {
      expect(requireSafePath(path)).toBe(path)
    }
    for (const path of ['a'.repeat(256), 'é'.repeat(128), `${'a/'.repeat(2048)}b`]) {
      expect(pathFault(path)?.kind).toBe('too-long')
    }
  })

  it('is named with its fault, with what does not print escaped', () => {
    const refused = () =>
      requireSafePath('a/\u202eb/..', { code: 'INVALID_REQUEST', where: 'in x.json' })
    expect(refused).toThrow(
      expect.objectContaining({
        code: 'INVALID_REQUEST',
        message:
          'expected a file name that is safe on every system in x.json, found "a/\\u{202e}b/..", ' +
          'which has a segment ".."; the provider has to rename it',
        context: { path: '"a/\\u{202e}b/.."', fault: 'dot-segment' },
      }),
    )
  })

  it('is cut where it is told, however long it is', () => {
    expect(() => requireSafePath('x'.repeat(1e6))).toThrow(/^.{1,420}$/)
  })

  it('is looked at in linear time', () => {
    for (const path of ['%25'.repeat(1e6), '. '.repeat(2048), '%'.repeat(MAX_PATH_BYTES)]) {
      pathFault(path)
    }
    // An escape of an escape of an escape: each decoding leaves one more.
    expect(pathFault(`%${'25'.repeat(120)}`)?.kind).toBe('encoded')
  }, 5_000)
})

const HOSTILE = fc.constantFrom(
  '..',
  '.',
  '/',
  '\\',
  ':',
  '%2e',
  '%252f',
  '%5c',
  ' ',
  'C',
  'con',
  'nul',
  '~',
  '\0',
  'a',
  'b',
  'é',
  '\u200c',
  '?',
  '%',
  '25',
)

describe('what passes', () => {
  const names = fc.oneof(
    fc.array(HOSTILE, { maxLength: 8 }).map(parts => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 30 }),
  )

  it('stays below any folder, on POSIX and on Windows, decoded as often as anybody likes', () => {
    let passed = 0
    fc.assert(
      fc.property(names, path => {
        if (pathFault(path) !== undefined) return
        passed++
        for (const decoded of decodings(path)) {
          expect(posix.resolve('/data/x', decoded)).toBe(`/data/x/${decoded}`)
          expect(posix.normalize(decoded)).toBe(decoded)
          expect(win32.resolve('D:\\data\\x', decoded)).toBe(
            `D:\\data\\x\\${decoded.replaceAll('/', '\\')}`,
          )
          expect(win32.isAbsolute(decoded) || posix.isAbsolute(decoded)).toBe(false)
        }
      }),
      { numRuns: quickOr(4000, 20_000) },
    )
    expect(passed).toBeGreaterThan(500)
  })
})

function* decodings(path: string): Generator<string> {
  let text = path
  for (let i = 0; i < 12; i++) {
    yield text
    try {
      const next = text.replace(/(?:%[0-9a-fA-F]{2})+/g, decodeURIComponent)
      if (next === text) return
      text = next
    } catch {
      return
    }
  }
}
