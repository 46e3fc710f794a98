import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { filesArchive } from '../../src/archive/files-archive.js'

const FILES: Readonly<Record<string, string>> = {
  'SKILL.md': '---\nname: pdf\n---\n',
  empty: '',
  [`${'d'.repeat(90)}/${'e'.repeat(90)}/f.txt`]: 'in two fields',
  [`${'g'.repeat(200)}.txt`]: 'too long for a header',
  'é ü/😀.md': 'no ASCII',
  'large.bin': 'x'.repeat(200_000),
}

async function archive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const listed = Object.entries(files).map(([path, text]) => {
    const bytes = new TextEncoder().encode(text)
    return { path, size: bytes.length, read: async () => bytes }
  })
  const parts: Uint8Array[] = []
  for await (const part of filesArchive(listed)) parts.push(part)
  return Buffer.concat(parts)
}

describe('an archive', () => {
  it('is unpacked by tar to the very files, which are nobody’s and of no time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-archive-'))
    try {
      writeFileSync(join(folder, 'a.tar.gz'), await archive(FILES))
      const out = join(folder, 'out')
      execFileSync('mkdir', [out])
      execFileSync('tar', ['-xzf', join(folder, 'a.tar.gz'), '-C', out])
      const found = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter(path =>
        statSync(join(out, path)).isFile(),
      )
      expect(
        Object.fromEntries(found.map(path => [path, readFileSync(join(out, path), 'utf8')])),
      ).toEqual(FILES)
      expect(statSync(join(out, 'SKILL.md')).mtimeMs).toBe(0)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('has the same bytes whoever makes it, and a valid checksum', async () => {
    const bytes = await archive(FILES)
    expect(gunzipSync(bytes).length % 512).toBe(0)
    // Fixed: clients tell by it that a skill has not changed.
    const small = await archive({ 'SKILL.md': 'a', 'b.txt': 'b' })
    expect(createHash('sha256').update(small).digest('hex')).toBe(
      'e8a932c50acb913b385d0f1ea7f81628fe4e106b9988c869d4c8b8d8ba7d084d',
    )
  })
})
