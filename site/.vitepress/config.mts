import { defineConfig } from 'vitepress'
import { slugOf } from '../../scripts/documents/markdown-links.mjs'
import { sidebar } from '../src/sidebar.mjs'

export default defineConfig({
  title: 'Spillway',
  description: 'Shares Delta, Iceberg, Hudi and Parquet tables, as they lie in object storage',
  lang: 'en',
  // Where the site is served: /, or a folder of a host such as /spillway/.
  base: process.env.SITE_BASE ?? '/',
  srcDir: 'pages',
  cacheDir: '.cache',
  outDir: 'dist',
  cleanUrls: false,
  metaChunk: true,
  markdown: {
    // Addresses in texts are examples; a link says so.
    linkify: false,
    // The anchors that hosts of repositories make: a link to a heading is good in both places.
    anchor: { slugify: slugOf },
    theme: { light: 'light-plus', dark: 'dark-plus' },
    languageAlias: { console: 'shellsession', caddy: 'nginx' },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    sidebar: sidebar(),
    nav: [
      { text: 'Start', link: '/start/provider-on-disk' },
      { text: 'Reference', link: '/reference/configuration' },
      { text: 'Troubleshooting', link: '/operate/troubleshooting' },
    ],
  },
})
