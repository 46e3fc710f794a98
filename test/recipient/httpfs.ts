/** Path of DuckDB's httpfs extension for the version in use; undefined where the environment names none. */
export function httpfsPath(): string | undefined {
  return process.env.SPILLWAY_HTTPFS
}
