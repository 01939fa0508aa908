import type { WorkspaceView } from '../../wire.d.ts';

/** What the viewer calls the numbers in tokens. */
export interface Names {
  readonly app: (number: bigint) => string;
  readonly organization: (number: bigint) => string;
  /** The viewer's apps in an organization, to choose from. */
  readonly appsOf: (organization: bigint) => readonly { readonly number: bigint; readonly name: string }[];
}

/** Names from the viewer's own workspaces; a number of somebody else's stays a number. */
export function namesOf(workspaces: readonly WorkspaceView[]): Names {
  const appsOf = (organization: bigint) =>
    (workspaces.find(({ number }) => BigInt(number) === organization)?.apps ?? []).map((app) => ({
      number: BigInt(app.number),
      name: app.name ?? `App ${app.number}`,
    }));
  const apps = new Map(
    workspaces.flatMap(({ number }) => appsOf(BigInt(number))).map((app) => [app.number, app.name] as const),
  );
  return {
    appsOf,
    app: (number) => {
      const name = apps.get(number);
      return name === undefined ? `App ${number}` : `${name} (${number})`;
    },
    organization: (number) => {
      const name = workspaces.find((workspace) => BigInt(workspace.number) === number)?.extensionName;
      return name === undefined ? String(number) : `${name} (${number})`;
    },
  };
}
