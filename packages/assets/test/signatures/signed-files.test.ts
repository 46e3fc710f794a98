import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { compareSigned, readModelSignature, type VerifiedSignature } from '../../src/index.js'
import { verifyByKey } from '../../src/node.js'
import { modelManifest, publicKey, signatureBytes } from '../support/signed-model.js'

const verified = async (name: string): Promise<VerifiedSignature> =>
  verifyByKey(await readModelSignature(signatureBytes(name)), publicKey('p256.pub'))

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const w = 'w'.repeat(1000)

describe('the files of a signed model', () => {
  it('are told apart: same, different, missing, unsigned', async () => {
    const signature = await verified('p256')
    expect(await compareSigned(signature, await modelManifest('flipped', 'p256'))).toEqual({
      isWhole: false,
      same: ['README.md', 'config.json', 'empty', 'sub.txt', 'sub/tokenizer.txt', 'é.txt'],
      different: [{ path: 'weights.bin', signed: sha256(w), found: sha256(`v${w.slice(1)}`) }],
      missing: [],
      unsigned: [
        { path: '.gitattributes', reason: 'ignored' },
        { path: 'model.sig', reason: 'signature' },
      ],
    })
    const renamed = await compareSigned(signature, await modelManifest('renamed', 'p256'))
    expect(renamed.missing).toEqual(['config.json'])
    expect(renamed.unsigned).toContainEqual({ path: 'config2.json', reason: 'not-listed' })
  })

  it('that the signer left out are unsigned, whatever is in them, and never verified', async () => {
    const signature = await verified('ignoring')
    for (const change of [null, 'ignored-changed']) {
      const files = await compareSigned(signature, await modelManifest(change, 'ignoring'))
      expect(files.isWhole).toBe(true)
      expect(files.same).toEqual(['config.json', 'empty', 'sub.txt', 'weights.bin', 'é.txt'])
      expect(files.unsigned).toContainEqual({ path: 'README.md', reason: 'ignored' })
      expect(files.unsigned).toContainEqual({ path: 'sub/tokenizer.txt', reason: 'ignored' })
    }
  })

  it('are all unsigned where the signer left out all', async () => {
    const { statement, signer } = await verified('p256')
    const nothing = { signer, statement: { ...statement, files: [], ignorePaths: ['.', '/'] } }
    const files = await compareSigned(nothing, await modelManifest(null, 'p256'))
    expect([files.isWhole, files.same]).toEqual([false, []])
  })

  it('are not the signature’s where another file is called so', async () => {
    const signature = await verified('p256')
    const manifest = await modelManifest(null, 'p256')
    const { statement } = signature
    const strict = { ...signature, statement: { ...statement, ignorePaths: [] } }
    const files = await compareSigned(strict, manifest, { signaturePath: 'other.sig' })
    expect(files.unsigned).toContainEqual({ path: 'model.sig', reason: 'not-listed' })
  })

  it('are refused where links were followed, unless that is allowed', async () => {
    const signature = await verified('symlinks')
    const manifest = await modelManifest(null, 'symlinks')
    await expect(compareSigned(signature, manifest)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
    const files = await compareSigned(signature, manifest, { allowSymlinks: true })
    expect(files.isWhole).toBe(true)
  })
})
