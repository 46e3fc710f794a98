import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PlainServer, plainServer } from '../../../client/test/support/plain-server.js'
import { type TestS3Server, testS3Server } from '../../../storage/test/support/s3-server.js'
import type { Call, TestSession } from '../../../storage/test/support/s3-verify.js'
import { mcpCommand } from '../../src/skills/mcp-command.js'
import { run } from '../support/terminal.js'

const SKILL = '---\nname: pdf\ndescription: Fills forms\n---\nDo it.\n'
const WEIGHTS = safetensors()

/** The server knows the protocol and no more: neither lists of files nor URLs of them. */
describe('of a server that gives credentials alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-direct-'))
  const profile = join(folder, 'me.share')
  const sessions = new Map<string, TestSession>()
  let s3: TestS3Server
  let server: PlainServer

  beforeAll(async () => {
    s3 = await testS3Server({ secrets: {}, sessions, region: 'eu-west-1', pageSize: 2 })
    put('kb/docs/README.md', '# docs')
    put('kb/docs/a/b.txt', 'deep')
    put('kb/churn/3/MLmodel', 'flavors: {onnx: {}}')
    put('kb/churn/3/w.safetensors', WEIGHTS)
    put('kb/pdf/SKILL.md', SKILL)
    put('kb/pdf/scripts/fill.py', 'print(1)')
    const kb = '/shares/lake/schemas/kb'
    const asset = (name: string, at: string, more: object = {}) => ({
      ...{ share: 'lake', schema: 'kb', name, storageLocation: `s3://lake/kb/${at}` },
      ...more,
    })
    const skill = asset('pdf', 'pdf/', { description: 'Fills forms', accessModes: ['dir'] })
    const version = {
      ...{ share: 'lake', schema: 'kb', modelName: 'churn', version: 3, status: 'READY' },
      storageLocation: 's3://lake/kb/churn/3',
    }
    server = await plainServer({
      'GET /shares': () => ({ items: [{ name: 'lake' }] }),
      'GET /shares/lake/all-skills': () => ({ items: [skill] }),
      [`GET ${kb}/volumes/docs`]: () => asset('docs', 'docs'),
      [`POST ${kb}/volumes/docs/temporary-volume-credentials`]: () => session('kb/docs/'),
      [`GET ${kb}/models/churn`]: () => ({ share: 'lake', schema: 'kb', name: 'churn' }),
      [`GET ${kb}/models/churn/versions/3`]: () => version,
      [`POST ${kb}/models/churn/versions/3/temporary-model-version-credentials`]: () =>
        session('kb/churn/3/'),
      [`GET ${kb}/skills/pdf`]: () => skill,
      [`POST ${kb}/skills/pdf/temporary-skill-credentials`]: () => session('kb/pdf/'),
    })
    writeFileSync(profile, JSON.stringify(server.profile))
  })
  afterAll(async () => {
    await server.close()
    await s3.close()
    rmSync(folder, { recursive: true, force: true })
  })

  function put(key: string, content: string | Buffer): void {
    const bytes = Buffer.from(content)
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`
    s3.objects.set(`lake/${key}`, { bytes, etag, modified: new Date(0) })
  }

  /** Keys of one folder, as a session policy has it. */
  function session(prefix: string) {
    const id = `ASIA${sessions.size + 1}`
    const allows = ({ bucket, key, query, method }: Call) =>
      bucket === 'lake' &&
      (method === 'GET' || method === 'HEAD') &&
      (key === '' ? (query.get('prefix') ?? '') : key).startsWith(prefix)
    const made = { secret: randomUUID(), token: randomUUID(), allows }
    sessions.set(id, made)
    const { secret: secretAccessKey, token: sessionToken } = made
    return {
      awsTempCredentials: { accessKeyId: id, secretAccessKey, sessionToken },
      expirationTime: Date.now() + 3_600_000,
    }
  }

  const store = () => ['--endpoint', s3.endpoint, '--region', 'eu-west-1', '--path-style']
  const spillway = (...args: readonly string[]) => run([...args, ...store()], { folder })

  it('ls lists the files', async () => {
    const ran = await spillway('ls', `${profile}#lake.kb.docs`, '--files', '--kind', 'volume')
    expect(ran).toEqual({ status: 0, stderr: '', stdout: '6\tREADME.md\n4\ta/b.txt\n' })
  })

  it('describe tells what they are, weights too', async () => {
    const docs = await spillway('describe', `${profile}#lake.kb.docs`, '--kind', 'volume', '--json')
    expect(docs).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(docs.stdout)).toMatchObject({ kind: 'volume', files: 2, bytes: 10 })
    const churn = await spillway('describe', `${profile}#lake.kb.churn@3`, '--json')
    expect(churn).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(churn.stdout)).toMatchObject({
      name: 'lake.kb.churn@3',
      mlModel: { flavors: { onnx: {} } },
      weights: [{ path: 'w.safetensors', tensorCount: 1 }],
      faults: [],
    })
    const pdf = await spillway('describe', `${profile}#lake.kb.pdf`, '--kind', 'skill', '--json')
    expect(JSON.parse(pdf.stdout)).toMatchObject({ skill: { frontMatter: { name: 'pdf' } } })
  })

  it('describe says what it needs to know of the store', async () => {
    const ran = await run(['describe', `${profile}#lake.kb.docs`, '--kind', 'volume'], { folder })
    expect(ran).toMatchObject({
      status: 3,
      stdout: '',
      stderr: expect.stringContaining('--region'),
    })
  })

  it('skills are listed and installed', async () => {
    const listed = await spillway('skills', 'list', profile, '--json')
    expect(JSON.parse(listed.stdout)).toMatchObject({ skills: [{ name: 'pdf', files: 2 }] })
    const installed = await spillway('skills', 'install', `${profile}#lake.kb.pdf`)
    expect(installed).toMatchObject({ status: 0, stderr: '' })
    const at = join(folder, '.agents/skills/pdf')
    expect(readFileSync(join(at, 'SKILL.md'), 'utf8')).toBe(SKILL)
    expect(existsSync(join(at, 'scripts/fill.py'))).toBe(true)
    put('kb/pdf/SKILL.md', `${SKILL}Twice.\n`)
    const updated = await spillway('skills', 'update', '--profile', profile, '--json')
    expect(JSON.parse(updated.stdout)).toMatchObject({ changed: true, failed: [] })
    expect(readFileSync(join(at, 'SKILL.md'), 'utf8')).toBe(`${SKILL}Twice.\n`)
  })

  it('mcp serves the skills', async () => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
    const ending = new AbortController()
    const { signal } = ending
    const terminal = { stdin, stdout, stderr, folder, environment: {}, signal }
    const reach = { endpoint: s3.endpoint, region: 'eu-west-1', pathStyle: true }
    const served = mcpCommand(profile, reach, terminal)
    const ask = (id: number, method: string, params: object) =>
      stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    const answers = lines(stdout)
    const clientInfo = { name: 'test', version: '1' }
    ask(1, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo })
    await answers.next()
    stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`)
    ask(2, 'resources/read', { uri: 'skill://lake/kb/pdf/scripts/fill.py' })
    expect(JSON.parse((await answers.next()).value!)).toMatchObject({
      result: { contents: [{ text: 'print(1)' }] },
    })
    stdin.end()
    ending.abort()
    await served.catch(() => undefined)
  })
})

async function* lines(stream: PassThrough): AsyncGenerator<string> {
  let text = ''
  for await (const chunk of stream) {
    text += String(chunk)
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield text.slice(0, end)
      text = text.slice(end + 1)
    }
  }
}

/** One tensor of a megabyte behind its header. */
function safetensors(): Buffer {
  const size = 1024 * 1024
  const tensor = { dtype: 'F32', shape: [size / 4], data_offsets: [0, size] }
  const header = Buffer.from(JSON.stringify({ w: tensor }))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([length, header, Buffer.alloc(size)])
}
