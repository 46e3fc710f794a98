import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { putFiles, type ServedFolder, serveFolders } from '../support/served-folder.js'
import { run } from '../support/terminal.js'

const fixtures = fileURLToPath(
  new URL('../../../../test/fixtures/assets/signatures/', import.meta.url),
)
const key = join(fixtures, 'keys/p256.pub')

describe('signatures on the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-trust-'))
  let served: ServedFolder
  beforeAll(async () => {
    const { '.gitattributes': _, ...files } = JSON.parse(
      readFileSync(join(fixtures, 'files.json'), 'utf8'),
    )
    const sig = readFileSync(join(fixtures, 'signatures/p256.sig'))
    for (const [path, text] of Object.entries<string>({ ...files, 'model.sig': sig })) {
      putFiles(folder, { [`churn/${path}`]: text, [`docs/${path}`]: text })
    }
    putFiles(folder, { 'docs/\u202eevil.py': 'x' })
    served = await serveFolders(folder)
  })
  afterAll(async () => {
    await served.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const download = (name: string, to: string, ...args: readonly string[]) =>
    run(['download', `${served.profile}#lake.kb.${name}`, '--to', to, ...args], { folder })

  it('download and verify say who signed', async () => {
    const ran = await download('churn', 'signed', '--public-key', key)
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(ran.stdout).toMatch(/\nsigned by the key [0-9a-f]{64}: 7 files verified\n$/)
    const read = await run(['verify', 'signed', '--public-key', key, '--json'], { folder })
    expect(read.status).toBe(0)
    expect(JSON.parse(read.stdout)).toMatchObject({
      ok: true,
      signature: { ok: true, verified: 7, signer: { kind: 'public-key' }, unsigned: [] },
    })
    writeFileSync(join(folder, 'signed/config.json'), '{ }')
    const changed = await run(['verify', 'signed', '--public-key', key], { folder })
    expect(changed.status).toBe(1)
    expect(changed.stdout).toMatch(
      /\nconfig\.json {2}is another file than was signed\nnot as signed by/,
    )
  })

  it('without a key say that nothing was verified', async () => {
    const ran = await download('churn', 'plain')
    expect(ran.status).toBe(0)
    expect(ran.stdout).toContain('model.sig  is a signature that was not verified: --public-key')
    const read = await run(['verify', 'plain'], { folder })
    expect(read.stdout).toContain('model.sig  is a signature that was not verified')
  })

  it('refuse what is unsigned by name, unless it is allowed', async () => {
    const ran = await download('docs', 'unsigned', '--public-key', key)
    expect(ran.status).toBe(1)
    expect(ran.stdout).toMatch(/^\ufffdevil\.py {2}is unsigned: not named$/m)
    expect(ran.stdout).toMatch(/: --allow-unsigned puts up with files that are not signed$/m)
    const allowed = await download('docs', 'unsigned', '--public-key', key, '--allow-unsigned')
    expect(allowed).toMatchObject({ status: 0 })
    expect(allowed.stdout).toMatch(/: 7 files verified, 1 unsigned\n$/)
  })

  it('by another key end before anything is fetched', async () => {
    const other = join(fixtures, 'keys/other.pub')
    const ran = await download('churn', 'other', '--public-key', other)
    expect(ran).toMatchObject({ status: 5, stdout: '' })
    expect(ran.stderr).toContain('it is of the key')
    expect(readdirSync(folder)).not.toContain('other')
  })

  it.each([
    ['two kinds of trust', ['--public-key', key, '--certificate-chain', key], /not both/],
    ['--allow-unsigned alone', ['--allow-unsigned'], /beside --allow-unsigned/],
    ['a key that is not there', ['--public-key', 'no.pem'], /a file of PEM at no\.pem: ENOENT/],
    ['a key that is none', ['--public-key', join(fixtures, 'files.json')], /public key in PEM/],
  ])('with %s are a wrong command line', async (_, args, message) => {
    const ran = await download('churn', 'wrong', ...args)
    expect(ran).toMatchObject({ status: 2, stdout: '' })
    expect(ran.stderr).toMatch(message)
  })
})
