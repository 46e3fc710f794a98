// The whole way of a stranger on one Node: an empty folder, packages, a share, readers.
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { environmentOf } from '../../scripts/packages/node-versions.mjs'
import { readJson, root } from '../../scripts/packages/published.mjs'
import { runProcess } from '../../scripts/packages/run-process.mjs'
import { laySkill, tryCommands } from './commands.mjs'
import { readersOf } from './readers.mjs'
import { whileServing } from './serving.mjs'
import { freePort } from './surroundings.mjs'
import { layTables, tablesToShare, writeConfig } from './tables.mjs'

const FRAMEWORKS = ['node-http', 'express', 'fastify', 'hono']
const PROGRAMS = join(root, 'test', 'strangers', 'programs')

/**
 * Walks the way in `folder`, which is made and must not lie below the clone. `step(title, work)` runs each part; `tarballs`
 * are those to install, `s3` and `python` are left out where they are undefined.
 */
export async function walk({ folder, node, tarballs, s3, python, step }) {
  const keys = s3 && {
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  }
  const environment = environmentOf(node, { NO_COLOR: '1', ...keys })
  const run = (command, ...args) => runProcess(command, args, { folder, environment })
  await step('installs the tarballs in an empty folder', () => install(folder, run, tarballs))
  await step('npx spillway demo', () => demo(run))
  const tables = tablesToShare()
  const place = { folder: join(folder, 'lake'), bucket: s3 && join(s3.buckets, 'lake') }
  const share = { port: await freePort(), schemas: layTables(tables, place), s3 }
  const agents = laySkill(folder)
  writeConfig(join(folder, 'spillway.yaml'), { ...share, schemas: [...share.schemas, agents] })
  cpSync(PROGRAMS, folder, { recursive: true })
  const readers = readersOf({ run, tables, schemas: share.schemas, python })

  await step('spillway serve, read by command and client', async () => {
    run('npx', 'spillway', 'token', 'partner', '--share', 'lake', '--config', 'spillway.yaml')
    run('npx', 'spillway', 'doctor', '--config', 'spillway.yaml')
    // Not by npx, which does not hand on a signal that it gets: the server would stay behind.
    const command = join(folder, 'node_modules', '.bin', 'spillway')
    const args = ['serve', '--config', 'spillway.yaml']
    await whileServing({ command, args, folder, environment, sign: 'listening' }, async () => {
      readers.command('partner.share')
      readers.client('partner.share')
      const table = `lake.disk.${tables[0].name}`
      await tryCommands({ folder, environment, profile: 'partner.share', table })
    })
  })

  const endpoint = `http://127.0.0.1:${share.port}/data/delta-sharing`
  const token = ['token', 'embedded', '--share', 'lake', '--config', 'spillway.yaml']
  run('npx', 'spillway', ...token, '--endpoint', endpoint)
  const serving = (program, read) => {
    const args = [program, 'spillway.yaml', String(share.port)]
    return whileServing({ command: 'node', args, folder, environment, sign: 'ready' }, read)
  }
  await step('installs the frameworks', () => installFrameworks(run))
  for (const name of FRAMEWORKS) {
    await step(`embeds in ${name}, read by adapter, client${python ? ' and Python' : ''}`, () =>
      serving(`embed/${name}.mjs`, () => {
        readers.adapter('read/adapter.mjs', 'embedded.share')
        readers.client('embedded.share')
        readers.python('embedded.share')
      }),
    )
  }
  await step('embeds and reads from CommonJS', async () => {
    await serving('embed/required.cjs', () =>
      readers.adapter('read/required.cjs', 'embedded.share'),
    )
    await serving('embed/imported.cjs', () => readers.client('embedded.share'))
  })
  await step('embeds and reads from TypeScript, every declaration checked', async () => {
    run('npx', 'tsc', '-p', '.')
    await serving('embed/typed.js', () => readers.adapter('read/typed.js', 'embedded.share'))
    await serving('embed/typed-required.cjs', () => readers.client('embedded.share'))
  })
}

function install(folder, run, tarballs) {
  mkdirSync(folder, { recursive: true })
  if (readdirSync(folder).length > 0) throw new Error(`${folder} is not empty`)
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  // Whatever of ours, or below ours, refuses this Node is an error, not a warning.
  run('npm', 'install', '--prefer-offline', '--engine-strict', ...tarballs)
  run('npx', 'spillway', '--version')
}

/** Versions that the packages are tested with; others' own dependencies may be what they like. */
function installFrameworks(run) {
  const { devDependencies } = readJson(join(root, 'packages', 'server', 'package.json'))
  const tools = readJson(join(root, 'package.json')).devDependencies
  const wanted = ['express', 'fastify', 'hono', '@hono/node-server'].map(
    name => `${name}@${devDependencies[name]}`,
  )
  const typescript = ['typescript', '@types/node'].map(name => `${name}@${tools[name]}`)
  run('npm', 'install', '--prefer-offline', ...wanted, ...typescript)
}

function demo(run) {
  const { stdout } = run('npx', 'spillway', 'demo', '--once')
  const sign = "exactly those the provider's own table has"
  if (!stdout.includes(sign)) throw new Error(`the demo does not say "${sign}":\n${stdout}`)
}
