/** For Users, instead of a button: what Admins can do here, and their names. */
export function WhoCan({ act, team, admins }: { act: string; team: string; admins: string[] }) {
  return (
    <p className="text-muted text-sm">
      Admins of {team}
      {admins.length > 0 && <> ({admins.join(", ")})</>} {act}.
    </p>
  );
}
