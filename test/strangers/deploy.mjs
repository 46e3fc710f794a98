// The image without Docker: its files are laid out in a folder, and the server runs from them as a user who may only read.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { environmentOf } from '../../scripts/packages/node-versions.mjs'
import { root } from '../../scripts/packages/published.mjs'
import { CommandFailed, runProcess } from '../../scripts/packages/run-process.mjs'
import { whileServing } from './serving.mjs'
import { freePort } from './surroundings.mjs'
import { layTables, tablesToShare, writeConfig } from './tables.mjs'

const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs']

/** Installs, starts and checks what `deploy/Dockerfile` would put into an image. `folder` is made. */
export async function deployed({ folder, node, tarballs, step }) {
  const environment = environmentOf(node)
  await step('lays out the image of deploy/', () =>
    runProcess(join(root, 'deploy', 'assemble.sh'), [dirname(tarballs[0]), folder], {
      environment,
    }),
  )
  // Whoever is not root runs it as oneself, who may write there: only root can show that nothing has to.
  const isRoot = process.getuid?.() === 0
  const as = isRoot ? ['setpriv', ...NOBODY] : ['env']
  await step(`serves from it as ${isRoot ? 'nobody' : 'oneself'}, healthy`, async () => {
    // Folders of mkdtemp are closed to others.
    chmodSync(dirname(folder), 0o711)
    const settings = join(folder, 'etc', 'spillway')
    const lake = join(settings, 'lake')
    mkdirSync(lake)
    const port = await freePort()
    writeConfig(join(settings, 'spillway.yaml'), {
      port,
      schemas: layTables(tablesToShare(), { folder: lake }),
    })
    runProcess('chmod', ['-R', 'go=rX', settings])
    const health = join(folder, 'opt', 'spillway', 'healthcheck.mjs')
    const url = `http://127.0.0.1:${port}/healthz`
    const command = as[0]
    const program = join(folder, 'usr', 'local', 'bin', 'spillway')
    const config = join(settings, 'spillway.yaml')
    const args = [...as.slice(1), program, 'serve', '--config', config, '--json']
    const serving = { command, args, folder, environment, sign: 'listening' }
    await whileServing(serving, () =>
      runProcess(command, [...as.slice(1), node, health, url], { environment }),
    )
    const after = spawnSync(node, [health, url], { encoding: 'utf8' })
    if (after.status !== 1 || !after.stderr.includes('ECONNREFUSED')) {
      const said = `${after.stdout}${after.stderr}(exit ${after.status}, of a server that is gone)`
      throw new CommandFailed(`node ${health}`, folder, said)
    }
  })
}
