// Ends with 0 where the server answers. node healthcheck.mjs [URL]
const url = process.argv[2] ?? 'http://127.0.0.1:8420/healthz'

try {
  const response = await fetch(url, { signal: AbortSignal.timeout(4000), redirect: 'error' })
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`)
} catch (error) {
  console.error(`${url}: ${error.cause?.message ?? error.message}`)
  process.exitCode = 1
}
