// `spillway download` of a model of large files and a folder of small ones over loopback, beside curl, aria2c and huggingface_hub with
// sha256sum behind them, on the same disk and of the same server: node benchmarks/dist/download.js FOLDER [GIB] [SMALL-FILES] [ROUNDS].
// FOLDER is made, filled and removed. Peers are those of peers/setup.sh, or the programs that ARIA2C and PYTHON name.
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
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createSharingClient, parseAssetName } from '@spillway/client'
import { loadProfile } from '@spillway/client/node'
import { type Downloader, peersOf } from './download-peers.js'

const [folder = '', gib = '2', small = '10000', rounds = '3'] = process.argv.slice(2)
if (folder === '') throw new Error('expected a folder that may be made and removed')
const root = resolve(folder)
const main = fileURLToPath(new URL('../../packages/spillway/dist/bundle/main.js', import.meta.url))
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
    const at = join(root, 'small', String(i % 1000))
    if (i < 1000) mkdirSync(at, { recursive: true })
    writeFileSync(join(at, `${i}.txt`), `${i} `.repeat(200))
  }
}

interface Served {
  readonly profile: string
  /** Requests by route, since it was last cleared. */
  readonly requests: Map<string, number>
  stop(): void
}

async function serve(): Promise<Served> {
  const config = join(root, 'spillway.yaml')
  const volumes = ['model', 'small'].map(name => ({ name, location: name, digests: true }))
  const shares = [{ name: 'lake', schemas: [{ name: 'kb', volumes }] }]
  const kept = { state: { location: 'state' }, hashing: { megabytesPerSecond: 4000 } }
  writeFileSync(config, JSON.stringify({ server: { port: 0 }, ...kept, shares }))
  const at = 'http://127.0.0.1:1/delta-sharing'
  const profile = join(root, 'me.share')
  const grant = ['token', 'me', '--config', config, '--share', 'lake', '--endpoint', at]
  spawnSync(process.execPath, [main, ...grant, '--out', profile])
  const server = spawn(process.execPath, [main, 'serve', '--config', config, '--json'])
  const requests = new Map<string, number>()
  createInterface(server.stderr).on('line', line => {
    const pattern = String(JSON.parse(line).route)
    const route = pattern === '/files' ? 'bytes' : pattern.replace(/.*\/:?/, '')
    requests.set(route, (requests.get(route) ?? 0) + 1)
  })
  const endpoint = await new Promise<string>(heard => {
    let text = ''
    server.stdout.on('data', chunk => {
      text += String(chunk)
      const found = /"text":"(http\S+)/.exec(text)?.[1]
      if (found !== undefined) heard(found)
    })
  })
  writeFileSync(profile, readFileSync(profile, 'utf8').replace(at, endpoint))
  return { profile, requests, stop: () => server.kill('SIGKILL') }
}

interface Ran {
  readonly files: number
  readonly fetched: number
  readonly seconds: number
  /** Peak memory of its process. */
  readonly mib: number
}

/** What every process of ours says at its end, in bytes, behind all else on its standard error. */
const TELL_PEAK = `
  import { peakMemory } from ${JSON.stringify(import.meta.resolve('@spillway/testkit/peak-memory'))}
  process.once('exit', () => process.stderr.write('peak ' + peakMemory()))`

/** The command, as a person starts it, and its peak memory. */
function ours(profile: string, asset: string, to: string): Promise<Ran> {
  const start = performance.now()
  const telling = ['--import', `data:text/javascript,${encodeURIComponent(TELL_PEAK)}`]
  const asked = ['download', `${profile}#${asset}`, '--to', to, '--json', '--no-cache']
  const child = spawn(process.execPath, [...telling, main, ...asked])
  let [text, told] = ['', '']
  child.stdout.on('data', chunk => {
    text += chunk
  })
  child.stderr.on('data', chunk => {
    told = `${told}${chunk}`.slice(-1000)
  })
  return new Promise((done, failed) =>
    child.once('close', code => {
      const seconds = (performance.now() - start) / 1000
      if (code !== 0) {
        failed(new Error(`the download ended with ${code}: ${told}`))
        return
      }
      const { files } = JSON.parse(text)
      const states: readonly string[] = files.map(({ state }: { state: string }) => state)
      const fetched = states.filter(state => state === 'fetched').length
      done({
        files: files.length,
        fetched,
        seconds,
        mib: Number(/peak (\d+)$/.exec(told)![1]) / MIB,
      })
    }),
  )
}

