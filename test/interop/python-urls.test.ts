import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { nodeListener } from '@spillway/server/node'
import { type LocalGateway, localGateway, localStore } from '@spillway/storage'
import { AWKWARD_NAMES } from '@spillway/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** With requests, fsspec and aiohttp, as delta-sharing installs them. */
const python = process.env.SPILLWAY_PYTHON ?? 'python3'
const script = join(dirname(fileURLToPath(import.meta.url)), 's3', 'read_url.py')

function hasClients(): boolean {
  try {
    execFileSync(python, ['-c', 'import requests, fsspec, aiohttp'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const CONTENT = Buffer.from(`PAR1${'rows '.repeat(20_000)}PAR1`)

describe.skipIf(!hasClients())('URLs of local files (needs SPILLWAY_PYTHON with fsspec)', () => {
  let folder: string
  let gateway: LocalGateway
  const server = createServer(nodeListener({ fetch: request => gateway.handle(request) }))

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spillway-python-'))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const baseUrl = `http://127.0.0.1:${port}/files`
    gateway = localGateway({ roots: [folder], secret: 'a secret of the tests', baseUrl })
  })
  afterAll(async () => {
    server.close()
    server.closeAllConnections()
    await rm(folder, { recursive: true })
  })

  it.each(AWKWARD_NAMES)('are read by requests and fsspec: %s', async name => {
    const path = join(folder, name)
    await localStore().put(path, CONTENT)
    const { urls } = await gateway.signer.sign([path], { expiresInSeconds: 600, now: Date.now() })
    const { stdout } = await promisify(execFile)(python, [script, urls[0] ?? '', name])
    const digest = createHash('sha256').update(CONTENT).digest('hex')
    expect(JSON.parse(stdout)).toEqual({
      name,
      head: 200,
      headLength: String(CONTENT.length),
      whole: digest,
      part: [206, 'PAR1'],
      fsspecEnd: 'PAR1',
      fsspecWhole: digest,
      fsspecSize: CONTENT.length,
    })
  })
})
