// Which file system a mount is, and whether freezing it would freeze more than a volume. Pure.

interface Mount {
  /** Major and minor number of the device. */
  readonly device: string;
  /** The folder of the file system that is mounted; `/` when all of it is. */
  readonly root: string;
  readonly path: string;
}

/** Undefined when it may be frozen, else why not: one sentence. */
export function whyNotFreezable(path: string, mountinfo: string): string | undefined {
  const mounts = readMounts(mountinfo);
  const mount = mounts.findLast((each) => each.path === path);
  if (mount === undefined) return `${path} is no mount point; name the path at which the volume is mounted.`;
  const elsewhere = mounts.filter(({ device, path: other }) => device === mount.device && other !== path);
  if (path === '/' || elsewhere.some((each) => each.path === '/'))
    return `${path} lies on the device of the root file system, which is never frozen.`;
  // A folder of a larger file system, such as a hostPath, an emptyDir or a subPath: in a pod the node's own.
  if (mount.root !== '/')
    return `${path} is only the folder ${mount.root} of its file system; freezing it would freeze the rest, too.`;
  const [other] = elsewhere;
  if (other === undefined) return undefined;
  return `${path} is mounted at ${other.path}, too; freezing it would freeze whoever writes there.`;
}

function readMounts(mountinfo: string): readonly Mount[] {
  const lines = mountinfo.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [, , device = '', root = '', path = ''] = line.split(' ');
    return { device, root: unescapeOctal(root), path: unescapeOctal(path) };
  });
}

/** mountinfo writes blanks, tabs, newlines and backslashes as \ooo. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
