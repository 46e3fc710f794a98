import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { streamToFile, writeWholeFile } from '../../src/results/output-file.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-output-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string) => join(folder, name)

describe('a file that is whole or not there', () => {
  it('appears under its name when the work is done, and not before', async () => {
    await writeWholeFile(at('a.csv'), { force: false }, async unfinished => {
      await writeFile(unfinished, 'half')
      expect(readdirSync(folder)).not.toContain('a.csv')
      await writeFile(unfinished, 'whole')
    })
    expect(readdirSync(folder)).toEqual(['a.csv'])
    expect(readFileSync(at('a.csv'), 'utf8')).toBe('whole')
  })

  it('leaves nothing behind work that fails, and keeps what was there', async () => {
    writeFileSync(at('a.csv'), 'before')
    const work = async (unfinished: string) => {
      await writeFile(unfinished, 'half')
      throw new Error('no more')
    }
    await expect(writeWholeFile(at('a.csv'), { force: true }, work)).rejects.toThrow('no more')
    expect(readdirSync(folder)).toEqual(['a.csv'])
    expect(readFileSync(at('a.csv'), 'utf8')).toBe('before')
  })

  it('replaces what is there only when told to', async () => {
    writeFileSync(at('a.csv'), 'before')
    const write = (force: boolean) => streamToFile(at('a.csv'), { force }, sink => sink('after'))
    await expect(write(false)).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(readFileSync(at('a.csv'), 'utf8')).toBe('before')
    await write(true)
    expect(readFileSync(at('a.csv'), 'utf8')).toBe('after')
  })

  it('does not replace what came while it worked', async () => {
    await expect(
      streamToFile(at('a.csv'), { force: false }, async sink => {
        await sink('mine')
        writeFileSync(at('a.csv'), 'theirs')
      }),
    ).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(readFileSync(at('a.csv'), 'utf8')).toBe('theirs')
    expect(readdirSync(folder)).toEqual(['a.csv'])
  })

  it('says which folder is missing', async () => {
    const write = streamToFile(at('none/a.csv'), { force: false }, sink => sink('x'))
    await expect(write).rejects.toThrow(/none\/a\.csv cannot be written: its folder does not exist/)
  })

  it('streams more than a buffer, in order', async () => {
    const parts = Array.from({ length: 200 }, (_, i) => `${i} ${'x'.repeat(5000)}\n`)
    await streamToFile(at('big.csv'), { force: false }, async sink => {
      for (const part of parts) await sink(part)
    })
    expect(readFileSync(at('big.csv'), 'utf8')).toBe(parts.join(''))
  })
})
