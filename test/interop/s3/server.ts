import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** A running S3 server as `start.sh` describes it. */
export interface S3Server {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** The folder whose sub-folders are its buckets. */
  readonly buckets: string
  stop(): Promise<void>
}

const here = dirname(fileURLToPath(import.meta.url))
const run = promisify(execFile)

/** Starts a server with buckets of its own. Undefined where it cannot be built, for want of Go. */
export async function startS3Server(): Promise<S3Server | undefined> {
  const state = await mkdtemp(join(tmpdir(), 'spillway-s3-'))
  try {
    const { stdout } = await run(join(here, 'start.sh'), [state], { timeout: 600_000 })
    const stop = async () => {
      await run(join(here, 'stop.sh'), [state])
      await rm(state, { recursive: true })
    }
    return { ...JSON.parse(stdout), stop }
  } catch (error) {
    await rm(state, { recursive: true })
    if (error instanceof Error && 'code' in error && error.code === 3) return undefined
    throw error
  }
}
