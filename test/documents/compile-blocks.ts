import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Block, repository } from './blocks.js'

export interface CompiledBlocks {
  readonly folder: string
  /** What the compiler says of a block; '' where it is right. */
  faultsOf(block: Block): string
  /** The block as JavaScript. */
  scriptOf(block: Block): string
}

const OPTIONS = {
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable', 'esnext.array'],
  module: 'nodenext',
  moduleDetection: 'force',
  strict: true,
  // Documents show JavaScript as well.
  noImplicitAny: false,
  skipLibCheck: true,
  types: ['node'],
  outDir: 'out',
  rootDir: '.',
}

/** Compiles blocks of TypeScript as a user's project, against the packages as they were built. */
export async function compileBlocks(blocks: readonly Block[]): Promise<CompiledBlocks> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-blocks-'))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await linkPackages(join(folder, 'node_modules'))
  await cp(join(repository, 'test/documents/given.mjs'), join(folder, 'given.mjs'))
  await cp(join(repository, 'test/documents/given.d.ts'), join(folder, 'given.d.ts'))
  for (const block of blocks) await writeFile(join(folder, `${nameOf(block)}.ts`), block.text)
  const files = ['given.d.ts', ...blocks.map(block => `${nameOf(block)}.ts`)]
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: OPTIONS, files }),
  )
  const said = await compilerOutput(folder)
  return {
    folder,
    faultsOf: block =>
      said
        .split('\n')
        .filter(line => line.startsWith(`${nameOf(block)}.ts`))
        .join('\n'),
    scriptOf: block => join(folder, 'out', `${nameOf(block)}.js`),
  }
}

function nameOf({ place }: Block): string {
  return place.replace(/[^\w]+/g, '-')
}

function compilerOutput(folder: string): Promise<string> {
  const compiler = join(repository, 'node_modules/typescript/bin/tsc')
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [compiler, '-p', folder], { cwd: folder }, (error, stdout) => {
      const ran = error === null || stdout.includes('error TS')
      if (!ran || /^error TS/m.test(stdout)) reject(new Error(`${error?.message}\n${stdout}`))
      else resolve(stdout)
    })
  })
}

/** Our packages, and what any of them depends on: readers of a README install what it imports. */
async function linkPackages(modules: string): Promise<void> {
  await mkdir(join(modules, '@spillway'), { recursive: true })
  await mkdir(join(modules, '@types'))
  await symlink(join(repository, 'node_modules/@types/node'), join(modules, '@types/node'))
  for (const name of await readdir(join(repository, 'packages'))) {
    const path = join(repository, 'packages', name)
    await symlink(path, join(modules, name === 'spillway' ? name : `@spillway/${name}`))
    const own = join(path, 'node_modules')
    for (const dependency of await dependenciesIn(own)) {
      const [scope] = dependency.split('/')
      if (dependency.includes('/')) await mkdir(join(modules, scope!), { recursive: true })
      await symlink(join(own, dependency), join(modules, dependency)).catch(ifThere)
    }
  }
}

async function dependenciesIn(modules: string): Promise<readonly string[]> {
  const names = await readdir(modules).catch(() => [])
  const scoped = names.map(async name => {
    if (!name.startsWith('@')) return [name]
    return (await readdir(join(modules, name))).map(each => `${name}/${each}`)
  })
  const all = (await Promise.all(scoped)).flat()
  return all.filter(name => !/^(\.|@spillway\/|spillway$)/.test(name))
}

function ifThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
