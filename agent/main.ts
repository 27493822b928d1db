import { agentProgram } from './program.ts';

await agentProgram(process.argv.slice(2));
