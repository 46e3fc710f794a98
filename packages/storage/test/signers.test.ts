import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SignerSubject, signerSuite } from '@spillway/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type LocalGateway, localGateway } from '../src/gateway/gateway.js'
import { localStore } from '../src/local/local.js'
import type { S3Options } from '../src/s3/options.js'
import { s3Signer } from '../src/s3/signer.js'
import { s3Store } from '../src/s3/store.js'
import { gatewayServer, type HttpServer } from './support/gateway-server.js'
import { type TestS3Server, testS3Server } from './support/s3-server.js'

let folder: string
let server: TestS3Server
let tokenServer: TestS3Server
let http: HttpServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-signers-'))
  server = await testS3Server({ secrets: { key: 'secret', other: 'other secret' } })
  tokenServer = await testS3Server({ secrets: { key: 'secret' }, sessionToken: 'to/k+en==' })
  http = await gatewayServer(request => gateway(http.baseUrl).handle(request))
})

afterAll(async () => {
  await Promise.all([server.close(), tokenServer.close(), http.close()])
  await rm(folder, { recursive: true })
})

const SECRET = 'a secret of the tests'

function gateway(baseUrl: string, secret = SECRET): LocalGateway {
  return localGateway({ roots: [folder], secret, baseUrl })
}

function gatewaySubject(baseUrl: string, fetch: SignerSubject['fetch']): SignerSubject {
  return {
    signer: gateway(baseUrl).signer,
    foreign: gateway(baseUrl, 'another secret of the tests').signer,
    store: localStore(),
    base: `file://${folder}/`,
    fetch,
    answersHead: true,
  }
}

function s3Subject(target: TestS3Server, sessionToken?: string): SignerSubject {
  const options = (secretAccessKey: string): S3Options => ({
    endpoint: target.endpoint,
    region: 'us-east-1',
    pathStyle: true,
    credentials: {
      accessKeyId: 'key',
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
  })
  return {
    signer: s3Signer(options('secret')),
    foreign: s3Signer(options('not the secret')),
    store: s3Store(options('secret')),
    base: 's3://bucket/base/',
    fetch: request => fetch(request),
    answersHead: false,
  }
}

const subjects: readonly (readonly [name: string, () => SignerSubject])[] = [
  [
    'the local gateway, called',
    () => {
      const baseUrl = 'https://share.example/prefix/files'
      return gatewaySubject(baseUrl, request => gateway(baseUrl).handle(request))
    },
  ],
  ['the local gateway, over HTTP', () => gatewaySubject(http.baseUrl, r => fetch(r))],
  ['S3', () => s3Subject(server)],
  ['S3 with a session token', () => s3Subject(tokenServer, 'to/k+en==')],
]

describe.each(subjects)('%s', (_, create) => {
  it.each(signerSuite)('$name', ({ run }) => run(create()))
})
