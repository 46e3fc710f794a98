// What strangers have around them: a port, an S3 server, the official Python client.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { root } from '../../scripts/packages/published.mjs'
import { runProcess } from '../../scripts/packages/run-process.mjs'

const INTEROP = join(root, 'test', 'interop')

export function freePort() {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** An S3 server over a folder, as `test/interop/s3/start.sh` says; undefined without Go, which builds it once. */
export function startS3(state) {
  let said
  try {
    said = execFileSync(join(INTEROP, 's3', 'start.sh'), [state], { encoding: 'utf8' })
  } catch (error) {
    if (error.status === 3) return undefined
    throw error
  }
  const stop = () => execFileSync(join(INTEROP, 's3', 'stop.sh'), [state])
  return { ...JSON.parse(said), stop }
}

/** A Python with the official client alone, installed as its documents say, at the version of the interop suite. */
export function pythonWithClient() {
  const requirements = readFileSync(join(INTEROP, 'requirements.txt'), 'utf8')
  const client = /^delta-sharing==.*$/m.exec(requirements)[0]
  const folder = join(root, '.cache', 'strangers', client.replace('==', '-'))
  const python = join(folder, 'bin', 'python')
  if (!existsSync(join(folder, 'bin', 'installed'))) {
    runProcess('python3', ['-m', 'venv', folder], { folder: root })
    runProcess(python, ['-m', 'pip', 'install', '--quiet', client], { folder: root })
    runProcess(python, ['-c', 'import delta_sharing'], { folder: root })
    runProcess('touch', [join(folder, 'bin', 'installed')], { folder: root })
  }
  return python
}
