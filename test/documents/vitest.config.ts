import { defineConfig, mergeConfig } from 'vitest/config'
import root from '../../vitest.config.js'

// The root leaves this folder out: its blocks are programs, a minute and a half of them.
export default mergeConfig(
  { ...root, test: {} },
  defineConfig({
    test: { include: ['test/documents/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 },
  }),
)
