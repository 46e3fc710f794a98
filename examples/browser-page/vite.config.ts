import { defineConfig } from 'vite'

// In this repository the client is taken from source; anywhere else these conditions change nothing.
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@spillway/source', 'browser', 'module', 'import'] },
  server: { host: '127.0.0.1' },
  build: { target: 'es2022', emptyOutDir: true },
})
