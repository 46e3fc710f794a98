import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createManifest, type Manifest } from '../../src/index.js'

/** Of a model that model-signing signed in every way: test/fixtures/assets/signatures/make.py. */
const fixtures = fileURLToPath(
  new URL('../../../../test/fixtures/assets/signatures/', import.meta.url),
)

export interface Verdict {
  readonly signature: string
  readonly with: string
  readonly change: string | null
  readonly error: string | null
}

export const verdicts: readonly Verdict[] = JSON.parse(text('verdicts.json'))

const files: Readonly<Record<string, string>> = JSON.parse(text('files.json'))

export function signatureBytes(name: string): Buffer {
  return readFileSync(`${fixtures}signatures/${name}.sig`)
}

export function publicKey(name: string): string {
  return text(`keys/${name}`)
}

export function certificate(name: string): string {
  return text(`certificates/${name}`)
}

/** The files of the model beside its signature, after one of the changes that make.py makes. */
export function modelManifest(change: string | null, signature: string): Promise<Manifest> {
  const found = new Map(Object.entries(files).map(([path, content]) => [path, content]))
  found.set('model.sig', signatureBytes(signature).toString('latin1'))
  if (change === 'removed') found.delete('sub/tokenizer.txt')
  if (change === 'renamed') {
    found.set('config2.json', found.get('config.json')!)
    found.delete('config.json')
  }
  if (change === 'flipped') found.set('weights.bin', `v${found.get('weights.bin')!.slice(1)}`)
  if (change === 'ignored-changed') found.set('README.md', 'changed')
  if (change === 'added') found.set('added.bin', 'x')
  if (change === 'added-ignored') found.set('.git/hook', 'x')
  return createManifest(
    [...found].map(([path, content]) => {
      const sha256 = createHash('sha256').update(content).digest('hex')
      return { path, size: Buffer.byteLength(content), sha256 }
    }),
  )
}

function text(path: string): string {
  return readFileSync(`${fixtures}${path}`, 'utf8')
}
