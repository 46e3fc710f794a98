import { execFile, execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { nodeListener } from '@spillway/server/node'
import { createSharingServer, parseConfig } from 'spillway'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../../packages/spillway/test/support/terminal.js'
import { blocksIn } from '../documents/blocks.js'
import { allowFolder } from './s3/allow-folder.js'
import { startS3Server } from './s3/server.js'

const here = dirname(fileURLToPath(import.meta.url))
const python = process.env.SPILLWAY_PYTHON ?? 'python3'
const MODULES = 'model_signing, mlflow, safetensors, boto3, OpenSSL, pandas'
const PAGE = 'docs/start/share-a-model.md'
const TOKEN = 'token-of-the-recipient'

function hasModules(): boolean {
  try {
    execFileSync(python, ['-c', `import ${MODULES}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const inPython = async (args: readonly string[], folder: string): Promise<string> => {
  const environment = { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' }
  const ran = await promisify(execFile)(python, args, { cwd: folder, env: environment })
  return ran.stdout
}

/** What people read in the documents, run as it stands there. */
function documented(word: string): string {
  const text = readFileSync(join(here, '../..', PAGE), 'utf8')
  const found = blocksIn(PAGE, text).find(
    block => block.language === 'python' && block.text.includes(word),
  )
  if (found === undefined) throw new Error(`${PAGE} has no Python with ${word}`)
  return found.text
}

/** Digests of the files below a folder, by path, without what a download keeps for itself. */
function digestsIn(folder: string, below = ''): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(join(folder, below), { withFileTypes: true }).flatMap(entry => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (path === '.spillway') return []
      if (entry.isDirectory()) return Object.entries(digestsIn(folder, path))
      const bytes = readFileSync(join(folder, path))
      return [[path, createHash('sha256').update(bytes).digest('hex')]]
    }),
  )
}

interface Sharing {
  close(): Promise<void>
}

/** The model of `versions`, by location, shared over a socket; `partner.share` of `folder` opens it. */
async function share(
  folder: string,
  {
    versions,
    storage = '',
    modes = 'url',
  }: { versions: readonly string[]; storage?: string; modes?: string },
): Promise<Sharing> {
  const http = createServer()
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  const publicUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const listed = versions.map((location, i) => JSON.stringify({ version: i + 1, location }))
  const config = `${storage}
shares:
  - name: lake
    schemas:
      - name: ml
        models: [{ name: churn, accessModes: [${modes}], versions: [${listed.join(', ')}] }]
recipients:
  - { name: partner, shares: [lake], tokens: [{ sha256: ${createHash('sha256').update(TOKEN).digest('hex')} }] }
`
  const sharing = createSharingServer({
    config: parseConfig(config, { folder, path: 'spillway.yaml' }),
    publicUrl,
  })
  http.on('request', nodeListener(sharing))
  const profile = {
    shareCredentialsVersion: 1,
    endpoint: `${publicUrl}/delta-sharing`,
    bearerToken: TOKEN,
  }
  writeFileSync(join(folder, 'partner.share'), JSON.stringify(profile))
  return {
    async close() {
      http.closeAllConnections()
      await new Promise(resolve => http.close(resolve))
      await sharing.close()
    },
  }
}

if (!hasModules())
  it.skip(`models of Python (needs SPILLWAY_PYTHON with ${MODULES})`, () => undefined)
else
  describe('a model of MLflow and safetensors, signed by model_signing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-model-'))
    const models = join(folder, 'models')
    let sharing: Sharing
    beforeAll(async () => {
      mkdirSync(models)
      await inPython([join(here, 'assets/make_model.py'), models], folder)
      for (const name of ['flipped', 'renamed', 'added', 'removed']) {
        cpSync(join(models, 'by-key'), join(models, name), { recursive: true })
      }
      const weights = join(models, 'flipped/model-00001-of-00002.safetensors')
      const bytes = readFileSync(weights)
      bytes[bytes.length - 1]! ^= 1
      writeFileSync(weights, bytes)
      renameSync(join(models, 'renamed/requirements.txt'), join(models, 'renamed/requirement.txt'))
      writeFileSync(join(models, 'added/evil.py'), 'x')
      rmSync(join(models, 'removed/conda.yaml'))
      const versions = ['by-key', 'by-certificate', 'flipped', 'renamed', 'added', 'removed']
      sharing = await share(folder, { versions: versions.map(name => join(models, name)) })
    })
    afterAll(async () => {
      await sharing?.close()
      rmSync(folder, { recursive: true, force: true })
    })
    const spillway = (command: string, version: number, ...args: readonly string[]) =>
      run([command, `partner.share#lake.ml.churn@${version}`, ...args], { folder })

    it.each([
      ['a key', 1, 'by-key', ['--public-key', 'models/key.pub']],
      ['certificates', 2, 'by-certificate', ['--certificate-chain', 'models/root.pem']],
    ])(
      'is downloaded and verified by %s, and read as it was written',
      async (_, version, name, trust) => {
        const ran = await spillway('download', version, '--to', name, ...trust)
        expect(ran).toMatchObject({ status: 0, stderr: '' })
        expect(digestsIn(join(folder, name))).toEqual(digestsIn(join(models, name)))
        expect(await run(['verify', name, ...trust], { folder })).toMatchObject({ status: 0 })
        const [original, downloaded] = await Promise.all(
          [join('models', name), name].map(async at =>
            JSON.parse(await inPython([join(here, 'assets/read_model.py'), at], folder)),
          ),
        )
        expect(downloaded).toEqual(original)
        expect(downloaded).toMatchObject({ predicted: [4.5, 12] })
      },
    )

    it.each([
      ['another key', 1, ['--public-key', 'models/other.pub'], /it is of the key/],
      [
        'another root',
        2,
        ['--certificate-chain', 'models/other-root.pem'],
        /no root that is trusted/,
      ],
    ])('is not fetched by %s', async (_, version, trust, message) => {
      const ran = await spillway('download', version, '--to', `not-${version}`, ...trust)
      expect(ran).toMatchObject({ status: 5, stdout: '' })
      expect(ran.stderr).toMatch(message)
    })

    it.each([
      ['flipped', 3, /^model-00001-of-00002\.safetensors {2}is another file than was signed$/m],
      [
        'renamed',
        4,
        /^requirements\.txt {2}was signed and is missing\nrequirement\.txt {2}is unsigned/m,
      ],
      ['added', 5, /^evil\.py {2}is unsigned: not named$/m],
      ['removed', 6, /^conda\.yaml {2}was signed and is missing$/m],
    ])(
      'that was %s is refused by name, as model_signing refuses it',
      async (name, version, message) => {
        const ran = await spillway(
          'download',
          version,
          '--to',
          name,
          '--public-key',
          'models/key.pub',
        )
        expect(ran.status).toBe(1)
        expect(ran.stdout).toMatch(message)
        await expect(modelSigning(join('models', name))).rejects.toThrow(/mismatch/i)
      },
    )

    const modelSigning = (at: string, ...args: readonly string[]) =>
      inPython(
        [
          ...['-m', 'model_signing', 'verify', 'key', at, '--signature', `${at}/model.sig`],
          ...['--public_key', 'models/key.pub', ...args],
        ],
        folder,
      )

    it('is described as safetensors and MLflow read it', async () => {
      const ran = await spillway('describe', 1, '--json', '--tensors')
      expect(ran).toMatchObject({ status: 0, stderr: '' })
      const told = JSON.parse(ran.stdout)
      const read = JSON.parse(
        await inPython([join(here, 'assets/read_model.py'), 'models/by-key'], folder),
      )
      const tensors = told.weights.flatMap(
        ({
          path,
          tensors,
        }: {
          path: string
          tensors: { name: string; dtype: string; shape: number[] }[]
        }) => tensors.map(({ name, dtype, shape }) => [name, [path, dtype, shape]]),
      )
      expect(Object.fromEntries(tensors)).toEqual(
        Object.fromEntries(
          Object.entries<unknown[]>(read.tensors).map(([name, each]) => [name, each.slice(0, 3)]),
        ),
      )
      expect(told).toMatchObject({
        mlModel: {
          mlflowVersion: expect.stringMatching(/^3\./),
          signature: { inputs: [{ name: 'age' }, { name: 'plan' }], params: [{ name: 'factor' }] },
          unsafe: [{ flavor: 'python_function' }, { flavor: 'python_function' }],
        },
        indexes: [{ shards: 2, tensors: 3, faults: [] }],
        pickles: [{ path: 'python_model.pkl', certain: true }],
        signature: {
          method: 'public-key',
          verified: false,
          unsigned: [],
          missing: [],
          different: [],
        },
        faults: [],
      })
    })

    it('is fetched by requests alone, as the documents have it, and model_signing verifies it', async () => {
      await inPython(['-c', documented('file-urls')], folder)
      expect(digestsIn(join(folder, 'churn-by-url'))).toEqual(digestsIn(join(models, 'by-key')))
      await modelSigning('churn-by-url')
    })

    it('that we downloaded is verified by model_signing, which leaves our own notes out', async () => {
      const ran = await spillway('download', 1, '--to', 'ours')
      expect(ran.status).toBe(0)
      await modelSigning('ours', '--ignore-paths', 'ours/.spillway')
    })
  })

const s3 = hasModules() ? await startS3Server() : undefined
if (s3 === undefined)
  it.skip('a model on a real S3 server: needs Go, and Python as above', () => undefined)
else
  describe('a model in a bucket', () => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-model-'))
    const user = { accessKeyId: 'model-reader', secretAccessKey: randomBytes(20).toString('hex') }
    const { endpoint, region, accessKeyId, secretAccessKey } = s3
    const files: Readonly<Record<string, string>> = { MLmodel: 'flavors: {}', 'a/b c.txt': 'text' }
    let sharing: Sharing
    beforeAll(async () => {
      for (const at of ['models/churn/1', 'models/churn/10']) {
        for (const [path, text] of Object.entries(files)) {
          mkdirSync(dirname(join(s3.buckets, at, path)), { recursive: true })
          writeFileSync(join(s3.buckets, at, path), text)
        }
      }
      await allowFolder(s3, user, 's3://models/churn/1')
      const keys = { accessKeyId, secretAccessKey }
      const store = { endpoint, region, pathStyle: true, credentials: keys }
      sharing = await share(folder, {
        versions: ['s3://models/churn/1'],
        modes: 'url, dir',
        storage: `storage:
  s3: ${JSON.stringify(store)}
  vending:
    - { kind: static, location: s3://models/churn/1, credentials: ${JSON.stringify(user)} }`,
      })
    })
    afterAll(async () => {
      await sharing?.close()
      await s3.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    it.each([
      ['boto3', 'churn-by-keys'],
      ['file-urls', 'churn-by-url'],
    ])('is fetched by %s, as the documents have it', async (word, to) => {
      await inPython(['-c', documented(word)], folder)
      expect(Object.keys(digestsIn(join(folder, to))).sort()).toEqual(Object.keys(files).sort())
      expect(readFileSync(join(folder, to, 'a/b c.txt'), 'utf8')).toBe('text')
    })
  })
