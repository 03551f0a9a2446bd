/** For a User, in place of a button: what Admins do here, and who they are. */
export function WhoCan({ act, team, admins }: { act: string; team: string; admins: string[] }) {
  return (
    <p className="text-muted text-sm">
      Admins of {team} {act}
      {admins.length > 0 && <>: {admins.join(", ")}</>}.
    </p>
  );
}
