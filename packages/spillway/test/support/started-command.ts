import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { profileText } from '@spillway/protocol'
import { expect } from 'vitest'

interface StartOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly flags?: readonly string[]
  readonly folder?: string
}

/** `main` in a process of its own, with all that it says once it has ended. */
export function startCommand(
  main: string,
  args: readonly string[],
  { env = process.env, flags = [], folder = process.cwd() }: StartOptions = {},
) {
  const options = { cwd: folder, stdio: 'pipe', env } as const
  const child = spawn(process.execPath, [...flags, main, ...args], options)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += String(chunk)
  })
  child.stderr.on('data', chunk => {
    stderr += String(chunk)
  })
  const ended = new Promise<{ status: number | null; stdout: string; stderr: string }>(resolve =>
    child.on('close', status => resolve({ status, stdout, stderr })),
  )
  return { child, ended }
}

/** A share of nothing, which is enough for a command to load what it needs. */
export async function withEmptyShare<Result>(
  work: (profile: string) => Promise<Result>,
): Promise<Result> {
  const server = createServer(({ url }, response) =>
    response.end(url === '/shares' ? '{"items":[{"name":"lake"}]}' : '{"items":[]}'),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const folder = mkdtempSync(join(tmpdir(), 'spillway-loaded-'))
  const profile = join(folder, 'me.share')
  const { port } = server.address() as AddressInfo
  const text = { endpoint: `http://127.0.0.1:${port}`, bearerToken: 'token' }
  writeFileSync(profile, profileText(text))
  try {
    return await work(profile)
  } finally {
    rmSync(folder, { recursive: true })
    await new Promise(resolve => server.close(resolve))
  }
}

/** The files that a command line loads, and the packages that they are of. */
export async function loadedBy(main: string, args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-loaded-'))
  try {
    const { ended } = startCommand(main, args, {
      env: { ...process.env, NODE_V8_COVERAGE: folder },
    })
    expect(await ended).toMatchObject({ status: 0 })
    const files = readdirSync(folder)
      .flatMap(name => JSON.parse(readFileSync(join(folder, name), 'utf8')).result)
      .flatMap(({ url }: { url: string }) => (url.startsWith('file:') ? [fileURLToPath(url)] : []))
    return { files, packages: [...new Set(files.map(packageOf))].sort() }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The one whose manifest lies nearest. */
function packageOf(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const path = join(folder, 'package.json')
    if (!existsSync(path)) continue
    const { name } = JSON.parse(readFileSync(path, 'utf8'))
    if (name !== undefined) return name
  }
}
