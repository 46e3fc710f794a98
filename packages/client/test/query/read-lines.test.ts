import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readLines } from '../../src/query/read-lines.js'

async function* chunks(parts: readonly Uint8Array[]) {
  yield* parts
}

async function linesOf(parts: readonly Uint8Array[], maxLineBytes?: number): Promise<string[]> {
  const lines: string[] = []
  for await (const line of readLines(chunks(parts), maxLineBytes)) lines.push(line)
  return lines
}

describe('readLines', () => {
  it('gives the same lines however the bytes are cut', async () => {
    const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => !/[\r\n]/.test(text))
    await fc.assert(
      fc.asyncProperty(
        fc.array(line),
        fc.array(fc.nat(300)),
        fc.boolean(),
        async (lines, cuts, ended) => {
          const bytes = Buffer.from(lines.join('\n') + (ended ? '\n' : ''))
          const at = [
            0,
            ...cuts.filter(cut => cut < bytes.length).sort((a, b) => a - b),
            bytes.length,
          ]
          const parts = at.slice(1).map((end, index) => bytes.subarray(at[index], end))
          expect(await linesOf(parts)).toEqual(lines)
        },
      ),
    )
  })

  it('takes CRLF and leaves out empty lines', async () => {
    expect(await linesOf([Buffer.from('a\r\n\r\n\nb')])).toEqual(['a', 'b'])
  })

  it('refuses a line without an end instead of holding it all', async () => {
    const parts = Array.from({ length: 10 }, () => Buffer.alloc(100, 'x'))
    await expect(linesOf(parts, 500)).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
  })

  it('refuses bytes that are not UTF-8', async () => {
    await expect(linesOf([new Uint8Array([0xff, 10])])).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
    })
  })
})
