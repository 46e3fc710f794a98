import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSharingClient, parseAssetName } from '@spillway/client'
import { loadProfile } from '@spillway/client/node'
import { type HubFile, hubEndpoint, REPOSITORY } from './hub-endpoint.js'

/** Fetches the files of `lake.kb.model` into an empty folder, and hashes them where it does not do that by itself. */
export interface Downloader {
  readonly name: string
  /** Seconds. */
  run(to: string): Promise<{ readonly fetch: number; readonly hash: number }>
}

const BIN = fileURLToPath(new URL('../../.venv/peers/bin', import.meta.url))
const HUB = fileURLToPath(new URL('../peers/hub_snapshot.py', import.meta.url))

/** Those that are installed here: curl, aria2c and huggingface_hub, each followed by sha256sum on every core. */
export function peersOf(profile: string): readonly Downloader[] {
  const aria2c = process.env.ARIA2C ?? join(BIN, 'aria2c')
  const python = process.env.PYTHON ?? join(BIN, 'python')
  return [
    ...(starts('curl') ? [curl(profile)] : []),
    ...(starts(aria2c) ? [aria2(profile, aria2c)] : []),
    ...(starts(python, ['-c', 'import huggingface_hub']) ? [hub(profile, python)] : []),
  ]
}

function starts(command: string, args: readonly string[] = ['--version']): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

function curl(profile: string): Downloader {
  return {
    name: 'curl + sha256sum',
    async run(to) {
      const files = await signedFiles(profile)
      const lines = files.map(({ url, path }) => `url = "${url}"\noutput = "${join(to, path)}"`)
      const options = ['-sS', '--fail', '-Z', '--parallel-max', '8', '-K', '-']
      return fetchedAndHashed(to, () => ran('curl', options, { input: lines.join('\n') }))
    },
  }
}

/** Sixteen connections, up to four to a file: about what ours opens. */
function aria2(profile: string, command: string): Downloader {
  return {
    name: 'aria2c + sha256sum',
    async run(to) {
      const files = await signedFiles(profile)
      const lines = files.map(({ url, path }) => `${url}\n  out=${path}`)
      const options = [
        ...['--input-file=-', `--dir=${to}`, '--quiet=true', '--file-allocation=none'],
        ...['--max-concurrent-downloads=4', '--split=4', '--max-connection-per-server=16'],
      ]
      return fetchedAndHashed(to, () => ran(command, options, { input: lines.join('\n') }))
    },
  }
}

function hub(profile: string, python: string): Downloader {
  return {
    name: 'huggingface_hub + sha256sum',
    async run(to) {
      const endpoint = await hubEndpoint(await signedFiles(profile))
      const env = {
        ...process.env,
        ...{ HF_ENDPOINT: endpoint.url, HF_HUB_DISABLE_XET: '1', HF_HUB_DISABLE_TELEMETRY: '1' },
        ...{ HF_HUB_DISABLE_PROGRESS_BARS: '1', HF_HOME: `${to}.home` },
      }
      try {
        return await fetchedAndHashed(to, () => ran(python, [HUB, REPOSITORY, to], { env }))
      } finally {
        endpoint.close()
        rmSync(`${to}.home`, { recursive: true, force: true })
      }
    },
  }
}

async function signedFiles(profile: string): Promise<readonly HubFile[]> {
  const client = createSharingClient(await loadProfile(profile))
  const { folder } = await client.asset(parseAssetName('lake.kb.model'))
  const paths: string[] = []
  for await (const { files } of client.files(folder)) paths.push(...files.map(({ path }) => path))
  const signed = await client.fileUrls(folder, paths)
  return signed.map(({ path, size, url }, i) => ({ path, size, url, sha256: digestOf(i) }))
}

/** The hub's client takes a digest for a name, and holds no bytes to it. */
function digestOf(i: number): string {
  return i.toString(16).padStart(64, '0')
}

async function fetchedAndHashed(to: string, fetch: () => Promise<void>) {
  mkdirSync(to, { recursive: true })
  const start = performance.now()
  await fetch()
  const middle = performance.now()
  await ran('sh', ['-c', `find ${to} -name '*.safetensors' | xargs -P 2 -n 1 sha256sum`], {})
  return { fetch: (middle - start) / 1000, hash: (performance.now() - middle) / 1000 }
}

/** Not waited for in this process, which may be the endpoint that is asked. */
function ran(
  command: string,
  args: readonly string[],
  { input, env }: { readonly input?: string; readonly env?: NodeJS.ProcessEnv },
): Promise<void> {
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'pipe'], ...(env && { env }) })
  let told = ''
  child.stderr.on('data', chunk => {
    told += chunk
  })
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => {
      if (code === 0) resolve()
      else reject(new Error(`${command} ended with ${code}: ${told.slice(-2000)}`))
    })
  })
}
