import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { TableError } from '@spillway/core'
import { examineConfigFile } from '../configuration/config.js'
import { configJsonSchema } from '../configuration/config-json-schema.js'
import { createFile } from '../edit/create-file.js'
import { reasonOf } from '../edit/replace-file.js'
import { configError } from '../problems/placed-problems.js'
import { styleFor } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { answer, configPath, type ManageOptions, nextCommand } from './manage-options.js'
import { starterConfig } from './starter-config.js'

/**
 * `spillway init`: a commented configuration that shares nothing yet, its secret, and its schema for editors. What is there
 * already is left as it is; the schema, which nobody writes, is brought up to date.
 */
export async function initCommand(options: ManageOptions, terminal: Terminal): Promise<void> {
  const path = configPath(options, terminal)
  const stem = basename(path).replace(/\.ya?ml$/i, '')
  const secret = `${stem}.secret`
  const schema = `${stem}.schema.json`
  const folder = dirname(path)
  await mkdir(folder, { recursive: true }).catch(cause => {
    throw notWritten(folder, cause)
  })
  // First the secret, which the configuration names.
  const secretText = `${randomBytes(32).toString('base64url')}\n`
  const made = {
    secret: await create(join(folder, secret), { text: secretText, mode: 0o600 }),
    config: await create(path, { text: starterConfig({ secret, schema }), mode: 0o644 }),
  }
  const schemaText = `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`
  await writeFile(join(folder, schema), schemaText).catch(cause => {
    throw notWritten(join(folder, schema), cause)
  })
  const { config, problems } = await examineConfigFile(path)
  if (config === undefined) throw configError(path, problems)
  const style = styleFor(terminal.stdout, terminal.environment)
  const lines = made.config
    ? [
        `${style.green('✓')} ${style.bold(path)} is a configuration to begin with`,
        `  ${secret} holds its secret, which replicas share; ${schema} tells editors what may stand in it`,
        '  a server that is running takes up by itself what is changed in it',
        `  next: ${NEXT.map(words => nextCommand(words, options)).join(', ')}`,
      ]
    : [`${style.green('✓')} ${path} is there already, and valid: it was left as it is`]
  const facts = {
    changed: made.config || made.secret,
    config: path,
    secretFile: join(folder, secret),
    schema: join(folder, schema),
  }
  await answer({ facts, lines }, options, terminal)
}

const NEXT = [
  'share add LOCATION --name SHARE.SCHEMA.TABLE',
  'token add NAME --share SHARE',
  'serve',
]

/** False where it is there already. */
function create(
  path: string,
  file: { readonly text: string; readonly mode: number },
): Promise<boolean> {
  return createFile(path, file).catch(cause => {
    throw notWritten(path, cause)
  })
}

function notWritten(path: string, cause: unknown): TableError {
  return new TableError('INVALID_REQUEST', `${path} cannot be written: ${reasonOf(cause)}`, {
    context: { path },
    cause,
  })
}
