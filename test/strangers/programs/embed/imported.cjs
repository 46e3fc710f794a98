// CommonJS with import(), which every Node has. node imported.cjs CONFIG PORT
const { createServer } = require('node:http')

async function main([config, port]) {
  const { nodeListener } = await import('@spillway/server/node')
  const { createSharingServer, loadConfig } = await import('spillway')
  const publicUrl = `http://127.0.0.1:${port}/data`
  const sharing = createSharingServer({ config: await loadConfig(config), publicUrl })
  const server = createServer(nodeListener(sharing))
  server.listen(Number(port), '127.0.0.1', () => console.log('ready'))
  process.once('SIGTERM', () => server.close(() => sharing.close()))
}

main(process.argv.slice(2))
