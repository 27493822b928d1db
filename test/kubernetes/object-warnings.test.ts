import { expect, it } from 'vitest';
import { readWarnings } from '../../kubernetes/object-warnings.ts';
import { createTransport } from '../../kubernetes/transport.ts';
import { startApiServer } from './api-server.ts';

it('warnings about an object are read by its uid, each once, the newest last', async () => {
  await using server = await startApiServer();
  const transport = createTransport(() => server.config(), 'worker');
  const pod = { metadata: { namespace: 'shop', name: 'mover', uid: 'u1' } };
  const reading = readWarnings(transport, pod);
  const request = await server.next();
  expect(request).toMatchObject({
    path: '/apis/events.k8s.io/v1/namespaces/shop/events',
    query: { fieldSelector: 'regarding.uid=u1,type=Warning' },
  });
  const at = (minute: number) => `2026-07-02T10:0${minute}:00Z`;
  request.json({
    items: [
      {
        note: 'AttachVolume failed: volume is in use',
        metadata: { creationTimestamp: at(1) },
        series: { lastObservedTime: at(9) },
      },
      { note: 'not scheduled', metadata: { creationTimestamp: at(2) }, deprecatedLastTimestamp: at(5) },
      { note: 'not scheduled', metadata: { creationTimestamp: at(3) } },
    ],
  });
  expect(await reading).toEqual(['not scheduled', 'AttachVolume failed: volume is in use']);
  await transport.close();
});
