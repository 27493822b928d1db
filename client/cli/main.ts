// kubectl stillpoint, also called stillpoint: what people type (docs/cli.md).
import { enableCompileCache } from 'node:module';
import { withoutModels } from './light-client-node.ts';

// Whoever reads us, such as `head`, may have read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
// Both halve what a command costs before it does anything.
enableCompileCache();
withoutModels();
const { runCli } = await import('./program.ts');
process.exitCode = await runCli(process.argv.slice(2));
// A connection that is still open keeps nobody waiting for the prompt.
process.stdout.write('', () => process.exit());
