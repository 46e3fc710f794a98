import { fileURLToPath } from 'node:url'
import { build, type Rolldown } from 'vite'

/** One script for a browser, from source, as somebody's bundler would make it. */
export async function bundleForBrowser(
  entry: URL,
  format: 'es' | 'iife' = 'es',
): Promise<{ readonly code: string; readonly warnings: readonly string[] }> {
  const warnings: string[] = []
  const onwarn = (warning: { readonly message: string }) => warnings.push(warning.message)
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    root: fileURLToPath(new URL('..', import.meta.url)),
    resolve: { conditions: ['@spillway/source', 'browser', 'module', 'import'] },
    build: {
      write: false,
      minify: false,
      modulePreload: false,
      lib: { entry: fileURLToPath(entry), formats: [format], name: 'spillway', fileName: 'bundle' },
      // One file: what is loaded later by its own is in it.
      rolldownOptions: { onwarn, output: { codeSplitting: false } },
    },
  })
  const [{ output }] = result as unknown as [Rolldown.RolldownOutput]
  return { code: output[0].code, warnings }
}
