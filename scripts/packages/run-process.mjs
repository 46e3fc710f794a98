// Runs the commands of a release and of strangers, and keeps what they said.
import { spawnSync } from 'node:child_process'

/** A command that failed: its message is what whoever ran it by hand would have seen. */
export class CommandFailed extends Error {
  constructor(shown, folder, said) {
    super(`${folder}$ ${shown}\n${said.trimEnd()}`)
    this.name = 'CommandFailed'
  }
}

/** What a command wrote on both streams; throws where it did not end with 0. */
export function runProcess(command, args, { folder, environment = process.env, input } = {}) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    env: environment,
    input,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 ** 2,
  })
  const shown = [command, ...args].map(quoted).join(' ')
  if (error) throw new CommandFailed(shown, folder ?? '', error.message)
  if (status !== 0) {
    const end = signal === null ? `exit ${status}` : `ended by ${signal}`
    throw new CommandFailed(shown, folder ?? '', `${stdout}${stderr}\n(${end})`)
  }
  return { stdout, stderr }
}

function quoted(text) {
  return /^[\w./:@=,+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
