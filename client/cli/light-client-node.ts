// client-node loads its 2,700 generated models and clients, nearly half a second of CPU, to read a kubeconfig. We use
// its KubeConfig alone (kubernetes/connect.ts), so this process loads config.js without the rest.
import { registerHooks } from 'node:module';

const PACKAGE = '@kubernetes/client-node';
const CONFIG = `${PACKAGE}/dist/config.js`;
const GENERATED = './gen/index.js';
/** What config.js takes from the generated code: only `makeApiClient` calls it, and we do not. */
const NOTHING =
  'data:text/javascript,export const createConfiguration = undefined, ServerConfiguration = undefined;';

export function withoutModels(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === PACKAGE) return next(CONFIG, context);
      if (specifier === GENERATED && context.parentURL?.endsWith(CONFIG) === true)
        return { url: NOTHING, format: 'module', shortCircuit: true };
      return next(specifier, context);
    },
  });
}
