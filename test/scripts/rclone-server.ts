// A remote that wants a password, and keeps neither checksums nor times: WebDAV, served by rclone on loopback.
import { freePorts } from '../../tools/stack/ports.ts';
import type { Volume } from './rclone-volume.ts';

/** Gives the action what writes a section of rclone.conf that opens the remote; the right password is `right`. */
export async function withPasswordServer(
  volume: Volume,
  action: (section: (password: string) => Promise<string>) => Promise<void>,
): Promise<void> {
  const [port] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  volume.folder('served');
  const serve = `exec rclone serve webdav served --addr ${address} --user shop --pass right 2>&1`;
  const server = volume.start('sh', ['-c', serve]);
  try {
    await server.printed('Server started');
    await action(async (password) => {
      const { output } = await volume.start('rclone', ['obscure', password]).outcome;
      return `[store]\ntype = webdav\nurl = http://${address}\nuser = shop\npass = ${output}\n`;
    });
  } finally {
    server.signal('SIGTERM');
    await server.outcome;
  }
}
