#!/usr/bin/env node
// What the root scripts run. Only Node and npm are assumed: pnpm comes at its pinned version through npx, and the
// dependencies are installed when the lockfile has changed since they last were.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const [task, ...rest] = process.argv.slice(2)
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const bin = join(root, 'node_modules', '.bin')
const environment = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' }

/** Installing is skipped while this matches: the lockfile and every manifest. */
function fingerprint() {
  const hash = createHash('sha256')
  const manifests = readdirSync(join(root, 'packages')).map(name => `packages/${name}/package.json`)
  for (const file of ['pnpm-lock.yaml', 'package.json', 'pnpm-workspace.yaml', ...manifests]) {
    if (existsSync(join(root, file))) hash.update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: environment,
    ...options,
  })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

function install() {
  const stamp = join(root, 'node_modules', '.spillway-installed')
  const wanted = fingerprint()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  run(
    'npx',
    ['--yes', manifest.packageManager, 'install', '--frozen-lockfile', '--reporter=append-only'],
    {
      stdio: ['ignore', 2, 2],
    },
  )
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted)
}

/** What the site is built with is no part of the workspace: nobody who tests or runs the demo waits for it. */
function installSite() {
  const folder = join(root, 'site')
  const stamp = join(folder, 'node_modules', '.spillway-installed')
  const wanted = readFileSync(join(folder, 'pnpm-lock.yaml'), 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const args = ['--yes', manifest.packageManager, 'install', '--frozen-lockfile']
  run('npx', [...args, '--reporter=append-only'], { cwd: folder, stdio: ['ignore', 2, 2] })
  writeFileSync(stamp, wanted)
}

function build() {
  // Through npx, because turbo looks for pnpm on the path and a machine with only npm has none there.
  const turbo = ['turbo', 'run', 'compile', '--output-logs=errors-only']
  run('npx', ['--yes', manifest.packageManager, 'exec', ...turbo], { stdio: ['ignore', 2, 2] })
}

/** Of what was built just now; see `vitest.config.ts`. */
function vitest(args, more = {}) {
  const reporters = ['--reporter=default', '--reporter=./scripts/cost-reporter.mjs']
  run(join(bin, 'vitest'), ['run', ...reporters, ...args], {
    env: { ...environment, SPILLWAY_BUILT: '1', ...more },
  })
}

/** Files in which something is tried more often in the long tier than in the quick one; see `long-tier.ts` of the testkit. */
function filesOfLongTier() {
  const list = spawnSync(join(bin, 'vitest'), ['list', '--filesOnly', '--json'], { cwd: root })
  const files = JSON.parse(String(list.stdout)).map(({ file }) => file)
  return files.filter(file => /\b(quickOr|spreadOf)\(/.test(readFileSync(file, 'utf8')))
}

/** A Python package of `test/interop`, in the environment of that suite. */
function interop(name) {
  const python = join(root, '.venv', 'interop')
  if (!existsSync(join(python, 'installed'))) {
    run('bash', ['test/interop/setup.sh'], { stdio: ['ignore', 2, 2] })
  }
  run(join(python, 'bin', 'python'), ['-m', name, ...rest], {
    env: { ...environment, PYTHONPATH: join(root, 'test', 'interop') },
  })
}

const tasks = {
  setup() {},
  build,
  demo() {
    build()
    run(process.execPath, ['packages/spillway/dist/bundle/main.js', 'demo', ...rest])
  },
  test() {
    build()
    vitest(rest)
  },
  'test:long'() {
    build()
    // Some try hundreds of things one after the other.
    const patience = ['--testTimeout=300000', '--hookTimeout=300000']
    vitest([...filesOfLongTier(), ...patience, ...rest], { SPILLWAY_LONG: '1' })
  },
  // From source; what runs programs of `dist` runs those of the last build.
  'test:one'() {
    run(join(bin, 'vitest'), ['run', ...rest])
  },
  'test:watch'() {
    run(join(bin, 'vitest'), ['watch', ...rest])
  },
  'test:costs'() {
    run(process.execPath, ['scripts/test-costs.mjs', ...rest])
  },
  documents() {
    build()
    run(join(bin, 'vitest'), ['run', '--config', 'test/documents/vitest.config.ts', ...rest])
  },
  docs() {
    build()
    installSite()
    run(process.execPath, ['site/src/main.mjs', ...rest])
  },
  'test:interop'() {
    build()
    run('bash', ['test/interop/run.sh', ...rest])
  },
  matrix() {
    build()
    interop('matrix')
  },
  ways() {
    build()
    interop('ways')
  },
  trace() {
    build()
    run(process.execPath, ['test/tour/trace.mjs', ...rest])
  },
  reports() {
    build()
    run(process.execPath, ['scripts/check-reports.mjs', ...rest])
  },
  hostile() {
    build()
    run(process.execPath, ['test/hostile/dist/run.js', ...rest])
  },
  'hostile:soak'() {
    build()
    run(process.execPath, ['test/hostile/dist/soak.js', ...rest])
  },
  'hostile:streams'() {
    build()
    run(process.execPath, ['test/hostile/dist/streams.js', ...rest])
  },
  'hostile:stalls'() {
    build()
    run(process.execPath, ['test/hostile/dist/stalls.js', ...rest])
  },
  long() {
    build()
    run(process.execPath, ['scripts/long.mjs', ...rest])
  },
  'test:soundness'() {
    const pairs = rest[0] ?? '1000000'
    run(join(bin, 'vitest'), ['run', 'packages/planner/test/soundness.test.ts'], {
      env: { ...environment, SPILLWAY_SOUNDNESS_PAIRS: pairs },
    })
  },
  lint() {
    run(join(bin, 'biome'), ['ci', '--error-on-warnings'])
    run(process.execPath, ['scripts/check-changesets.mjs'])
  },
  format() {
    run(join(bin, 'biome'), ['check', '--write'])
  },
  typecheck() {
    run(join(bin, 'tsc'), ['-b'])
    run(join(bin, 'tsc'), ['-p', 'tsconfig.tests.json'])
  },
  boundaries() {
    run(process.execPath, ['scripts/check-boundaries.mjs'])
    run(process.execPath, ['scripts/check-rooms.mjs'])
    run(process.execPath, ['scripts/check-exports.mjs'])
    run(process.execPath, ['scripts/check-formats.mjs'])
  },
  api() {
    run(join(bin, 'tsc'), ['-b'])
    run(process.execPath, ['scripts/api-report.mjs', ...rest])
  },
  bench() {
    build()
    run(process.execPath, ['--expose-gc', 'benchmarks/dist/main.js', ...rest])
  },
  pack() {
    build()
    run(process.execPath, ['scripts/packages/pack.mjs', ...rest])
  },
  release() {
    build()
    run(process.execPath, ['scripts/packages/release.mjs', ...rest])
  },
  strangers() {
    build()
    run(process.execPath, ['test/strangers/run.mjs', ...rest])
  },
  changeset() {
    run(join(bin, 'changeset'), rest)
  },
}

if (!Object.hasOwn(tasks, task ?? '')) {
  console.error(`usage: npm run ${Object.keys(tasks).join(' | ')}`)
  process.exit(2)
}
install()
tasks[task]()
