// A model of large files and a folder of small ones over loopback, beside curl and sha256sum on the same disk, against the same
// server: node benchmarks/dist/download.js FOLDER [GIB] [SMALL-FILES]. FOLDER is made, filled and removed.
import { spawn, spawnSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSharingClient, parseAssetName } from '@spillway/client'
import { downloadAsset, loadProfile } from '@spillway/client/node'

const [folder = '', gib = '2', small = '10000'] = process.argv.slice(2)
if (folder === '') throw new Error('expected a folder that may be made and removed')
const root = resolve(folder)
const main = fileURLToPath(new URL('../../packages/spillway/dist/main.js', import.meta.url))
const LARGE_FILES = 8
const MIB = 1024 ** 2

function fill(): void {
  const block = randomFillSync(Buffer.allocUnsafe(8 * MIB))
  mkdirSync(join(root, 'model'), { recursive: true })
  for (let i = 0; i < LARGE_FILES; i++) {
    const file = openSync(join(root, 'model', `model-${i}.safetensors`), 'w')
    for (let at = 0; at < (Number(gib) * 1024 * MIB) / LARGE_FILES; at += block.length) {
      block.writeUInt32LE(at / MIB, i)
      writeSync(file, block)
    }
    closeSync(file)
  }
  for (let i = 0; i < Number(small); i++) {
    const at = join(root, 'small', String(i % 100))
    if (i < 100) mkdirSync(at, { recursive: true })
    writeFileSync(join(at, `${i}.txt`), `${i} `.repeat(200))
  }
}

async function serve(): Promise<{ readonly profile: string; stop(): void }> {
  const config = join(root, 'spillway.yaml')
  const volumes = ['model', 'small'].map(name => ({ name, location: name }))
  const shares = [{ name: 'lake', schemas: [{ name: 'kb', volumes }] }]
  writeFileSync(config, JSON.stringify({ server: { port: 0 }, shares }))
  const at = 'http://127.0.0.1:1/delta-sharing'
  const profile = join(root, 'me.share')
  const grant = ['token', 'me', '--config', config, '--share', 'lake', '--endpoint', at]
  spawnSync(process.execPath, [main, ...grant, '--out', profile])
  const server = spawn(process.execPath, [main, 'serve', '--config', config])
  const endpoint = await new Promise<string>(heard => {
    let text = ''
    const hear = (chunk: unknown) => {
      text += String(chunk)
      const found = /listening +(http\S+)/.exec(text)?.[1]
      if (found !== undefined) heard(found)
    }
    server.stdout.on('data', hear)
    server.stderr.on('data', hear)
  })
  writeFileSync(profile, readFileSync(profile, 'utf8').replace(at, endpoint))
  return { profile, stop: () => server.kill('SIGKILL') }
}

/** In a process of its own, whose peak memory is told. */
function ours(profile: string): Promise<{ readonly seconds: number; readonly mib: number }> {
  const to = join(root, 'ours')
  rmSync(to, { recursive: true, force: true })
  const script = `
    import { createSharingClient } from ${JSON.stringify(import.meta.resolve('@spillway/client'))}
    import { peakMemory } from ${JSON.stringify(import.meta.resolve('@spillway/testkit/peak-memory'))}
    import { downloadAsset, loadProfile } from ${JSON.stringify(import.meta.resolve('@spillway/client/node'))}
    const client = createSharingClient(await loadProfile(${JSON.stringify(profile)}))
    const { complete } = await downloadAsset(client, 'lake.kb.model', { to: ${JSON.stringify(to)} })
    console.log(JSON.stringify({ complete, peak: peakMemory() }))`
  const start = performance.now()
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', chunk => {
    text += chunk
  })
  return new Promise(done =>
    child.once('close', () => {
      const { complete, peak } = JSON.parse(text)
      if (!complete) throw new Error('the download is not complete')
      done({ seconds: (performance.now() - start) / 1000, mib: peak / 2 ** 20 })
    }),
  )
}

/** All files at once, then their digests, one process for each core. */
async function curl(profile: string): Promise<{ readonly fetch: number; readonly hash: number }> {
  const to = join(root, 'curl')
  rmSync(to, { recursive: true, force: true })
  mkdirSync(to)
  const client = createSharingClient(await loadProfile(profile))
  const { folder: asset } = await client.asset(parseAssetName('lake.kb.model'))
  const paths: string[] = []
  for await (const page of client.files(asset)) paths.push(...page.files.map(({ path }) => path))
  const signed = await client.fileUrls(asset, paths)
  const lines = signed.map(({ url, path }) => `url = "${url}"\noutput = "${join(to, path)}"`)
  const start = performance.now()
  const options = ['-sS', '--fail', '-Z', '--parallel-max', '8', '-K', '-']
  const fetched = spawnSync('curl', options, { input: lines.join('\n') })
  if (fetched.status !== 0) throw new Error(String(fetched.stderr))
  const middle = performance.now()
  const summed = spawnSync('sh', ['-c', `ls ${to}/* | xargs -P 2 -n 1 sha256sum`])
  if (summed.status !== 0) throw new Error(String(summed.stderr))
  return { fetch: (middle - start) / 1000, hash: (performance.now() - middle) / 1000 }
}

async function smallFiles(profile: string): Promise<void> {
  const to = join(root, 'ours-small')
  const client = createSharingClient(await loadProfile(profile))
  const download = async (what: string) => {
    const start = performance.now()
    const { files } = await downloadAsset(client, 'lake.kb.small', { to })
    const fetched = files.filter(({ state }) => state === 'fetched').length
    const seconds = (performance.now() - start) / 1000
    console.log(`${what}: ${fetched} of ${files.length} files in ${seconds.toFixed(1)} s`)
  }
  await download('small files, first')
  for (let i = 0; i < Number(small); i += 100) {
    writeFileSync(join(root, 'small', String(i % 100), `${i}.txt`), `changed ${i}`)
  }
  await new Promise(pause => setTimeout(pause, 1100))
  await download('small files, 1 % changed')
  await download('small files, none changed')
}

fill()
const { profile, stop } = await serve()
try {
  for (let round = 1; round <= 3; round++) {
    const { seconds, mib } = await ours(profile)
    const { fetch, hash } = await curl(profile)
    const ratio = (fetch + hash) / seconds
    console.log(
      `${gib} GiB in ${LARGE_FILES} files: ours ${seconds.toFixed(1)} s, ${mib.toFixed(0)} MiB; curl ${fetch.toFixed(1)} s + sha256sum ${hash.toFixed(1)} s; ${ratio.toFixed(2)} of it`,
    )
  }
  await smallFiles(profile)
} finally {
  stop()
  rmSync(root, { recursive: true, force: true })
}
