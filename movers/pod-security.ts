// As whom a mover runs (reference VolSync §5.0.2): with no more than the namespace allows and the tool needs. Where the
// owner and the namespace leave it open it is the image's user, root without capabilities, as in VolSync: it reads what root owns.
import type { Mover } from './mover.ts';

export interface Allowed {
  /** The namespace allows privileged movers. */
  readonly privileged: boolean;
  /** The namespace enforces Pod Security "restricted". */
  readonly restricted: boolean;
}

const NOBODY = 65534;

/** The pod's security context, if there is one. */
export function podSecurity({ pod }: Mover, { restricted }: Allowed) {
  const own = pod.moverSecurityContext;
  if (!restricted) return own === undefined ? {} : { securityContext: own };
  // Somebody has to be named: root is not let in.
  return { securityContext: { runAsUser: NOBODY, runAsGroup: NOBODY, runAsNonRoot: true, ...own } };
}

export function containerSecurity(mover: Mover, allowed: Allowed) {
  const asRoot = mover.root.always || allowed.privileged;
  return {
    allowPrivilegeEscalation: false,
    privileged: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'], ...(asRoot && { add: capabilitiesOf(mover) }) },
    ...(asRoot && { runAsUser: 0 }),
    // The container's word would win over that of the pod.
    ...(mover.pod.moverSecurityContext?.['seccompProfile'] === undefined && {
      seccompProfile: { type: 'RuntimeDefault' },
    }),
  };
}

// Who is not in the group of a file, as the mover is not, loses its setgid bit without FSETID. VolSync's movers do; a
// volume whose folders hand down their group would come back as one whose folders do not.
function capabilitiesOf({ root, side }: Mover): readonly string[] {
  return side === 'destination' ? [...root.capabilities, 'FSETID'] : root.capabilities;
}

/** The end of a sentence, when the namespace would not let the mover's pod in. */
export function securityProblem(mover: Mover, { privileged, restricted }: Allowed): string | undefined {
  if (!restricted) return undefined;
  if (mover.root.always)
    return `the mover ${mover.name} works as root only, and its namespace enforces Pod Security "restricted"; use rsyncTLS, or another namespace`;
  if (privileged)
    return 'its namespace asks for privileged movers and enforces Pod Security "restricted", which lets none in; remove one of the two';
  return undefined;
}