/** Of both folders: a recipient verifies by what the provider has digested. */
async function untilDigested(profile: string): Promise<void> {
  const start = performance.now()
  const client = createSharingClient(await loadProfile(profile))
  for (const name of ['model', 'small']) {
    const { folder: asset } = await client.asset(parseAssetName(`lake.kb.${name}`))
    for (let isDone = false; !isDone; ) {
      isDone = true
      for await (const { files } of client.files(asset)) {
        isDone &&= files.every(({ sha256 }) => sha256 !== undefined)
        if (!isDone) break
      }
      if (!isDone) await new Promise(pause => setTimeout(pause, 1000))
    }
  }
  const seconds = (performance.now() - start) / 1000
  console.log(`digested by the server after ${seconds.toFixed(1)} s`)
}

async function largeFiles(profile: string): Promise<void> {
  const to = join(root, 'fetched')
  const mine: Downloader = {
    name: 'spillway download, verified as it comes',
    async run(at) {
      const { seconds, mib } = await ours(profile, 'lake.kb.model', at)
      console.log(`  ours: ${mib.toFixed(0)} MiB at most`)
      return { fetch: seconds, hash: 0 }
    },
  }
  const all = [mine, ...peersOf(profile)]
  for (let round = 0; round < Number(rounds); round++) {
    console.log(`round ${round + 1}: ${gib} GiB in ${LARGE_FILES} files`)
    // Each is first and last in turn: what the disk still has to write is the next one's burden.
    for (let i = 0; i < all.length; i++) {
      const { name, run } = all[(i + round) % all.length]!
      rmSync(to, { recursive: true, force: true })
      spawnSync('sync')
      const { fetch, hash } = await run(to)
      console.log(
        `  ${name}: ${(fetch + hash).toFixed(1)} s (${fetch.toFixed(1)} + ${hash.toFixed(1)})`,
      )
    }
  }
  rmSync(to, { recursive: true, force: true })
}

async function smallFiles({ profile, requests }: Served): Promise<void> {
  const to = join(root, 'ours-small')
  const client = createSharingClient(await loadProfile(profile))
  const { folder: asset } = await client.asset(parseAssetName('lake.kb.small'))
  const timed = async (what: string, work: () => Promise<string>) => {
    requests.clear()
    const start = performance.now()
    const told = await work()
    const seconds = (performance.now() - start) / 1000
    const counts = [...requests].map(([route, count]) => `${count} ${route}`).join(', ')
    console.log(`${what}: ${seconds.toFixed(1)} s, ${told}; requests: ${counts}`)
  }
  const download = (what: string) =>
    timed(what, async () => {
      const { files, fetched, mib } = await ours(profile, 'lake.kb.small', to)
      return `${fetched} of ${files} files fetched, ${mib.toFixed(0)} MiB at most`
    })
  await timed('listing of small files', async () => {
    let count = 0
    for await (const { files } of client.files(asset)) count += files.length
    return `${count} files`
  })
  await download('small files, first')
  for (let i = 0; i < Number(small); i += 100) {
    writeFileSync(join(root, 'small', String(i % 1000), `${i}.txt`), `changed ${i}`)
  }
  await new Promise(pause => setTimeout(pause, 1100))
  await download('small files, 1 % changed')
  await download('small files, none changed')
}

fill()
const served = await serve()
try {
  await untilDigested(served.profile)
  await largeFiles(served.profile)
  await smallFiles(served)
} finally {
  served.stop()
  rmSync(root, { recursive: true, force: true })
}
