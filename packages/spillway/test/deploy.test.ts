import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const path = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url))
const read = (name: string) => readFileSync(path(name), 'utf8')
const compose = parse(read('deploy/compose.yaml')) as {
  services: Record<string, { image: string; ports: string[]; environment: object }>
}

describe('the image', () => {
  const lines = read('deploy/Dockerfile').split('\n')
  const after = (word: string) =>
    lines.filter(line => line.startsWith(`${word} `)).map(line => line.slice(word.length + 1))

  it('is built on the Node that packages are tried on', () => {
    const [, version] = /22: '([\d.]+)'/.exec(read('scripts/packages/node-versions.mjs'))!
    const bases = after('FROM').map(base => base.split(' ')[0])
    expect(new Set(bases)).toEqual(new Set([`node:${version}-bookworm-slim`]))
  })

  it('runs as a user by number who is not root, and owns nothing of it', () => {
    expect(after('USER')).toEqual(['1000:1000'])
    expect(lines.filter(line => /chown/.test(line))).toEqual([])
  })

  it('runs the check of its health that strangers run', () => {
    expect(lines.join(' ')).toContain('CMD ["node", "/opt/spillway/healthcheck.mjs"]')
    expect(read('deploy/.dockerignore').split('\n').slice(0, 3)).toEqual([
      '*',
      '!tarballs/*.tgz',
      '!healthcheck.mjs',
    ])
  })
})

describe('the compose file', () => {
  it('has the S3 server of the interop suite, at that version', () => {
    const [, version] = /^VERSION=(.*)$/m.exec(read('test/interop/s3/start.sh'))!
    expect(compose.services.s3!.image).toBe(`versity/versitygw:${version}`)
  })

  it('is reached from this machine alone, and holds no key', () => {
    for (const { ports } of Object.values(compose.services)) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
    }
    const given = Object.values(compose.services).flatMap(({ environment }) =>
      Object.entries(environment).filter(([name]) => /KEY/.test(name)),
    )
    expect(given.length).toBe(4)
    for (const [, value] of given) expect(value).toMatch(/^\$\{\w+:\?/)
  })
})

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

describe.skipIf(!hasSystemd)('the systemd unit', () => {
  const unit = path('deploy/spillway.service')

  it('is one that systemd takes, to the last word', () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit])
    expect([status, String(stderr)]).toEqual([0, ''])
  })

  it('exposes less than 2 of 10, as systemd counts', () => {
    const args = ['security', '--offline=true', '--threshold=20', unit]
    expect(spawnSync('systemd-analyze', args).status).toBe(0)
  })
})
