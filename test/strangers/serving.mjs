// A server that runs while strangers read from it.
import { spawn } from 'node:child_process'
import { CommandFailed } from '../../scripts/packages/run-process.mjs'

const START_MS = 60_000
const END_MS = 30_000

/** Runs `read` while the command serves, once it has said `sign`; both streams of the command are in what fails. */
export async function whileServing({ command, args, folder, environment, sign }, read) {
  const child = spawn(command, args, { cwd: folder, env: environment })
  let said = ''
  // Not `close`, which would wait for whoever else has the streams.
  const ended = new Promise(resolve => child.once('exit', resolve).once('error', resolve))
  const shown = [command, ...args].join(' ')
  try {
    await new Promise((resolve, reject) => {
      const give = why => reject(new CommandFailed(shown, folder, `${said}\n(${why})`))
      const timer = setTimeout(() => give(`said no "${sign}" in ${START_MS / 1000} s`), START_MS)
      const hear = part => {
        said += part
        if (said.includes(sign)) resolve(clearTimeout(timer))
      }
      child.stdout.setEncoding('utf8').on('data', hear)
      child.stderr.setEncoding('utf8').on('data', hear)
      ended.then(code => give(`ended with ${code} before it said "${sign}"`))
    })
    await read()
  } catch (error) {
    if (!said.includes(sign)) throw error
    throw new Error(`${error.message}\n\nMeanwhile ${folder}$ ${shown}\n${said.trimEnd()}`)
  } finally {
    child.kill('SIGTERM')
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS)
  const code = await ended
  clearTimeout(timer)
  if (code !== 0)
    throw new CommandFailed(shown, folder, `${said}\n(ended with ${code} when told to)`)
}
