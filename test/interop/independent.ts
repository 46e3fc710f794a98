import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** With pyarrow, which reads checkpoints: the environment that setup.sh makes. */
const python = process.env.SPILLWAY_PYTHON ?? 'python3'
const script = fileURLToPath(new URL('independent_server.py', import.meta.url))

export function canRunIndependentServer(): boolean {
  try {
    execFileSync(python, ['-c', 'import pyarrow'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export interface IndependentServer {
  /** The path of a recipient's profile. */
  readonly profile: string
  readonly endpoint: string
  readonly token: string
  stop(): Promise<void>
}

/** The server of `independent_server.py` over a folder of Delta tables, shared as `golden.delta.NAME`. */
export async function startIndependentServer(
  tables: string,
  { urlSeconds = 3600 }: { readonly urlSeconds?: number } = {},
): Promise<IndependentServer> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-independent-'))
  const profile = join(folder, 'independent.share')
  const options = ['--tables', tables, '--profile', profile, '--url-seconds', String(urlSeconds)]
  const server = spawn(python, [script, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  const stop = async () => {
    server.kill()
    await rm(folder, { recursive: true })
  }
  for await (const line of createInterface(server.stdout)) {
    if (!line.includes(' tables at ')) continue
    const { endpoint, bearerToken } = JSON.parse(await readFile(profile, 'utf8'))
    return { profile, endpoint, token: bearerToken, stop }
  }
  await stop()
  throw new Error(`${script} ended before it answered`)
}
