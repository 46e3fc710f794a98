import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { type Block, repository, transcriptOf } from './blocks.js'
import { freePort } from './stage.js'

const MAIN = join(repository, 'packages/spillway/dist/bundle/main.js')
const TERMINAL = join(repository, 'test/documents/terminal.py')

// Threads of Arrow now and then abort an interpreter that is already done.
const LEAVE = 'import os, sys; sys.stdout.flush(); os._exit(0)'

/** A document is walked where it says so: its blocks belong together, and begin in an empty folder. */
export function isWalked(text: string): boolean {
  return /^<!-- walked: .*\S -->$/m.test(text)
}

/**
 * Does what a page says, block by block, as its reader would. What a transcript shows has to come, but for numbers and
 * the name of the folder. Gives the commands that were run.
 */
export async function walk(
  blocks: readonly Block[],
  { python }: { readonly python: string },
): Promise<readonly string[]> {
  const root = await mkdtemp(join(tmpdir(), 'spillway-walk-'))
  const folder = join(root, 'srv')
  await mkdir(folder)
  const path = await pathWithCommand(root)
  const walker = new Walker({ folder, path, python, port: await freePort() })
  try {
    for (const { language, text, place } of blocks) {
      if (language === 'python') await walker.run(python, ['-c', `${text}\n${LEAVE}`], place)
      if (language !== 'console') continue
      for (const { command, shown } of transcriptOf(text))
        await walker.command(command, shown, place)
    }
    return walker.done
  } finally {
    await walker.stop()
    await rm(root, { recursive: true, force: true })
  }
}

/** A search path on which `spillway` is what was built. */
async function pathWithCommand(root: string): Promise<string> {
  const bin = join(root, 'bin')
  await mkdir(bin)
  const script = `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`
  await writeFile(join(bin, 'spillway'), script, { mode: 0o755 })
  return `${bin}${delimiter}${process.env.PATH}`
}

/** Where a walk goes. */
interface Place {
  readonly folder: string
  /** The search path of commands. */
  readonly path: string
  readonly python: string
  readonly port: number
}

class Walker {
  readonly done: string[] = []
  readonly #servers: ChildProcess[] = []

  constructor(private readonly place: Place) {}

  async command(command: string, shown: readonly string[], place: string): Promise<void> {
    const { folder, python } = this.place
    const serves = command.startsWith('spillway serve')
    const said = serves
      ? await this.#serve(command)
      : await this.run(python, [TERMINAL, 'bash', '-c', command], `${place}: ${command}`)
    this.done.push(command)
    await this.#takePort()
    const lines = said
      .split('\n')
      .map(line => comparable(leftOnScreen(line).replaceAll(folder, '/srv')))
    const missing = shown.filter(line => !lines.includes(comparable(line)))
    if (missing.length > 0)
      throw new Error(`${place}: ${command}\nexpected: ${missing.join('\n')}\nfound:\n${said}`)
  }

  run(program: string, args: readonly string[], what: string): Promise<string> {
    const options = { cwd: this.place.folder, env: this.#environment(), timeout: 120_000 }
    return new Promise((resolve, reject) => {
      execFile(program, args, options, (error, stdout, stderr) => {
        if (error === null) resolve(`${stdout}\n${stderr}`)
        else reject(new Error(`${what}\n${error.message}\n${stdout}\n${stderr}`))
      }).stdin?.end()
    })
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) {
      if (server.exitCode !== null) continue
      const ended = new Promise(resolve => server.once('exit', resolve))
      process.kill(-server.pid!, 'SIGTERM')
      await ended
    }
  }

  /** Until its first line. It goes on until the walk is over. */
  #serve(command: string): Promise<string> {
    const server = spawn('bash', ['-c', `exec ${command}`], {
      cwd: this.place.folder,
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what the shell has started ends with it.
      detached: true,
    })
    this.#servers.push(server)
    return new Promise((resolve, reject) => {
      let said = ''
      const hear = (bytes: Buffer) => {
        said += String(bytes)
        if (/^listening .*\n/m.test(said)) resolve(said)
      }
      server.stdout!.on('data', hear)
      server.stderr!.on('data', hear)
      server.once('exit', code => reject(new Error(`${command}: exit ${code}\n${said}`)))
    })
  }

  #environment() {
    return { ...process.env, PATH: this.place.path, NO_COLOR: '1' }
  }

  /** The port of the documents may be somebody's. */
  async #takePort(): Promise<void> {
    const file = join(this.place.folder, 'spillway.yaml')
    const text = await readFile(file, 'utf8').catch(() => '')
    const moved = text.replace('port: 8420', `port: ${this.place.port}`)
    if (moved !== text) await writeFile(file, moved)
  }
}

/** A line without what was drawn over, such as progress. */
function leftOnScreen(line: string): string {
  const drawn = stripVTControlCharacters(line).split('\r')
  return drawn.findLast(each => each.trim() !== '') ?? ''
}

/** Numbers, how long something took, and the space that numbers are aligned with, are of the machine and of the day. */
function comparable(line: string): string {
  return line
    .replace(/\d+(\.\d+)?/g, 'N')
    .replace(/\bN ms\b/g, 'N s')
    .replace(/\s+/g, ' ')
    .trim()
}
